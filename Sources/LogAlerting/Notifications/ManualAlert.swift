/// An alert that somebody raises by hand: to see whether it reaches whom it should, or because a person knows what no rule
/// does. It goes the way of all alerts: routes, silences, escalation.
public struct ManualAlert: Equatable, Sendable {
    /// The name of all of them, for routes and silences.
    public static let alertName = "manual_alert"

    /// Identifies it; the same id is the same alert.
    public let id: String
    /// Its severity as written.
    public let severity: String
    /// What it says to people.
    public let description: String
    /// Further labels; `alertname` and `severity` cannot be given.
    public let labels: [String: String]
    /// When it begins, nanoseconds since the epoch.
    public let start: Int64
    /// When it ends.
    public let end: Int64

    /// An alert.
    public init(
        id: String, severity: String, description: String, labels: [String: String] = [:],
        start: Int64, end: Int64
    ) {
        self.id = id
        self.severity = severity
        self.description = description
        self.labels = labels
        self.start = start
        self.end = end
    }

    /// Identifies it among all alerts.
    public var fingerprint: String { AlertTransition.fingerprint([Self.alertName, id]) }

    /// Its beginning.
    public var beginning: AlertTransition { AlertTransition(beginningOf: self) }

    /// Its end at `time`.
    public func ending(at time: Int64) -> AlertTransition {
        AlertTransition(endOf: AlertNotification.Alert(beginning), at: time)
    }
}

extension AlertTransition {
    fileprivate init(beginningOf manual: ManualAlert) {
        alert = ManualAlert.alertName
        state = .firing
        var labels = manual.labels
        labels["alertname"] = ManualAlert.alertName
        labels["severity"] = manual.severity
        self.labels = labels
        annotations = ["summary": manual.description]
        severity = Severity(manual.severity)
        value = 1
        threshold = 0
        unit = .count
        subject = "alerts raised by hand"
        window = max(manual.end.minusClamped(manual.start), 0)
        startTime = manual.start
        eventTime = manual.start
        fingerprint = manual.fingerprint
        groupBy = []
        query = ""
        linesEnd = manual.start
    }
}
