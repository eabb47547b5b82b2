public import LogAlerting
internal import LogRecords

/// The kind `stdout`.
public struct StandardOutputKind: ChannelKind {
    /// `stdout`.
    public let name = "stdout"
    /// One line for help.
    public let summary = "a line on the standard output for each alert"

    /// The kind.
    public init() {}

    /// There is nothing to set.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        { name, services in StandardOutputChannel(name: name, services: services) }
    }
}

/// Writes each alert of a notification as one line for people.
public final class StandardOutputChannel: Channel {
    /// The name of the channel.
    public let name: String
    private let services: ChannelServices
    /// A line for an alert has no room for others.
    public let showsLines = false

    /// A channel that writes through `services`.
    public init(name: String, services: ChannelServices) {
        self.name = name
        self.services = services
    }

    /// Writes the lines.
    public func deliver(_ notification: AlertNotification) throws(ChannelError) {
        for line in AlertLine.lines(notification) { try services.writeLine(line) }
    }
}

/// An alert as one line for people:
///
///     2026-01-05T10:00:00.000Z FIRING [critical] high_error_rate: error_rate is 12.3% (threshold 5%) over 5m,
///     service=api, since 2026-01-05T09:58:00.000Z: 12.3% of the requests to api fail
///
/// (in one line; without `since` where the alert fires as soon as its condition holds). Label values come from log lines that
/// anybody may have written: control characters are shown as `\u{1b}`, so that no line can move the cursor or forge another
/// notification.
enum AlertLine {
    /// The line of each alert, and one for those that are left out.
    static func lines(_ notification: AlertNotification) -> [String] {
        var lines = notification.alerts.map { line($0, of: notification) }
        if notification.truncatedAlerts > 0 {
            let time = Timestamp.text(notification.time, digits: 3)
            lines.append("\(time) and \(notification.truncatedAlerts) more alerts")
        }
        return lines
    }

    private static func line(
        _ alert: AlertNotification.Alert, of notification: AlertNotification
    ) -> String {
        var line = Timestamp.text(alert.endTime ?? alert.firedTime, digits: 3)
        line += " \(word(alert, notification))"
        line += alert.labels["severity"].map { " [\($0)]" } ?? ""
        line += " \(alert.name): \(alert.sentence)"
        let labels = NotificationText.pairs(NotificationText.ownLabels(alert))
        if !labels.isEmpty { line += ", \(labels)" }
        if let end = alert.endTime {
            line += ", after \(DurationText.text(max(end - alert.startTime, 0)))"
        } else {
            // What began just now needs no second time.
            if alert.startTime != alert.firedTime {
                line += ", since \(Timestamp.text(alert.startTime, digits: 3))"
            }
            if notification.reason == .acknowledged, let person = alert.acknowledgedBy {
                line += ", by \(person)"
            }
            if let summary = alert.annotations["summary"] { line += ": \(summary)" }
        }
        return SafeText.visible(line)
    }

    private static func word(
        _ alert: AlertNotification.Alert, _ notification: AlertNotification
    ) -> String {
        guard alert.isFiring else { return "RESOLVED" }
        switch notification.reason {
        case .acknowledged: return "ACKNOWLEDGED"
        case .escalated: return "ESCALATED"
        case .test: return "TEST"
        case .repeated: return "FIRING"
        case .change, .storm, .moved: return "FIRING"
        }
    }
}
