internal import LogJSON
internal import LogRecords

/// A record that the alert desk gives out: of class `alerts` what happened to an alert, of class `audit` what people did.
public struct AlertRecord: Equatable, Sendable {
    /// The class that it belongs to.
    public enum Class: String, Sendable {
        case alerts, audit
    }

    /// The class.
    public let recordClass: Class
    /// One JSON object without a newline.
    public let line: String

    /// What happened to an alert that no transition of the rule engine says.
    enum Event: String {
        case acknowledged, unacknowledged, silenced, unsilenced, inhibited, uninhibited, escalated,
            flapping, calm
        case falsePositive = "false_positive"
        case overdue = "response_overdue"
    }

    /// The record of `event`, which looks like those of `AlertTransition`.
    static func alert(
        _ event: Event, _ alert: AlertNotification.Alert, at time: Int64, _ details: String,
        members: [(String, String)]
    ) -> AlertRecord {
        var json = JSONObjectWriter()
        json.add("timestamp", text: Timestamp.text(time, digits: 3))
        let isUrgent = event == .escalated || event == .overdue
        json.add("level", text: isUrgent ? alert.severity?.level ?? "INFO" : "INFO")
        json.add("logger", text: AlertTransition.logger)
        json.add("event", text: "alert_\(event.rawValue)")
        json.add("alert", text: alert.name)
        if let severity = alert.labels["severity"] { json.add("severity", text: severity) }
        for (key, text) in members { json.add(key, text: text) }
        json.add("started", text: Timestamp.text(alert.startTime, digits: 3))
        json.add("fingerprint", text: alert.fingerprint)
        json.add("labels", texts: alert.labels)
        let words = event.rawValue.split(separator: "_").joined(separator: " ")
        json.add(
            "message", text: "\(alert.name) \(words)" + (details.isEmpty ? "" : ": \(details)"))
        return AlertRecord(recordClass: .alerts, line: json.text)
    }

    /// The logger that audit records name.
    static let auditLogger = "weir.audit"

    /// The record of what `actor` did: `event` in one word, `message` in a sentence. Members with empty texts are left out.
    public static func audit(
        _ event: String, actor: String, at time: Int64, command: String, _ message: String,
        members: [(String, String)] = []
    ) -> AlertRecord {
        var json = JSONObjectWriter()
        json.add("timestamp", text: Timestamp.text(time, digits: 3))
        json.add("level", text: "INFO")
        json.add("logger", text: auditLogger)
        json.add("event", text: event)
        json.add("audit", text: "alerts")
        json.add("actor", text: actor)
        json.add("command", text: command)
        for (key, text) in members where !text.isEmpty { json.add(key, text: text) }
        json.add("message", text: message)
        return AlertRecord(recordClass: .audit, line: json.text)
    }
}

/// What the alert desk gives out.
public struct AlertOutcome: Equatable, Sendable {
    /// What receivers are to be told, in order.
    public var notifications: [AlertNotification] = []
    /// What is to be stored, in order.
    public var records: [AlertRecord] = []
    /// Why a command was not carried out; nil when it was.
    public var refusal: String?

    /// Nothing.
    public init() {}

    /// Whether there is nothing to do.
    public var isEmpty: Bool { notifications.isEmpty && records.isEmpty && refusal == nil }
}
