/// A label or annotation text with the places that Prometheus users know: `{{ $labels.service }}`, `{{ $value }}`.
///
/// A label that the alert does not have is nothing, as in Prometheus; `{{ or $labels.service "unknown" }}`, which Prometheus
/// reads likewise, puts a text in its place.
///
/// `$value` is written for people (`12.3%`, `1.24s`); Prometheus' filters that do this (`humanize`, `humanizePercentage`,
/// `humanizeDuration`) are accepted and add nothing.
public struct AlertTemplate: Equatable, Sendable {
    private enum Part: Equatable, Sendable {
        case text(String)
        /// A label, and the text in its place where the alert does not have it.
        case label(String, missing: String)
        case value
    }

    private let parts: [Part]
    /// The text as written.
    public let source: String

    /// Why a text is no template, and where.
    struct Fault: Error {
        let message: String
        let offset: Int
    }

    private static let filters = ["humanize", "humanizePercentage", "humanizeDuration"]

    init(_ source: String) throws(Fault) {
        self.source = source
        var parts: [Part] = []
        var rest = source[...]
        while let open = rest.firstRange(of: "{{") {
            if open.lowerBound > rest.startIndex {
                parts.append(.text(String(rest[..<open.lowerBound])))
            }
            let offset = source.utf8.distance(from: source.startIndex, to: open.lowerBound)
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else {
                throw Fault(message: "`{{` is not closed by `}}`", offset: offset)
            }
            parts.append(try Self.part(String(rest[..<close.lowerBound]), offset))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    private static func part(_ expression: String, _ offset: Int) throws(Fault) -> Part {
        if let label = labelOrText(expression) { return label }
        let pipeline = expression.split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" } }
        let subject = pipeline.first ?? ""
        for filter in pipeline.dropFirst() where !filters.contains(filter) {
            throw Fault(
                message: "unknown template filter `\(filter)`; there are "
                    + filters.joined(separator: ", "), offset: offset)
        }
        if subject == "$value" { return .value }
        if let name = labelName(subject) { return .label(name, missing: "") }
        throw Fault(
            message: "a template knows `{{ $labels.NAME }}`, `{{ or $labels.NAME \"text\" }}` and "
                + "`{{ $value }}`, not `{{\(expression)}}`", offset: offset)
    }

    /// The name in `$labels.NAME`.
    private static func labelName(_ subject: some StringProtocol) -> String? {
        let prefix = "$labels."
        let name = subject.dropFirst(prefix.count)
        guard subject.hasPrefix(prefix), !name.isEmpty, !name.contains(where: \.isWhitespace)
        else { return nil }
        return String(name)
    }

    /// The label and the text of `or $labels.NAME "text"`; the text stands in quotes or backquotes and has none of its own.
    private static func labelOrText(_ expression: String) -> Part? {
        let words = expression.split(maxSplits: 2, whereSeparator: \.isWhitespace)
        guard words.count == 3, words[0] == "or", let name = labelName(words[1]),
            let quote = words[2].first(where: { !$0.isWhitespace }), quote == "\"" || quote == "`"
        else { return nil }
        // What stands before, between and behind the quotes.
        let parts = words[2].split(separator: quote, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].allSatisfy(\.isWhitespace), !parts[1].contains("\\")
        else { return nil }
        return .label(name, missing: String(parts[1]))
    }

    /// The text for an alert with these labels and this value.
    func render(labels: [String: String], value: String) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .label(let name, let missing): result += labels[name] ?? missing
            case .value: result += value
            }
        }
        return result
    }
}
