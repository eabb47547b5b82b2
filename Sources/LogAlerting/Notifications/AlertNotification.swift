internal import LogRecords

/// One message to one receiver about the alerts of one group: what channels deliver.
///
/// It is a value that can be stored in the outbox and delivered after a restart; nothing in it is computed again.
public struct AlertNotification: Equatable, Sendable {
    /// Why it is sent.
    public enum Reason: String, Sendable {
        /// Alerts of the group fire for the first time, or further ones do, or some of them ended.
        case change
        /// Nothing changed, but the alerts still fire after the repeat interval.
        case repeated
        /// Somebody acknowledged the alerts.
        case acknowledged
        /// Nobody acknowledged them in time, or they are older than a step of the escalation allows.
        case escalated
        /// So much fires at once that single messages would drown their reader.
        case storm
        /// The alerts that are over in it go on in another group, of which the receiver is told, too. Only for channels that keep
        /// a state by groups.
        case moved
        /// Somebody wants to see whether the channel works.
        case test
    }

    /// One alert in it.
    public struct Alert: Equatable, Sendable {
        /// The name of the rule.
        public var name: String
        /// False once its condition has ceased to hold.
        public var isFiring: Bool
        /// Its labels, `alertname` and `severity` among them.
        public var labels: [String: String]
        /// Texts for people: `summary`, `description`, `runbook_url`, `dashboard_url` are known to channels.
        public var annotations: [String: String]
        /// Its severity, nil when the rule names none.
        public var severity: Severity?
        /// The value, as `AlertTransition` has it.
        public var value: Double
        /// The threshold it is compared with.
        public var threshold: Double
        /// What both are counted in.
        public var unit: ValueUnit
        /// The measure as the rule names it: `p95(duration_ms)`.
        public var subject: String
        /// The length of the window in nanoseconds.
        public var window: Int64
        /// When the condition began to hold, nanoseconds since the epoch.
        public var startTime: Int64
        /// When it fired, by the times of the lines.
        public var firedTime: Int64
        /// When it ended; nil while it fires.
        public var endTime: Int64?
        /// Identifies the alert: 16 hexadecimal digits.
        public var fingerprint: String
        /// A `weir query` command that shows the lines behind it; empty where there is none.
        public var query: String
        /// The same as LogsQL with its times, for weir itself; empty where there is none.
        public var filter: String
        /// Up to five of those lines, redacted as they are stored.
        public var lines: [String]
        /// Who acknowledged it; nil when nobody did.
        public var acknowledgedBy: String?

        /// An alert.
        public init(
            name: String, isFiring: Bool, labels: [String: String],
            annotations: [String: String] = [:], severity: Severity? = nil, value: Double = 0,
            threshold: Double = 0, unit: ValueUnit = .count, subject: String = "",
            window: Int64 = 0, startTime: Int64, firedTime: Int64? = nil, endTime: Int64? = nil,
            fingerprint: String, query: String = "", filter: String = "", lines: [String] = [],
            acknowledgedBy: String? = nil
        ) {
            self.name = name
            self.isFiring = isFiring
            self.labels = labels
            self.annotations = annotations
            self.severity = severity
            self.value = value
            self.threshold = threshold
            self.unit = unit
            self.subject = subject
            self.window = window
            self.startTime = startTime
            self.firedTime = firedTime ?? startTime
            self.endTime = endTime
            self.fingerprint = fingerprint
            self.query = query
            self.filter = filter
            self.lines = lines
            self.acknowledgedBy = acknowledgedBy
        }

        /// The alert that `transition` is about.
        public init(_ transition: AlertTransition) {
            name = transition.alert
            isFiring = transition.state != .resolved
            labels = transition.labels
            annotations = transition.annotations
            severity = transition.severity
            value = transition.value
            threshold = transition.threshold
            unit = transition.unit
            subject = transition.subject
            window = transition.window
            startTime = transition.startTime
            firedTime =
                transition.state == .resolved ? transition.startTime : transition.eventTime
            endTime = transition.state == .resolved ? transition.eventTime : nil
            fingerprint = transition.fingerprint
            query = transition.commandLine
            filter = transition.filter
            lines = []
        }

        /// The alert in one sentence, without its labels: `error_rate is 12.3% (threshold 5%) over 5m`.
        public var sentence: String {
            if !isFiring, let cause = annotations[AlertTransition.endCause] { return cause }
            return "\(subject) is \(unit.text(value)) (threshold \(unit.text(threshold))) "
                + "over \(DurationText.text(window))"
        }
    }

    /// The same for each attempt to deliver it and for no other notification, through restarts, too: receivers that know
    /// idempotency keys drop the second of two.
    public var key: String
    /// The receiver.
    public var receiver: String
    /// Why it is sent.
    public var reason: Reason
    /// Identifies the group of alerts: the place in the routing tree and the values that it groups by. What receivers thread
    /// by: the same from the first message to the one that says that all is over.
    public var groupKey: String
    /// The labels that the route groups by, with their values.
    public var groupLabels: [String: String]
    /// The alerts, firing ones first, in each the most severe first. At least one.
    public var alerts: [Alert]
    /// Alerts of the group that are left out because there are too many.
    public var truncatedAlerts: Int
    /// When it was made, nanoseconds since the epoch.
    public var time: Int64
    /// Where this weir is reached, for links; empty when the configuration does not say.
    public var externalURL: String

    /// A notification.
    public init(
        key: String, receiver: String, reason: Reason, groupKey: String,
        groupLabels: [String: String], alerts: [Alert], truncatedAlerts: Int = 0, time: Int64,
        externalURL: String = ""
    ) {
        self.key = key
        self.receiver = receiver
        self.reason = reason
        self.groupKey = groupKey
        self.groupLabels = groupLabels
        self.alerts = alerts
        self.truncatedAlerts = truncatedAlerts
        self.time = time
        self.externalURL = externalURL
    }

    /// True when at least one alert of it fires.
    public var isFiring: Bool { alerts.contains(where: \.isFiring) }

    /// The highest severity of its alerts that fire, or of all when none does; nil when none has one.
    public var severity: Severity? {
        let firing = alerts.filter(\.isFiring)
        return (firing.isEmpty ? alerts : firing).compactMap(\.severity).max()
    }

    /// The labels that all alerts share.
    public var commonLabels: [String: String] { common(\.labels) }

    /// The annotations that all alerts share.
    public var commonAnnotations: [String: String] { common(\.annotations) }

    private func common(_ texts: KeyPath<Alert, [String: String]>) -> [String: String] {
        guard let first = alerts.first?[keyPath: texts] else { return [:] }
        return first.filter { name, value in
            alerts.allSatisfy { $0[keyPath: texts][name] == value }
        }
    }
}
