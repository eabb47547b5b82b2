internal import LogAlerting
internal import LogBytes
internal import LogJSON
internal import LogRecords

/// An event of PagerDuty's Events API v2.
struct PagerDutyEvent: Sendable {
    private var templates: [String: MessageTemplate] = [:]
    private var details: [(name: String, text: MessageTemplate)] = []
    private var links: [(href: MessageTemplate, text: MessageTemplate)] = []
    private var images: [(source: MessageTemplate, href: MessageTemplate?, alt: MessageTemplate?)] =
        []

    /// PagerDuty's limits: of a summary in characters, of the key in characters, of an event in bytes (512 KB, less some room).
    private static let summaryMax = 1_024
    private static let bodyBytesMax = 500_000
    /// Other texts of the payload; PagerDuty shows no more.
    private static let textMax = 1_024
    private static let severities = ["critical", "error", "warning", "info"]

    init(_ settings: ChannelSettings) throws(AlertFileError) {
        for key in [
            "client", "client_url", "description", "severity", "class", "component", "group",
            "source",
        ] {
            templates[key] = try settings.template(key)
        }
        details = try settings.templates("details")
        for entry in try settings.groups("links") {
            guard let href = try entry.template("href") else {
                throw entry.fault(nil, "a link has a `href`")
            }
            var text = try entry.template("text")
            if text == nil { text = try entry.template("text", "Link") }
            if let text { links.append((href, text)) }
        }
        for entry in try settings.groups("images") {
            guard let source = try entry.template("src") else {
                throw entry.fault(nil, "an image has a `src`")
            }
            images.append((source, try entry.template("href"), try entry.template("alt")))
        }
    }

    /// The same for all events of a group, and short enough whatever its labels are.
    static func incidentKey(_ notification: AlertNotification) -> String {
        notification.groupKey.withView { SHA256.hexadecimal($0) }
    }

    /// The body of the request.
    func body(_ notification: AlertNotification, routingKey: String) -> String {
        let action =
            !notification.isFiring
            ? "resolve" : notification.reason == .acknowledged ? "acknowledge" : "trigger"
        // Details are what is left out when there is too much of them; who is called sees the beginning anyway.
        var alertsMax = notification.alerts.count
        while true {
            let text = body(notification, action, routingKey, alertsMax: alertsMax)
            if text.utf8.count <= Self.bodyBytesMax || alertsMax == 0 { return text }
            alertsMax /= 2
        }
    }

    private func body(
        _ notification: AlertNotification, _ action: String, _ routingKey: String, alertsMax: Int
    ) -> String {
        let data = TemplateValue(notification)
        var json = JSONObjectWriter()
        json.add("routing_key", text: routingKey)
        json.add("event_action", text: action)
        json.add("dedup_key", text: Self.incidentKey(notification))
        guard action == "trigger" else { return json.text }
        json.add("client", text: text("client", data) ?? "weir")
        if let url = NotificationText.webAddress(
            templates["client_url"]?.render(data) ?? notification.externalURL)
        {
            json.add("client_url", text: url)
        }
        json.add("payload", raw: payload(notification, data, alertsMax: alertsMax))
        let links = self.links(notification, data)
        if !links.isEmpty { json.add("links", raw: JSONList.text(links)) }
        let images = self.images(data)
        if !images.isEmpty { json.add("images", raw: JSONList.text(images)) }
        return json.text
    }

    private func text(_ key: String, _ data: TemplateValue) -> String? {
        guard let text = templates[key]?.render(data, escape: SafeText.visible), !text.isEmpty
        else { return nil }
        return SafeText.cut(text, characters: Self.textMax)
    }

