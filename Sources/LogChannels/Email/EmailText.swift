internal import LogAlerting
internal import LogRecords

/// What a mail says when no template does.
enum EmailText {
    /// More alerts are counted, and found by their query.
    private static let alertsMax = 100

    static func plain(_ notification: AlertNotification) -> String {
        var parts = [SafeText.visible(NotificationText.title(notification))]
        for alert in notification.alerts.prefix(alertsMax) {
            var lines = [AlertLine.head(alert)]
            for (_, text) in facts(alert) where !text.isEmpty {
                lines.append("  " + SafeText.visible(text))
            }
            for line in alert.lines { lines.append("    | " + SafeText.visible(line)) }
            parts.append(lines.joined(separator: "\n"))
        }
        if let more = more(notification) { parts.append(more) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    static func html(_ notification: AlertNotification) -> String {
        var text = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head>"
        text += "<body style=\"font-family:sans-serif\">"
        text += "<h2>\(SafeText.html(NotificationText.title(notification)))</h2>\n"
        for alert in notification.alerts.prefix(alertsMax) {
            let color = alert.isFiring ? "#e01e5a" : "#2eb67d"
            text += "<div style=\"border-left:4px solid \(color);padding-left:8px;margin:12px 0\">"
            text += "<b>\(SafeText.html(AlertLine.head(alert)))</b><br>\n"
            for (name, fact) in facts(alert) where !fact.isEmpty {
                let safe = SafeText.html(fact)
                text +=
                    NotificationText.webAddress(fact) != nil
                    ? "<a href=\"\(safe)\">\(name)</a><br>\n" : "\(safe)<br>\n"
            }
            if !alert.lines.isEmpty {
                text += "<pre>\(SafeText.html(alert.lines.joined(separator: "\n")))</pre>\n"
            }
            text += "</div>\n"
        }
        if let more = more(notification) { text += "<p>\(more)</p>\n" }
        return text + "</body></html>\n"
    }

    private static func facts(_ alert: AlertNotification.Alert) -> [(name: String, text: String)] {
        [
            ("Summary", alert.annotations["summary"] ?? ""), ("Measured", alert.sentence),
            ("Description", alert.annotations["description"] ?? ""),
            ("Labels", NotificationText.pairs(NotificationText.ownLabels(alert))),
            ("When", NotificationText.period(alert)),
            ("Acknowledged", alert.acknowledgedBy.map { "acknowledged by \($0)" } ?? ""),
            ("Runbook", NotificationText.link(alert, "runbook_url") ?? ""),
            ("Dashboard", NotificationText.link(alert, "dashboard_url") ?? ""),
            ("Query", alert.query),
        ]
    }

    private static func more(_ notification: AlertNotification) -> String? {
        let count =
            max(notification.alerts.count - alertsMax, 0) + notification.truncatedAlerts
        return count > 0 ? "and \(count) more alerts" : nil
    }
}

extension AlertLine {
    /// `FIRING [critical] high_error_rate`
    static func head(_ alert: AlertNotification.Alert) -> String {
        let severity = alert.severity.map { " [\($0)]" } ?? ""
        return SafeText.visible(
            (alert.isFiring ? "FIRING" : "RESOLVED") + severity + " " + alert.name)
    }
}
