internal import LogAlerting

/// A text with places for what a notification holds, in the language that Alertmanager's users write:
/// `[{{ .Status | toUpper }}] {{ .CommonLabels.service }}{{ range .Alerts }} {{ .Sentence }}{{ end }}`.
///
/// What is wrong with it is found when the alert file is read. Values come from log lines that anybody may have written;
/// each is escaped for its channel where it is printed, the template's own text is the operator's word.
struct MessageTemplate: Sendable {
    /// The text as written.
    let source: String
    private let nodes: [TemplateNode]

    init(_ source: String) throws(TemplateFault) {
        self.source = source
        nodes = try TemplateParser.parse(source)
    }

    /// The text for `data`.
    func render(_ data: TemplateValue, escape: (String) -> String = { $0 }) -> String {
        TemplateEvaluator.render(nodes, data, escape: escape)
    }

    /// The text before the first place for a value.
    var prefix: String {
        guard case .text(let text)? = nodes.first else { return "" }
        return text
    }

    /// Whether there is a place for a value.
    var hasActions: Bool { nodes.count > 1 || (prefix.isEmpty && !nodes.isEmpty) }
}

extension ChannelSettings {
    /// The template under `key`.
    func template(_ key: String) throws(AlertFileError) -> MessageTemplate? {
        guard let text = try text(key) else { return nil }
        return try template(key, text)
    }

    /// The template `text`, which stands under `key`.
    func template(_ key: String, _ text: String) throws(AlertFileError) -> MessageTemplate {
        do throws(TemplateFault) {
            return try MessageTemplate(text)
        } catch {
            throw fault(key, "`\(key)`: \(error.message), at character \(error.offset + 1)")
        }
    }

    /// The names and templates of the mapping under `key`.
    func templates(
        _ key: String
    ) throws(AlertFileError) -> [(name: String, text: MessageTemplate)] {
        var result: [(name: String, text: MessageTemplate)] = []
        for (name, text) in try pairs(key) { result.append((name, try template(key, text))) }
        return result
    }
}
