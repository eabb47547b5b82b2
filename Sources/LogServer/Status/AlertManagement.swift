internal import LogAlerting
internal import LogBytes
internal import LogJSON
internal import LogPipeline
internal import LogRecords

/// `/api/monitoring/alerts`: what fires and what is configured, as JSON.
enum AlertManagement {
    /// What fires now, and what keeps it quiet.
    static func active(_ ingester: Ingester, now: Int64) -> String {
        let alerts = ingester.activeAlerts
        let silences = ingester.silences.filter { $0.state(at: now) != .expired }
        var json = JSONObjectWriter()
        json.add("action", text: "active")
        json.add("count", number: alerts.count)
        json.add("alerts", raw: JSONList.of(alerts.map(\.json)))
        json.add("silences", raw: JSONList.of(silences.map(\.json)))
        json.add("maintenance", raw: JSONList.of(texts: ingester.openMaintenanceWindows))
        json.add("timestamp", text: Timestamp.text(now))
        return json.text
    }

    /// Rules, receivers and windows; no setting of a channel, since those hold secrets.
    static func configuration(_ alerting: AlertConfiguration) -> String {
        var json = JSONObjectWriter()
        json.add("action", text: "configuration")
        json.add("rules", raw: JSONList.of(alerting.rules.map(rule)))
        json.add("receivers", raw: JSONList.of(alerting.receivers.map(receiver)))
        json.add("default_receivers", raw: JSONList.of(texts: alerting.routing.root.receivers))
        json.add(
            "maintenance_windows", raw: JSONList.of(texts: alerting.routing.maintenance.map(\.name))
        )
        return json.text
    }

    private static func rule(_ rule: AlertRule) -> String {
        var json = JSONObjectWriter()
        json.add("name", text: rule.name)
        json.add("group", text: rule.group)
        json.add("condition", text: rule.condition.text)
        if let severity = rule.severity { json.add("severity", text: "\(severity)") }
        json.add("for", text: DurationText.text(rule.pendingDuration))
        let levels = rule.levels.map { level in
            var json = JSONObjectWriter()
            if let severity = level.severity { json.add("severity", text: severity) }
            json.add("comparison", text: level.limit.comparison.rawValue)
            json.add("threshold", number: level.limit.value)
            json.add("unit", text: rule.condition.unit.rawValue)
            return json.text
        }
        json.add("levels", raw: JSONList.of(levels))
        return json.text
    }

    private static func receiver(_ receiver: Receiver) -> String {
        var json = JSONObjectWriter()
        json.add("name", text: receiver.name)
        let channels = receiver.channels.map { channel in
            var json = JSONObjectWriter()
            json.add("name", text: channel.name)
            json.add("kind", text: channel.kind)
            return json.text
        }
        json.add("channels", raw: JSONList.of(channels))
        return json.text
    }
}

/// What a `POST /api/monitoring/alerts` says.
struct AlertRequest {
    enum Action: String, CaseIterable {
        case test, trigger
    }

    let action: Action
    private let texts: [String: String]

    /// The longest body (bytes): a few texts.
    static let bytesMax = 64 << 10
    /// How long an alert raised by hand fires unless the request says otherwise (nanoseconds).
    private static let durationDefault = 300 * Timestamp.second
    /// The longest (nanoseconds).
    private static let durationMax = Timestamp.day

    init(_ body: inout JSONMembers) throws(HTTPFailure) {
        var texts: [String: String] = [:]
        while let member = body.member() {
            if let text = JSONMembers.text(member.value) { texts[member.key.text] = text }
        }
        let names = Action.allCases.map { "`\($0.rawValue)`" }.joined(separator: " or ")
        guard let word = texts["action"] else {
            throw HTTPFailure(400, "the body needs an `action`: \(names)")
        }
        guard let action = Action(rawValue: word) else {
            throw HTTPFailure(400, "there is no action `\(word)`; there are \(names)")
        }
        self.action = action
        self.texts = texts
    }

    /// The channel to test; nil for all.
    var channel: String? { texts["channel"] }

    /// The alert to raise.
    func alert(id: String, now: Int64) throws(HTTPFailure) -> ManualAlert {
        guard let description = texts["description"], !description.isEmpty else {
            throw HTTPFailure(400, "an alert needs a `description`, which is what people read")
        }
        let severity = texts["severity"] ?? "info"
        guard Severity(severity) != nil else {
            throw HTTPFailure(
                400,
                "`\(severity)` is no severity; there are critical, high, medium, low, info, and "
                    + "P0 to P4")
        }
        var duration = Self.durationDefault
        if let text = texts["duration"] {
            guard let parsed = DurationText.parse(text),
                (Timestamp.second...Self.durationMax).contains(parsed)
            else {
                throw HTTPFailure(400, "`duration` is from 1s to 1d, not `\(text)`")
            }
            duration = parsed
        }
        return ManualAlert(
            id: id, severity: severity, description: description, start: now, end: now + duration)
    }
}
