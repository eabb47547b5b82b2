/// A label or annotation text in the language of Prometheus' templates, as far as alerts use it.
///
///     {{ $labels.service }}  {{ .Labels.service }}  {{ index $labels "k8s.pod" }}
///     {{ $value }}  {{ .Value }}  {{ $value | humanizePercentage }}  {{ printf "%.2f" $value }}
///     {{ $threshold }}  {{ or $labels.service "unknown" }}
///     {{ if eq $labels.env "prod" }}…{{ else if gt $value 0.5 }}…{{ else }}…{{ end }}
///
/// A label that the alert does not have is nothing, as in Prometheus. `$value` and `$threshold` by themselves are written
/// for people, in their unit (`12.3%`, `1.24s`); functions get the number.
public struct AlertTemplate: Equatable, Sendable {
    /// What a template may speak of.
    struct Values {
        var labels: [String: String]
        let value: Double
        let threshold: Double
        let unit: ValueUnit

        func with(_ labels: [String: String]) -> Values {
            var copy = self
            copy.labels = labels
            return copy
        }
    }

    /// Why a text is no template, and where.
    struct Fault: Error {
        let message: String
        let offset: Int
    }

    let nodes: [TemplateNode]
    /// The text as written.
    public let source: String

    init(_ source: String) throws(Fault) {
        self.source = source
        var parser = TemplateParser(source)
        nodes = try parser.parse()
    }

    /// Whether both are written alike.
    public static func == (left: AlertTemplate, right: AlertTemplate) -> Bool {
        left.source == right.source
    }

    /// The text for an alert.
    func render(_ values: Values) -> String {
        var result = ""
        for node in nodes { node.render(values, into: &result) }
        return result
    }
}

/// A piece of a template.
indirect enum TemplateNode: Sendable {
    case text(String)
    case output(TemplateExpression)
    /// The first of the branches whose condition is true; the last one may be without.
    case choice([(condition: TemplateExpression?, body: [TemplateNode])])

    func render(_ values: AlertTemplate.Values, into result: inout String) {
        switch self {
        case .text(let text): result += text
        case .output(let expression): result += expression.evaluate(values).shown(values)
        case .choice(let branches):
            let branch = branches.first { $0.condition?.evaluate(values).isTrue ?? true }
            for node in branch?.body ?? [] { node.render(values, into: &result) }
        }
    }
}

/// What stands in braces.
indirect enum TemplateExpression: Sendable {
    case text(String)
    case number(Double)
    case value, threshold
    case labels
    case label(TemplateExpression)
    case call(TemplateFunction, [TemplateExpression])

    func evaluate(_ values: AlertTemplate.Values) -> TemplateValue {
        switch self {
        case .text(let text): return .text(text)
        case .number(let number): return .number(number)
        case .value: return .measured(values.value)
        case .threshold: return .measured(values.threshold)
        case .labels:
            let pairs = values.labels.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
            return .text("map[\(pairs.joined(separator: " "))]")
        case .label(let name):
            return .text(values.labels[name.evaluate(values).shown(values)] ?? "")
        case .call(let function, let arguments):
            return function.apply(arguments.map { $0.evaluate(values) }, values)
        }
    }
}

/// What an expression comes to.
enum TemplateValue: Sendable {
    case text(String)
    case number(Double)
    /// A number in the unit of the alert's value.
    case measured(Double)
    case truth(Bool)

    /// As Go's templates see it: nothing, zero and false are not.
    var isTrue: Bool {
        switch self {
        case .text(let text): !text.isEmpty
        case .number(let number), .measured(let number): number != 0
        case .truth(let truth): truth
        }
    }

    /// The number that it is; a text may spell one.
    var number: Double? {
        switch self {
        case .number(let number), .measured(let number): number
        case .text(let text): ValueUnit.number(text)
        case .truth: nil
        }
    }

    /// The text that stands in its place.
    func shown(_ values: AlertTemplate.Values) -> String {
        switch self {
        case .text(let text): text
        case .number(let number): NumberStyle.plain(number)
        case .measured(let number): values.unit.text(number)
        case .truth(let truth): truth ? "true" : "false"
        }
    }
}
