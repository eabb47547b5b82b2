internal import LogJSON
internal import LogRecords

/// An alert as lists show it.
public struct AlertStatus: Equatable, Sendable {
    /// What is known of an alert; what keeps it quiet goes before who takes care of it.
    public enum State: String, Sendable {
        case pending, firing, acknowledged, silenced, inhibited
    }

    /// The name of the rule.
    public var name: String
    /// Identifies the alert; empty for pending ones.
    public var fingerprint: String
    /// What is known of it.
    public var state: State
    /// Its labels.
    public var labels: [String: String]
    /// Texts for people.
    public var annotations: [String: String] = [:]
    /// Its severity, nil when the rule names none.
    public var severity: Severity?
    /// The value in one sentence; empty for pending ones.
    public var sentence = ""
    /// The value; 0 for pending ones.
    public var value = 0.0
    /// The threshold that it is compared with; that of the rule for pending ones.
    public var threshold = 0.0
    /// What both are counted in.
    public var unit = ValueUnit.plain
    /// The measure as the rule names it: `p95(duration_ms)`.
    public var subject = ""
    /// When the condition began to hold, nanoseconds since the epoch.
    public var startTime: Int64
    /// When it began to fire by the wall clock; nil for pending ones.
    public var firedTime: Int64?
    /// The receivers of its routes.
    public var receivers: [String] = []
    /// The silences that it lies in, and `maintenance/NAME` for windows.
    public var silencedBy: [String] = []
    /// The fingerprint of an alert that keeps it quiet.
    public var inhibitedBy: String?
    /// Who takes care of it.
    public var acknowledgement: Acknowledgement?
    /// Whether it changes its state too often to be told of each change.
    public var isFlapping = false
    /// When the next step of the escalation is taken; nil for never as things are.
    public var nextEscalation: Int64?
    /// Who is told then.
    public var nextEscalationReceivers: [String] = []
    /// By when somebody should acknowledge it.
    public var responseTime: Int64?

    /// The alert as a JSON object.
    public var json: String {
        var json = JSONObjectWriter()
        json.add("alert", text: name)
        json.add("state", text: state.rawValue)
        if !fingerprint.isEmpty { json.add("fingerprint", text: fingerprint) }
        if let severity { json.add("severity", text: "\(severity)") }
        json.add("labels", texts: labels)
        if !annotations.isEmpty { json.add("annotations", texts: annotations) }
        if !sentence.isEmpty {
            json.add("message", text: sentence)
            json.add("value", number: value)
        }
        json.add("started", text: Timestamp.text(startTime))
        if let firedTime { json.add("fired", text: Timestamp.text(firedTime)) }
        json.add("receivers", raw: Self.list(receivers))
        if !silencedBy.isEmpty { json.add("silenced_by", raw: Self.list(silencedBy)) }
        if let inhibitedBy { json.add("inhibited_by", text: inhibitedBy) }
        if let acknowledgement {
            json.add("acknowledged_by", text: acknowledgement.actor)
            json.add("acknowledged", text: Timestamp.text(acknowledgement.time))
            if !acknowledgement.note.isEmpty { json.add("note", text: acknowledgement.note) }
            if acknowledgement.isFalsePositive { json.add("false_positive", true) }
        }
        if isFlapping { json.add("flapping", true) }
        if let nextEscalation {
            json.add("next_escalation", text: Timestamp.text(nextEscalation))
            json.add("next_escalation_receivers", raw: Self.list(nextEscalationReceivers))
        }
        if let responseTime { json.add("respond_by", text: Timestamp.text(responseTime)) }
        return json.text
    }

    private static func list(_ texts: [String]) -> String {
        var list = JSONListWriter()
        for text in texts { list.add(text: text) }
        return list.text
    }
}

extension AlertDesk {
    /// The alerts that fire, and those that the rule engine says are pending: the most severe first, the oldest of these
    /// first.
    public func active(pending: [ActiveAlert] = []) -> [AlertStatus] {
        var list = alerts.values.filter(\.isAlive).map(status)
        for alert in pending where alert.state == .pending {
            let routes = table.routes(for: alert.labels)
            list.append(
                AlertStatus(
                    name: alert.rule.name, fingerprint: "", state: .pending, labels: alert.labels,
                    severity: alert.rule.severity, threshold: alert.rule.condition.threshold,
                    unit: alert.rule.condition.unit, subject: alert.rule.condition.subject,
                    startTime: alert.startTime,
                    receivers: Self.unique(routes.flatMap { table.plans[$0].route.receivers })))
        }
        return list.sorted { left, right in
            let (first, second) = (left.severity?.rawValue ?? -1, right.severity?.rawValue ?? -1)
            if first != second { return first > second }
            if left.startTime != right.startTime { return left.startTime < right.startTime }
            return (left.fingerprint, left.name) < (right.fingerprint, right.name)
        }
    }

    /// The alerts that fire and that a silence with these matchers would keep quiet.
    public func active(matching matchers: [LabelMatcher]) -> [AlertStatus] {
        active().filter { matchers.hold($0.labels) }
    }

    /// The silences that have not expired, and those that have within five days, by their ends.
    public var knownSilences: [Silence] {
        silences.values.sorted { ($0.end, $0.id) < ($1.end, $1.id) }
    }

    /// The names of the maintenance windows that it is now.
    public var openMaintenanceWindows: [String] {
        openWindows.sorted().map { routing.maintenance[$0].name }
    }

    private func status(_ held: HeldAlert) -> AlertStatus {
        let state: AlertStatus.State =
            if held.inhibitor != nil {
                .inhibited
            } else if !held.silences.isEmpty {
                .silenced
            } else if held.acknowledgement != nil {
                .acknowledged
            } else {
                .firing
            }
        let alert = shown(held)
        var status = AlertStatus(
            name: alert.name, fingerprint: alert.fingerprint, state: state, labels: alert.labels,
            annotations: alert.annotations, severity: alert.severity, sentence: alert.sentence,
            value: alert.value, threshold: alert.threshold, unit: alert.unit,
            subject: alert.subject, startTime: alert.startTime, firedTime: held.firedTime,
            silencedBy: held.silences, inhibitedBy: held.inhibitor,
            acknowledgement: held.acknowledgement, isFlapping: held.isFlapping,
            responseTime: held.responseTime)
        for key in held.groups {
            guard let group = groups[key] else { continue }
            let route = table.plans[group.route].route
            status.receivers += route.receivers
            guard let (time, step) = nextStep(held, in: group),
                time < status.nextEscalation ?? .max
            else { continue }
            status.nextEscalation = max(time, clock)
            status.nextEscalationReceivers = route.escalation[step].receivers
        }
        status.receivers = Self.unique(status.receivers)
        return status
    }

    private static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
