internal import LogBytes

/// What is to stand out in the lines of an answer: the texts and patterns that a query looks for.
public struct Highlights: Sendable {
    private let filters: [RawFilter]
    private let expressions: [RegularExpression]

    /// Matches behind this many bytes of a line are not looked for: nobody sees them on a terminal.
    private static let bytesMax = 1 << 16
    /// More texts than these are not looked for in each line.
    private static let textsMax = 64

    /// What `query` looks for in lines.
    public init(_ query: Query) {
        var words: [String] = []
        var texts: [String] = []
        var anyCase: [String] = []
        var expressions: [RegularExpression] = []
        func collect(_ filter: Filter) {
            switch filter {
            case .all, .not, .time, .fields: break
            case .and(let inner), .or(let inner): inner.forEach(collect)
            case .leaf(let field, let predicate):
                if field == "_class" { return }
                switch predicate.matcher {
                case let regex as RegexMatcher: expressions.append(regex.expression)
                case let substring as SubstringMatcher:
                    texts.append(substring.needle.withView(\.text))
                case let matcher as AnyCaseMatcher: anyCase.append(matcher.text)
                case let matcher:
                    let all = matcher.onlyTexts ?? matcher.neededWords
                    words += all.map { $0.withView(\.text) }
                }
            }
        }
        collect(query.filter)
        var filters: [RawFilter] = []
        for (texts, isWord, ignoresCase) in [
            (words, true, false), (texts, false, false), (anyCase, false, true),
        ] {
            var options = RawFilter.Options()
            options.isFixed = true
            options.wholeWords = isWord
            options.ignoresCase = ignoresCase
            let wanted = texts.filter { !$0.isEmpty }
            guard !wanted.isEmpty, wanted.count <= Self.textsMax else { continue }
            if let filter = try? RawFilter(wanted, options: options) { filters.append(filter) }
        }
        if let raw = query.raw, !raw.options.isInverted { filters.append(raw) }
        self.filters = filters
        self.expressions = expressions
    }

    /// Nothing.
    public init() {
        filters = []
        expressions = []
    }

    /// The places in `line`, ascending and apart.
    func ranges(in line: ByteView) -> [Range<Int>] {
        if filters.isEmpty, expressions.isEmpty { return [] }
        let line = line.prefix(min(line.count, Self.bytesMax))
        var found: [Range<Int>] = []
        for filter in filters {
            collect(in: line, &found) { filter.firstMatch(in: line, from: $0) }
        }
        for expression in expressions {
            collect(in: line, &found) { expression.firstMatch(in: line, from: $0, group: 0) }
        }
        found.sort { $0.lowerBound < $1.lowerBound }
        return found.reduce(into: []) { apart, range in
            guard let last = apart.last, range.lowerBound <= last.upperBound else {
                apart.append(range)
                return
            }
            apart[apart.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
        }
    }

    private func collect(
        in line: ByteView, _ found: inout [Range<Int>], _ next: (Int) -> Range<Int>?
    ) {
        var from = 0
        while from <= line.count, let range = next(from) {
            if !range.isEmpty { found.append(range) }
            from = range.isEmpty ? range.upperBound + 1 : range.upperBound
        }
    }
}
