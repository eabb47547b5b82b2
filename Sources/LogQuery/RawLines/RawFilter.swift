public import LogBytes

/// What `-g` asks of a line's very bytes: grep, as `grep -E` does it in a UTF-8 locale.
///
/// A line matches when one of the patterns matches anywhere in it, across keys, punctuation and values. Back-references are
/// refused; everything else takes time linear in the line. Immutable; threads may ask one filter at once.
public struct RawFilter: Sendable, Equatable {
    /// How patterns are read.
    public struct Options: Sendable, Equatable {
        /// `-F`: patterns are texts, not expressions.
        public var isFixed = false
        /// `-w`: a match has no letter, digit or `_` before it or behind it.
        public var wholeWords = false
        /// `-i`: upper and lower case are the same.
        public var ignoresCase = false
        /// `-v`: lines that do not match.
        public var isInverted = false

        /// Expressions that match anywhere.
        public init() {}
    }

    /// The patterns as they were written.
    public let patterns: [String]
    /// How they are read.
    public let options: Options
    /// What was taken as grep takes it and was probably meant otherwise.
    public let notes: [String]
    /// What a line must contain: for some element, all of its texts. Empty when nothing is known, as with `-i` or `-v`; then
    /// every line has to be looked at.
    public let requiredLiterals: [[[UInt8]]]
    private let matcher: Matcher

    /// Reads `patterns`.
    ///
    /// - Throws: `QueryError` with the place in the pattern.
    public init(_ patterns: [String], options: Options = Options()) throws(QueryError) {
        var all: [ExtendedPattern] = []
        var notes: [String] = []
        for text in patterns {
            if options.isFixed {
                all += Self.fixed(text, ignoresCase: options.ignoresCase)
                continue
            }
            let parsed = try ExtendedPatternParser.parse(text, ignoresCase: options.ignoresCase)
            all.append(parsed.pattern)
            notes += parsed.notes.filter { !notes.contains($0) }
        }
        let pattern = all.count == 1 ? all[0] : .alternatives(all)
        self.patterns = patterns
        self.options = options
        self.notes = notes
        matcher = try Matcher(pattern, options, written: patterns.first ?? "")
        requiredLiterals = options.isInverted ? [] : pattern.requiredLiterals
    }

    private static func fixed(_ text: String, ignoresCase: Bool) -> [ExtendedPattern] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            .sequence(
                line.unicodeScalars.map { .set(CharacterSet($0, ignoresCase: ignoresCase)) })
        }
    }

    /// Whether the filter lets `line`, which has no newline, pass.
    public func matches(_ line: ByteView) -> Bool {
        matcher.matches(line) != options.isInverted
    }

    /// The text that a line has to hold, where the filter is no more than that.
    var plainText: [UInt8]? { matcher.plainText }

    /// Where the first match at or behind byte `from` stands, for showing it; nil when there is none.
    public func firstMatch(in line: ByteView, from: Int) -> Range<Int>? {
        options.isInverted ? nil : matcher.firstMatch(in: line, from: from)
    }

    /// Whether both let the same lines pass.
    public static func == (left: RawFilter, right: RawFilter) -> Bool {
        left.patterns == right.patterns && left.options == right.options
    }
}

extension RawFilter {
    /// The patterns, compiled.
    private final class Matcher: @unchecked Sendable {
        private enum Engine {
            case text([UInt8])
            case expression(RegularExpression)
            /// RE2 has no words for the pattern.
            case none
        }

        private let engine: Engine
        /// For lines, or parts of patterns, that RE2 sees otherwise than grep.
        private let automaton: PatternAutomaton?
        private let hasGroup: Bool

        init(
            _ pattern: ExtendedPattern, _ options: Options, written: String
        ) throws(QueryError) {
            hasGroup = options.wholeWords
            let tooLarge = QueryError(
                "the pattern is too large when its repetitions are written out", offset: 0,
                query: written)
            guard pattern.size(limit: PatternAutomaton.stepsMax) < PatternAutomaton.stepsMax else {
                throw tooLarge
            }
            if !options.wholeWords, let text = pattern.plainText {
                engine = .text(Array(text.utf8))
                automaton = nil
                return
            }
            var text: PatternText?
            do throws(PatternText.TooLarge) {
                text = try PatternText(pattern, words: options.wholeWords)
            } catch {
                throw tooLarge
            }
            if let text {
                do throws(RegularExpression.Fault) {
                    engine = .expression(try RegularExpression(longest: text.text))
                } catch {
                    throw QueryError(
                        "the pattern does not compile: \(error.message)", offset: 0, query: written)
                }
            } else {
                engine = .none
            }
            let isWanted = text == nil || options.wholeWords || pattern.asksUnicode
            automaton = isWanted ? PatternAutomaton(pattern, words: options.wholeWords) : nil
        }

        var plainText: [UInt8]? {
            if case .text(let text) = engine, automaton == nil, !text.isEmpty { text } else { nil }
        }

        /// The engine that sees `line` as grep does, where it is not the automaton.
        private func plainEngine(_ line: ByteView) -> Engine? {
            guard automaton != nil else { return engine }
            if case .none = engine { return nil }
            return line.isASCII ? engine : nil
        }

        func matches(_ line: ByteView) -> Bool {
            switch plainEngine(line) {
            case .text(let text): text.withView { line.firstIndex(of: $0) != nil }
            case .expression(let expression): expression.matches(line)
            default: automaton?.matchEnd(in: line) != nil
            }
        }

        func firstMatch(in line: ByteView, from: Int) -> Range<Int>? {
            switch plainEngine(line) {
            case .text(let text):
                return text.withView { needle in
                    line.firstIndex(of: needle, from: from).map { $0..<$0 + needle.count }
                }
            case .expression(let expression):
                return expression.firstMatch(in: line, from: from, group: hasGroup ? 1 : 0)
            default:
                guard let automaton, automaton.matchEnd(in: line) != nil else { return nil }
                for start in from...max(line.count, from) where start <= line.count {
                    if let end = automaton.matchEnd(in: line, from: start) { return start..<end }
                }
                return nil
            }
        }
    }
}

extension ByteView {
    /// Whether no byte is above 0x7F.
    fileprivate var isASCII: Bool {
        var high: UInt8 = 0
        for index in 0..<count { high |= self[index] }
        return high < 0x80
    }
}