    private func payload(
        _ notification: AlertNotification, _ data: TemplateValue, alertsMax: Int
    ) -> String {
        var json = JSONObjectWriter()
        let firing = notification.alerts.filter(\.isFiring)
        let first = firing.first ?? notification.alerts.first
        var summary = NotificationText.title(notification)
        if let first { summary += ": " + NotificationText.summary(first) }
        json.add(
            "summary",
            text: text("description", data)
                ?? SafeText.cut(SafeText.visible(summary), characters: Self.summaryMax))
        let labels = notification.commonLabels
        let place = ["instance", "host", "service"].compactMap { labels[$0] }.first ?? "weir"
        json.add(
            "source",
            text: text("source", data)
                ?? SafeText.cut(SafeText.visible(place), characters: Self.textMax))
        json.add("severity", text: severity(notification, data))
        if let start = firing.map(\.startTime).min() {
            json.add("timestamp", text: Timestamp.text(start, digits: 3))
        }
        json.add(
            "component",
            text: text("component", data) ?? SafeText.visible(labels["service"] ?? ""))
        json.add("group", text: text("group", data) ?? SafeText.visible(notification.receiver))
        json.add(
            "class", text: text("class", data) ?? SafeText.visible(first?.subject ?? ""))
        json.add("custom_details", raw: customDetails(notification, data, alertsMax: alertsMax))
        return json.text
    }

    private func severity(_ notification: AlertNotification, _ data: TemplateValue) -> String {
        let word = templates["severity"]?.render(data).lowercased() ?? ""
        if Self.severities.contains(word) { return word }
        switch Severity(word) ?? notification.severity {
        case .critical: return "critical"
        case .high, nil: return "error"
        case .medium: return "warning"
        case .low, .info: return "info"
        }
    }

    private func customDetails(
        _ notification: AlertNotification, _ data: TemplateValue, alertsMax: Int
    ) -> String {
        var json = JSONObjectWriter()
        json.add("num_firing", number: notification.alerts.count(where: \.isFiring))
        json.add("num_resolved", number: notification.alerts.count { !$0.isFiring })
        json.add("reason", text: notification.reason.rawValue)
        for (name, text) in details {
            json.add(name, text: text.render(data, escape: SafeText.visibleLines))
        }
        let alerts = notification.alerts.prefix(alertsMax).map { alert in
            var entry = JSONObjectWriter()
            entry.add("status", text: alert.isFiring ? "firing" : "resolved")
            entry.add("labels", texts: alert.labels)
            entry.add("annotations", texts: alert.annotations)
            entry.add("details", raw: WebhookBody.details(alert))
            return entry.text
        }
        json.add("alerts", raw: JSONList.text(alerts))
        let left = notification.alerts.count - alerts.count + notification.truncatedAlerts
        if left > 0 { json.add("alerts_left_out", number: left) }
        return json.text
    }

    private func links(_ notification: AlertNotification, _ data: TemplateValue) -> [String] {
        var result: [String] = []
        var seen: Set<String> = []
        func add(_ address: String?, _ title: String) {
            guard let address, seen.insert(address).inserted else { return }
            var json = JSONObjectWriter()
            json.add("href", text: address)
            json.add("text", text: title)
            result.append(json.text)
        }
        for link in links {
            add(
                NotificationText.webAddress(link.href.render(data)),
                link.text.render(data, escape: SafeText.visible))
        }
        for alert in notification.alerts {
            add(NotificationText.link(alert, "runbook_url"), "Runbook: \(alert.name)")
            add(NotificationText.link(alert, "dashboard_url"), "Dashboard: \(alert.name)")
            // What PagerDuty shows under an incident.
            if result.count >= 10 { break }
        }
        return result
    }

    private func images(_ data: TemplateValue) -> [String] {
        images.compactMap { image in
            guard let source = NotificationText.webAddress(image.source.render(data)) else {
                return nil
            }
            var json = JSONObjectWriter()
            json.add("src", text: source)
            if let href = image.href.flatMap({ NotificationText.webAddress($0.render(data)) }) {
                json.add("href", text: href)
            }
            if let alt = image.alt?.render(data, escape: SafeText.visible) {
                json.add("alt", text: alt)
            }
            return json.text
        }
    }
}
