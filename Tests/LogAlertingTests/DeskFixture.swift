import LogBytes
import LogRecords
import Testing

@testable import LogAlerting

/// A desk and its clock. Seconds count from 2026-01-05T10:00:00Z, a Monday.
final class DeskFixture {
    let configuration: AlertConfiguration
    var desk: AlertDesk
    var records: [String] = []
    var notifications: [AlertNotification] = []
    var refusals: [String] = []
    private var commands = 0

    /// A desk with what `routing` says besides the receivers `a` to `e`.
    init(_ routing: String, limits: AlertDesk.Limits = .standard) throws {
        configuration = try Self.parse(routing)
        desk = AlertDesk(routing: configuration.routing, limits: limits)
    }

    static func parse(_ routing: String) throws -> AlertConfiguration {
        let receivers = "abcde".map { "{name: \($0), stdout_configs: [{}]}" }.joined(
            separator: ", ")
        return try AlertConfiguration.parse(
            "groups: []\nreceivers: [\(receivers)]\n" + routing, file: "t.yaml",
            channelKinds: ["stdout"])
    }

    static func time(_ seconds: Double) -> Int64 { TestStream.time(seconds) }

    /// `x` or `x/severity`, then labels: `down/P1 service=api zone=1`.
    static func transition(
        _ text: String, _ state: AlertState, at seconds: Double, start: Double? = nil
    ) throws -> AlertTransition {
        let words = text.split(separator: " ")
        let name = words[0].split(separator: "/")
        var labels: [String: String] = [:]
        for word in words.dropFirst() {
            let pair = word.split(separator: "=", maxSplits: 1)
            labels[String(pair[0])] = String(pair[1])
        }
        let severity = name.count > 1 ? "{severity: \(name[1])}" : "{}"
        let by = labels.isEmpty ? "" : " by " + labels.keys.sorted().joined(separator: ", ")
        let rule = try TestStream.rule(
            "count(*) > 0 over 1m" + by, name: String(name[0]), labels: severity)
        return AlertTransition(
            rule: rule, level: 0, state: state,
            groupValues: labels.sorted { $0.key < $1.key }.map(\.value), value: 1, threshold: 0,
            startTime: time(start ?? seconds), eventTime: time(seconds))
    }

    static func fingerprint(_ text: String) throws -> String {
        try transition(text, .firing, at: 0).fingerprint
    }

    @discardableResult
    func keep(_ outcome: AlertOutcome) -> [String] {
        records += outcome.records.map(\.line)
        notifications += outcome.notifications
        if let refusal = outcome.refusal { refusals.append(refusal) }
        return outcome.notifications.map(Self.shown)
    }

    @discardableResult
    func fire(_ seconds: Double, _ alerts: String...) throws -> [String] {
        keep(
            desk.observe(
                try alerts.map { try Self.transition($0, .firing, at: seconds) },
                now: Self.time(seconds)))
    }

    @discardableResult
    func resolve(_ seconds: Double, _ alerts: String...) throws -> [String] {
        keep(
            desk.observe(
                try alerts.map { try Self.transition($0, .resolved, at: seconds) },
                now: Self.time(seconds)))
    }

    /// Goes on to `seconds`, in steps that are no leaps of the clock.
    @discardableResult
    func advance(_ seconds: Double) -> [String] {
        var told: [String] = []
        let end = Self.time(seconds)
        while desk.clock != .min, desk.clock < end - AlertDesk.leapMax {
            told += keep(desk.advance(to: desk.clock + AlertDesk.leapMax))
        }
        return told + keep(desk.advance(to: end))
    }

    @discardableResult
    func command(
        _ seconds: Double, _ action: OperatorCommand.Action, id: String? = nil
    ) -> [String] {
        commands += 1
        return keep(
            desk.apply(
                OperatorCommand(
                    id: id ?? "c\(commands)", time: Self.time(seconds), actor: "ann",
                    action: action),
                now: Self.time(seconds)))
    }

    @discardableResult
    func silence(
        _ seconds: Double, _ matchers: String, until end: Double, from start: Double? = nil,
        id: String = "s1"
    ) throws -> [String] {
        command(
            seconds,
            .silence(
                Silence(
                    id: id, matchers: try LabelMatcher.parse(matchers),
                    start: Self.time(start ?? seconds), end: Self.time(end), creator: "ann",
                    comment: "why")))
    }

    /// Has another desk go on from what this one saved.
    func restart() throws {
        var out = ByteWriter()
        desk.snapshot(into: &out)
        let next = AlertDesk(routing: configuration.routing)
        var reader = ByteReader(out.view)
        try next.restore(from: &reader)
        desk = next
    }

    /// The events of the records so far, `acknowledged x`; of class `audit` with a star.
    var events: [String] {
        records.map { line in
            func member(_ key: String) -> String {
                guard let found = line.firstRange(of: "\"\(key)\":\"") else { return "" }
                return String(line[found.upperBound...].prefix { $0 != "\"" })
            }
            let event = member("event")
            return event.hasPrefix("alert_") && !line.contains("\"audit\"")
                ? "\(event.dropFirst(6)) \(member("alert"))" : "*\(event)"
        }
    }

    /// `30 a change: +x +y -z`: the second, the receiver, the reason, what fires and what is over, by name.
    static func shown(_ notification: AlertNotification) -> String {
        let alerts = notification.alerts.map { alert in
            (alert.isFiring ? "+" : "-") + alert.name
                + (alert.acknowledgedBy.map { "(\($0))" } ?? "")
        }
        let second = TestStream.seconds(notification.time)
        let time = second == second.rounded() ? "\(Int(second))" : "\(second)"
        return "\(time) \(notification.receiver) \(notification.reason.rawValue): "
            + alerts.joined(separator: " ")
    }
}
