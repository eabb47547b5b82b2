internal import LogBytes
internal import LogQuery

/// A condition on one label, as in Alertmanager: `severity=~"P0|P1"`. A label that an alert does not have is empty.
public struct LabelMatcher: Equatable, Sendable, CustomStringConvertible {
    /// How the label is compared.
    public enum Operation: String, Sendable, CaseIterable {
        // Longer ones first: the parser takes the first that fits.
        case matches = "=~"
        case matchesNot = "!~"
        case isNot = "!="
        case equals = "="
    }

    /// The label.
    public let name: String
    /// How it is compared.
    public let operation: Operation
    /// The text, or the regular expression that all of the label must match.
    public let value: String
    private let predicate: ValuePredicate?

    /// Why a text is no matcher.
    public struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
        /// What is wrong and what was meant.
        public let message: String
        /// Where it shows: bytes from the beginning of the text.
        public let offset: Int

        /// The message.
        public var description: String { message }
    }

    /// The longest regular expression in bytes: a list of hundreds of names fits.
    static let patternBytesMax = 10_000

    /// A condition on the label `name`.
    public init(_ name: String, _ operation: Operation, _ value: String) throws(Fault) {
        self.name = name
        self.operation = operation
        self.value = value
        switch operation {
        case .equals, .isNot: predicate = nil
        case .matches, .matchesNot: predicate = try Self.predicate(value)
        }
    }

    /// The expression is matched in linear time, by the engine that queries use.
    private static func predicate(_ pattern: String) throws(Fault) -> ValuePredicate {
        guard pattern.utf8.count <= patternBytesMax else {
            throw Fault(
                message: "a regular expression has at most \(patternBytesMax) bytes", offset: 0)
        }
        // Not anchored first, so that the message is about the pattern as it was written.
        try check(pattern)
        return try compile("^(?:" + pattern + ")$")
    }

    private static func check(_ pattern: String) throws(Fault) { _ = try compile(pattern) }

    private static func compile(_ pattern: String) throws(Fault) -> ValuePredicate {
        var quoted = ""
        for scalar in pattern.unicodeScalars {
            if scalar == "\\" || scalar == "\"" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        do throws(QueryError) {
            let filter = try QueryParser.parseFilter("label:~\"\(quoted)\"", now: 0)
            if case .leaf(_, let predicate) = filter { return predicate }
            // The empty expression matches everything, and so does its filter.
            return ValuePredicate(BytesMatcher([], .anywhere))
        } catch {
            throw Fault(
                message: "`\(pattern)` is no regular expression: \(error.message)", offset: 0)
        }
    }

    /// Whether a label with this text meets the condition.
    public func holds(_ text: String) -> Bool {
        switch operation {
        case .equals: text == value
        case .isNot: text != value
        case .matches: matchesPattern(text)
        case .matchesNot: !matchesPattern(text)
        }
    }

    private func matchesPattern(_ text: String) -> Bool {
        guard let predicate else { return false }
        return text.withView { predicate.matches($0) }
    }

    /// Whether labels meet the condition.
    public func holds(_ labels: [String: String]) -> Bool { holds(labels[name] ?? "") }

    /// The matcher as it is written: `service="api"`.
    public var description: String {
        Self.shown(name) + operation.rawValue + Self.quoted(value)
    }

    private static func shown(_ name: String) -> String {
        let isPlain =
            !name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || "_.:-".contains($0) }
        return isPlain ? name : quoted(name)
    }

    /// The text in quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result + "\""
    }
}

extension [LabelMatcher] {
    /// Whether `labels` meet every condition.
    public func hold(_ labels: [String: String]) -> Bool { allSatisfy { $0.holds(labels) } }

    /// The matchers as they are written: `{alertname="down", service=~"a.*"}`.
    public var text: String { "{" + map(\.description).joined(separator: ", ") + "}" }
}
