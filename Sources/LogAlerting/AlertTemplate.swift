/// A label or annotation text with the places that Prometheus users know: `{{ $labels.service }}`, `{{ $value }}`.
///
/// `$value` is written for people (`12.3%`, `1.24s`); Prometheus' filters that do this (`humanize`, `humanizePercentage`,
/// `humanizeDuration`) are accepted and add nothing.
public struct AlertTemplate: Equatable, Sendable {
    private enum Part: Equatable, Sendable {
        case text(String)
        case label(String)
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
        let pipeline = expression.split(separator: "|", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\t" } }
        let subject = pipeline.first ?? ""
        for filter in pipeline.dropFirst() where !filters.contains(filter) {
            throw Fault(
                message: "unknown template filter `\(filter)`; there are "
                    + filters.joined(separator: ", "), offset: offset)
        }
        if subject == "$value" { return .value }
        if subject.hasPrefix("$labels.") {
            let name = String(subject.dropFirst("$labels.".count))
            if !name.isEmpty { return .label(name) }
        }
        throw Fault(
            message: "a template knows `{{ $labels.NAME }}` and `{{ $value }}`, not "
                + "`{{\(expression)}}`", offset: offset)
    }

    /// The text for an alert with these labels and this value. A label that the alert does not have is nothing.
    func render(labels: [String: String], value: String) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .label(let name): result += labels[name] ?? ""
            case .value: result += value
            }
        }
        return result
    }
}
