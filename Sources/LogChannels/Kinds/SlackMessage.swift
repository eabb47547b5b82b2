internal import LogAlerting
internal import LogJSON
internal import LogRecords

/// What a Slack channel says: with Alertmanager's templates one attachment, else one attachment or section for each alert.
struct SlackMessage: Sendable {
    private struct Field: Sendable {
        let title: MessageTemplate
        let value: MessageTemplate
        let isShort: Bool
    }

    private var plain: [(key: String, text: MessageTemplate)] = []
    private var own: [(key: String, text: MessageTemplate)] = []
    private var fields: [Field] = []
    private var mentions: [(severity: Severity, mention: String)] = []
    private var usesBlocks = false
    private var linksNames = false

    /// Slack refuses messages with more.
    private static let blocksMax = 50
    /// More attachments are folded into a sentence: Slack shows the first twenty.
    private static let alertsMax = 20
    /// Slack cuts longer texts of a section, and refuses those of a block.
    private static let textMax = 2_900
    private static let headerMax = 150

    init(_ settings: ChannelSettings) throws(AlertFileError) {
        for key in ["channel", "username", "icon_emoji", "icon_url"] {
            if let text = try settings.template(key) { plain.append((key, text)) }
        }
        let keys = [
            "title", "title_link", "pretext", "text", "fallback", "color", "footer", "callback_id",
            "image_url", "thumb_url",
        ]
        for key in keys {
            if let text = try settings.template(key) { own.append((key, text)) }
        }
        linksNames = try settings.flag("link_names") ?? false
        let short = try settings.flag("short_fields") ?? false
        for entry in try settings.groups("fields") {
            guard let title = try entry.template("title"), let value = try entry.template("value")
            else { throw entry.fault(nil, "a field has a `title` and a `value`") }
            fields.append(
                Field(title: title, value: value, isShort: try entry.flag("short") ?? short))
        }
        if settings.has("actions") {
            throw settings.fault("actions", "weir has no buttons; links stand in the text")
        }
        settings.accept("mrkdwn_in")
        usesBlocks = try settings.word("style", of: ["attachments", "blocks"]) == "blocks"
        try readMentions(settings)
        if usesBlocks, !own.isEmpty || !fields.isEmpty {
            throw settings.fault(
                "style", "`style: blocks` has a form of its own; without it the templates are used")
        }
    }

    private mutating func readMentions(_ settings: ChannelSettings) throws(AlertFileError) {
        for (word, whom) in try settings.pairs("mentions") {
            guard let severity = Severity(word) else {
                throw settings.fault(
                    "mentions",
                    "`\(word)` is no severity; there are critical, high, medium, low, info")
            }
            switch whom {
            case "channel", "here", "everyone": mentions.append((severity, "<!\(whom)>"))
            default:
                let isID =
                    whom.count > 1 && whom.utf8.allSatisfy { $0 < 0x80 }
                    && whom.allSatisfy { $0.isUppercase || $0.isNumber }
                guard isID, let first = whom.first, "USW".contains(first) else {
                    throw settings.fault(
                        "mentions",
                        "`\(whom)` is nobody to mention: `channel`, `here`, or the id of a user "
                            + "(U…) or of a group (S…)")
                }
                mentions.append((severity, first == "S" ? "<!subteam^\(whom)>" : "<@\(whom)>"))
            }
        }
    }

    // MARK: The message

    /// The body of the request.
    func body(_ notification: AlertNotification) -> String {
        let data = TemplateValue(notification)
        var json = JSONObjectWriter()
        for (key, text) in plain {
            let value = text.render(data, escape: SafeText.visible)
            if !value.isEmpty { json.add(key, text: value) }
        }
        if linksNames { json.add("link_names", true) }
        let mention = mention(notification)
        let title = SafeText.slack(NotificationText.title(notification))
        json.add("text", text: SafeText.cut(mention + title, characters: Self.textMax))
        if usesBlocks {
            json.add("blocks", raw: JSONList.text(blocks(notification, mention)))
        } else if own.isEmpty, fields.isEmpty {
            json.add("attachments", raw: JSONList.text(attachments(notification)))
        } else {
            json.add("attachments", raw: JSONList.text([templated(notification, data)]))
        }
        return json.text
    }

