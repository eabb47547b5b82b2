/// What a template can name: texts, numbers, mappings, lists.
indirect enum TemplateValue: Equatable, Sendable {
    case none
    case text(String)
    case number(Double)
    case flag(Bool)
    /// Labels or annotations. A name that is missing is an empty text, as in Alertmanager.
    case texts([String: String])
    /// A thing with fields of fixed names.
    case record([String: TemplateValue])
    case list([TemplateValue])
    /// The alerts: a list, and those of it that fire or have ended.
    case alerts(firing: [TemplateValue], resolved: [TemplateValue])

    /// What `{{ if }}` and `{{ with }}` ask.
    var isTrue: Bool {
        switch self {
        case .none: false
        case .text(let text): !text.isEmpty
        case .number(let number): number != 0
        case .flag(let flag): flag
        case .texts(let texts): !texts.isEmpty
        case .record: true
        case .list, .alerts: !elements.isEmpty
        }
    }

    /// What `{{ range }}` goes through.
    var elements: [TemplateValue] {
        switch self {
        case .list(let list): list
        case .alerts(let firing, let resolved): firing + resolved
        default: []
        }
    }

    /// The value as a template prints it.
    var text: String {
        switch self {
        case .none: ""
        case .text(let text): text
        case .number(let number): Self.text(number)
        case .flag(let flag): flag ? "true" : "false"
        case .texts(let texts):
            texts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: ", ")
        case .record(let fields): fields["Value"]?.text ?? fields["Fingerprint"]?.text ?? ""
        case .list, .alerts: elements.map(\.text).joined(separator: " ")
        }
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    }

    /// The field of this name.
    func field(_ name: String) -> TemplateValue {
        switch self {
        case .record(let fields): return fields[name] ?? .none
        case .texts(let texts):
            switch name {
            case "SortedPairs": return .list(Self.pairs(texts))
            case "Names": return .list(texts.keys.sorted().map { .text($0) })
            case "Values":
                return .list(texts.sorted { $0.key < $1.key }.map { .text($0.value) })
            default: return .text(texts[name] ?? "")
            }
        case .alerts(let firing, let resolved):
            switch name {
            case "Firing": return .list(firing)
            case "Resolved": return .list(resolved)
            default: return .none
            }
        default: return .none
        }
    }

    /// Mappings as Alertmanager sorts them: `alertname` first.
    static func pairs(_ texts: [String: String]) -> [TemplateValue] {
        texts.sorted {
            ($0.key == "alertname" ? 0 : 1, $0.key) < ($1.key == "alertname" ? 0 : 1, $1.key)
        }.map { .record(["Name": .text($0.key), "Value": .text($0.value)]) }
    }
}
