internal import LogRecords

/// The states of an alert that are worth a record.
public enum AlertState: String, Sendable {
    /// The condition holds, but not yet long enough.
    case pending
    /// The alert is raised.
    case firing
    /// The condition has ceased to hold after the alert fired.
    case resolved
}

/// One change of one alert: what notifications are made from, and a record of the class `alerts`.
public struct AlertTransition: Equatable, Sendable {
    /// The name of the rule.
    public let alert: String
    /// The new state.
    public let state: AlertState
    /// The labels of the group, those of the rule (which win), and `alertname`.
    public let labels: [String: String]
    /// The texts for people.
    public let annotations: [String: String]
    /// The severity, nil when the rule names none.
    public let severity: Severity?
    /// The value of the condition.
    public let value: Double
    /// The threshold that it is compared with.
    public let threshold: Double
    /// What both are counted in.
    public let unit: ValueUnit
    /// The measure as the rule names it.
    public let subject: String
    /// The length of the window in nanoseconds.
    public let window: Int64
    /// When the condition began to hold, nanoseconds since the epoch.
    public let startTime: Int64
    /// When the state changed, nanoseconds since the epoch.
    public let eventTime: Int64
    /// The same for all transitions of one alert, and for no other: 16 hexadecimal digits.
    public let fingerprint: String
    /// The fields that the rule groups by.
    public let groupBy: [String]
    /// LogsQL for the lines that the alert is about, without their time; empty where no filter says it.
    public let query: String
    /// Before this time lie the stored lines that the alert is about: lines without a time of their own are stored under that of
    /// their arrival, which may be later than the event time at which they count.
    let linesEnd: Int64

    init(
        rule: AlertRule, level: Int, state: AlertState, groupValues: [String], value: Double,
        threshold: Double, startTime: Int64, eventTime: Int64, linesEnd: Int64 = .min,
        endCause: String? = nil
    ) {
        let condition = rule.condition
        let shown = AlertTemplate.Values(
            labels: [:], value: value, threshold: threshold, unit: condition.unit)
        let labels = Self.labels(rule, level: level, groupValues, shown)
        self.alert = rule.name
        self.state = state
        self.labels = labels
        var annotations = rule.annotations.mapValues { $0.render(shown.with(labels)) }
        annotations[Self.endCause] = endCause
        self.annotations = annotations
        self.severity = rule.severity(level: level)
        self.value = value
        self.threshold = threshold
        self.unit = condition.unit
        self.subject = condition.subject
        self.window = condition.window
        self.startTime = startTime
        self.eventTime = eventTime
        self.groupBy = condition.groupBy
        self.fingerprint = Self.fingerprint(rule, groupValues)
        self.query = condition.query(groupValues)
        self.linesEnd = max(linesEnd, eventTime.plusClamped(Timestamp.second))
    }

    /// The end at `time` of an alert that fires and that no condition ends.
    init(endOf alert: AlertNotification.Alert, at time: Int64, because cause: String? = nil) {
        self.alert = alert.name
        state = .resolved
        labels = alert.labels
        var annotations = alert.annotations
        annotations[Self.endCause] = cause
        self.annotations = annotations
        severity = alert.severity
        value = alert.value
        threshold = alert.threshold
        unit = alert.unit
        subject = alert.subject
        window = alert.window
        startTime = alert.startTime
        eventTime = time
        fingerprint = alert.fingerprint
        groupBy = []
        query = ""
        linesEnd = time
    }

    /// The annotation that says why an alert ended where its condition did not.
    static let endCause = "ended_because"
    static let ruleIsGone = "its rule was changed or removed"

    /// The labels of an alert. A group field that its records lack is no label, as in Prometheus.
    static func labels(
        _ rule: AlertRule, level: Int, _ groupValues: [String], _ shown: AlertTemplate.Values
    ) -> [String: String] {
        var labels: [String: String] = [:]
        for (name, text) in zip(rule.condition.groupBy, groupValues) where !text.isEmpty {
            labels[name] = text
        }
        let values = shown.with(labels)
        for (name, template) in rule.labels { labels[name] = template.render(values) }
        if let severity = rule.levels[level].severity { labels["severity"] = severity }
        labels["alertname"] = rule.name
        return labels
    }

    /// FNV-1a over group, rule and group values, each ended by a byte that UTF-8 does not have. Labels may be templates
    /// with the value in them, so they cannot identify an alert.
    static func fingerprint(_ rule: AlertRule, _ groupValues: [String]) -> String {
        let twin = rule.discriminator.isEmpty ? [] : [rule.discriminator]
        return fingerprint([rule.group, rule.name] + twin + groupValues)
    }

    static func fingerprint(_ texts: [String]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in texts {
            for byte in Array(text.utf8) + [0xFF] {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The level of the alert's record.
    public var level: String {
        state == .resolved ? "INFO" : severity?.level ?? "INFO"
    }

    /// The labels of the group as text: `service=api, endpoint=/orders`; empty without groups.
    public var groupText: String {
        groupBy.compactMap { name in labels[name].map { "\(name)=\($0)" } }
            .joined(separator: ", ")
    }

    /// The transition in one sentence:
    /// `high_error_rate firing: error_rate is 12.3% (threshold 5%) over 5m, service=api`.
    public var message: String {
        let group = groupText
        if state == .resolved, let cause = annotations[Self.endCause] {
            return "\(alert) resolved: \(cause)" + (group.isEmpty ? "" : ", \(group)")
        }
        if subject.hasPrefix("absent(") {
            let ending = state == .resolved ? "" : " for \(DurationText.text(window))"
            return "\(alert) \(state.rawValue): \(subject)\(ending)"
                + (group.isEmpty ? "" : ", \(group)")
        }
        return "\(alert) \(state.rawValue): \(subject) is \(unit.text(value)) "
            + "(threshold \(unit.text(threshold))) over \(DurationText.text(window))"
            + (group.isEmpty ? "" : ", \(group)")
    }
}
