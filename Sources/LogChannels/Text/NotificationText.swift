internal import LogAlerting
internal import LogRecords

/// What notifications say to people, the same in every channel.
enum NotificationText {
    /// The word for what happened: `FIRING`, `RESOLVED`, `ACKNOWLEDGED`, `ESCALATED`, `TEST`.
    static func word(_ notification: AlertNotification) -> String {
        switch notification.reason {
        case .acknowledged: "ACKNOWLEDGED"
        case .test: "TEST"
        case .escalated where notification.isFiring: "ESCALATED"
        default: notification.isFiring ? "FIRING" : "RESOLVED"
        }
    }

    /// The notification in a line: `[FIRING:2] high_error_rate (service=api)`.
    static func title(_ notification: AlertNotification) -> String {
        let firing = notification.alerts.count(where: \.isFiring)
        let total = (firing > 0 ? firing : notification.alerts.count) + notification.truncatedAlerts
        let names = names(notification)
        var subject = names.prefix(3).joined(separator: ", ")
        if names.count > 3 { subject += " and \(names.count - 3) more" }
        let labels = notification.groupLabels.filter { $0.key != "alertname" }
        var group = pairs(
            labels.isEmpty && notification.alerts.count == 1
                ? ownLabels(notification.alerts[0]) : labels)
        if !group.isEmpty { group = " (\(group))" }
        let count = total > 1 ? ":\(total)" : ""
        let storm = notification.reason == .storm ? "Alert storm: " : ""
        return "[\(word(notification))\(count)] \(storm)\(subject)\(group)"
    }

    /// The names of the alerts in it, each once, in their order.
    static func names(_ notification: AlertNotification) -> [String] {
        var seen: Set<String> = []
        return notification.alerts.map(\.name).filter { seen.insert($0).inserted }
    }

    /// The labels that say which one it is, without those that stand elsewhere in a message.
    static func ownLabels(_ alert: AlertNotification.Alert) -> [String: String] {
        alert.labels.filter { $0.key != "alertname" && $0.key != "severity" }
    }

    /// `endpoint=/orders, service=api`
    static func pairs(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }

    /// What an alert is about, without its labels: its summary, else the sentence.
    static func summary(_ alert: AlertNotification.Alert) -> String {
        alert.annotations["summary"] ?? alert.sentence
    }

    /// How long an alert lasted, or since when it fires.
    static func period(_ alert: AlertNotification.Alert) -> String {
        guard let end = alert.endTime else {
            return "since \(Timestamp.text(alert.startTime, digits: 0))"
        }
        return "after \(DurationText.text(max(end &- alert.startTime, 0)))"
    }

    /// An address in an annotation that a message may link to: it must be one of the web, without anything in it that could
    /// end the link.
    static func link(_ alert: AlertNotification.Alert, _ name: String) -> String? {
        alert.annotations[name].flatMap { webAddress($0) }
    }

    /// `text` when it is an address of the web that may stand in a link.
    static func webAddress(_ text: String) -> String? {
        let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
        let isClean = text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value < 0x7F && !"<>|\"`{}\\^()[]".unicodeScalars.contains($0)
        }
        return isWeb && isClean && text.utf8.count <= linkBytesMax ? text : nil
    }

    /// Longer addresses break in mail programs.
    private static let linkBytesMax = 2_000
}