    /// Whom the highest severity of what fires calls. The end of an alert calls nobody.
    private func mention(_ notification: AlertNotification) -> String {
        guard notification.isFiring, notification.reason != .acknowledged,
            let severity = notification.severity
        else { return "" }
        let called = mentions.filter { $0.severity == severity }.map(\.mention)
        return called.isEmpty ? "" : called.joined(separator: " ") + " "
    }

    private func templated(_ notification: AlertNotification, _ data: TemplateValue) -> String {
        var json = JSONObjectWriter()
        for (key, text) in own {
            let value =
                key == "title_link"
                ? NotificationText.webAddress(text.render(data)) ?? ""
                : text.render(data, escape: SafeText.slack)
            if !value.isEmpty { json.add(key, text: value) }
        }
        let given = Set(own.map(\.key))
        let title = SafeText.slack(NotificationText.title(notification))
        if !given.contains("title") { json.add("title", text: title) }
        if !given.contains("fallback") { json.add("fallback", text: title) }
        if !given.contains("color") { json.add("color", text: Self.color(notification)) }
        if !fields.isEmpty {
            json.add(
                "fields",
                raw: JSONList.text(
                    fields.map {
                        Self.field(
                            $0.title.render(data, escape: SafeText.slack),
                            $0.value.render(data, escape: SafeText.slack), isShort: $0.isShort)
                    }))
        }
        json.add("mrkdwn_in", raw: #"["fallback","pretext","text"]"#)
        return json.text
    }

    private func attachments(_ notification: AlertNotification) -> [String] {
        var result = notification.alerts.prefix(Self.alertsMax).map { alert in
            var json = JSONObjectWriter()
            json.add("color", text: Self.color(alert))
            json.add("title", text: SafeText.slack(Self.title(alert)))
            if let link = Self.link(alert, notification) { json.add("title_link", text: link) }
            json.add(
                "text", text: SafeText.cut(Self.text(alert, notification), characters: Self.textMax)
            )
            json.add(
                "fallback", text: SafeText.slack(Self.title(alert) + ": " + alert.sentence))
            let fields = NotificationText.ownLabels(alert).sorted { $0.key < $1.key }.map {
                Self.field(SafeText.slack($0.key), SafeText.slack($0.value), isShort: true)
            }
            if !fields.isEmpty { json.add("fields", raw: JSONList.text(fields)) }
            json.add("footer", text: SafeText.slack(NotificationText.period(alert)))
            json.add("mrkdwn_in", raw: #"["text"]"#)
            return json.text
        }
        if let more = Self.more(notification, shown: result.count) {
            var json = JSONObjectWriter()
            json.add("text", text: more)
            json.add("fallback", text: more)
            result.append(json.text)
        }
        return result
    }

    private func blocks(_ notification: AlertNotification, _ mention: String) -> [String] {
        var result: [String] = []
        var header = JSONObjectWriter()
        header.add("type", text: "header")
        header.add(
            "text",
            raw: Self.object([
                ("type", "plain_text"),
                (
                    "text",
                    SafeText.cut(
                        SafeText.slack(SafeText.visible(NotificationText.title(notification))),
                        characters: Self.headerMax)
                ),
            ]))
        result.append(header.text)
        if !mention.isEmpty { result.append(Self.section(mention)) }
        // One block is left for the sentence about those that have no room.
        let room = Self.blocksMax - result.count - 1
        let shown = notification.alerts.prefix(room)
        for alert in shown {
            let mark = alert.isFiring ? ":red_circle:" : ":large_green_circle:"
            let labels = NotificationText.pairs(NotificationText.ownLabels(alert))
            let text =
                "\(mark) *\(SafeText.slack(Self.title(alert)))* "
                + "\(SafeText.slack(labels))\n\(Self.text(alert, notification))\n_"
                + SafeText.slack(NotificationText.period(alert)) + "_"
            result.append(Self.section(SafeText.cut(text, characters: Self.textMax)))
        }
        if let more = Self.more(notification, shown: shown.count) {
            result.append(Self.section(more))
        }
        return result
    }
}

// MARK: Parts

extension SlackMessage {
    private static func title(_ alert: AlertNotification.Alert) -> String {
        let severity = alert.severity.map { " [\($0)]" } ?? ""
        return (alert.isFiring ? "" : "Resolved: ") + alert.name + severity
    }

    private static func text(
        _ alert: AlertNotification.Alert, _ notification: AlertNotification
    ) -> String {
        var lines = [SafeText.slack(NotificationText.summary(alert))]
        if alert.annotations["summary"] != nil { lines.append(SafeText.slack(alert.sentence)) }
        if let text = alert.annotations["description"] { lines.append(SafeText.slack(text)) }
        if let person = alert.acknowledgedBy {
            lines.append("Acknowledged by \(SafeText.slack(person))")
        }
        let links = [("runbook_url", "Runbook"), ("dashboard_url", "Dashboard")]
            .compactMap { name, title in
                NotificationText.link(alert, name).map { "<\(SafeText.slack($0))|\(title)>" }
            }
        if !links.isEmpty { lines.append(links.joined(separator: " · ")) }
        if alert.isFiring, !alert.query.isEmpty { lines.append(code(alert.query)) }
        if alert.isFiring, !alert.lines.isEmpty {
            // Long lines would leave no room for the other ones.
            lines.append(
                code(alert.lines.map { SafeText.cut($0, characters: 300) }.joined(separator: "\n")))
        }
        return lines.joined(separator: "\n")
    }

    /// A block of code, which log lines cannot end.
    private static func code(_ text: String) -> String {
        "```" + SafeText.slack(text.replacing("`", with: "'")) + "```"
    }

    private static func link(
        _ alert: AlertNotification.Alert, _ notification: AlertNotification
    ) -> String? {
        NotificationText.link(alert, "dashboard_url")
            ?? NotificationText.webAddress(notification.externalURL)
    }

    private static func more(_ notification: AlertNotification, shown: Int) -> String? {
        let count = notification.alerts.count - shown + notification.truncatedAlerts
        return count > 0 ? "and \(count) more" : nil
    }

    private static func color(_ notification: AlertNotification) -> String {
        notification.isFiring ? color(notification.severity) : resolvedColor
    }

    private static func color(_ alert: AlertNotification.Alert) -> String {
        alert.isFiring ? color(alert.severity) : resolvedColor
    }

    private static let resolvedColor = "#2eb67d"

    private static func color(_ severity: Severity?) -> String {
        switch severity {
        case .critical: "#8b0000"
        case .high, nil: "#e01e5a"
        case .medium: "#ecb22e"
        case .low: "#f2e394"
        case .info: "#36c5f0"
        }
    }

    private static func field(_ title: String, _ value: String, isShort: Bool) -> String {
        var json = JSONObjectWriter()
        json.add("title", text: title)
        json.add("value", text: SafeText.cut(value, characters: textMax))
        json.add("short", isShort)
        return json.text
    }

    private static func section(_ text: String) -> String {
        var json = JSONObjectWriter()
        json.add("type", text: "section")
        json.add("text", raw: object([("type", "mrkdwn"), ("text", text)]))
        return json.text
    }

    private static func object(_ members: [(String, String)]) -> String {
        var json = JSONObjectWriter()
        for (key, text) in members { json.add(key, text: text) }
        return json.text
    }
}
