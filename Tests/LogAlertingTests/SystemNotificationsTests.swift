import Foundation
import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogAlerting

/// Whom the alerts of the five systems are told to, and when, as their lines arrive: to the message and the millisecond.
///
/// The live tests cannot show it: messages wait minutes and hours by the wall clock. Here each line brings its own time along,
/// and an hour passes behind the last one.
@Suite struct SystemNotificationsTests {
    /// The engine and the desk of a system's files.
    private struct System {
        let engine: RuleEngine
        let desk: AlertDesk
        let lines: [Substring]
        var transitions: [AlertTransition] = []
        var notifications: [AlertNotification] = []

        /// The time zones of this machine.
        private static let zones = ZoneSource { name in
            FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)").map { [UInt8]($0) }
        }

        init(_ name: String, environment: [String: String] = [:]) throws {
            let addresses = [
                "SLACK_WEBHOOK_URL", "PAGERDUTY_ROUTING_KEY", "SMTP_SMARTHOST", "SMTP_FROM",
                "SMS_URL", "CALL_URL", "ALERT_WEBHOOK_URL", "ESCALATION_WEBHOOK_URL",
            ]
            let configuration = try AlertConfiguration.parse(
                try Checkout.text("sample-logs/\(name)/alerts.yaml"), file: "alerts.yaml",
                channelKinds: ["slack", "email", "http", "pagerduty", "command", "stdout"],
                environment: environment.merging(addresses.map { ($0, "x") }) { set, _ in set },
                zones: Self.zones)
            engine = RuleEngine(rules: configuration.rules)
            desk = AlertDesk(routing: configuration.routing)
            lines = try Checkout.text("sample-logs/\(name)/lines.ndjson").split(separator: "\n")
        }

        /// Later than all lines, so that none counts as one from the future.
        private static let arrival = TestStream.arrival

        /// Everything that comes of the lines.
        mutating func run() {
            let batch = RecordBatch()
            var now = Int64.min
            for line in lines {
                let chunk = ByteChunk(holding: line + "\n")
                batch.reset(over: chunk, arrivalTime: Self.arrival)
                batch.appendLines(of: chunk)
                now = max(now, batch.records.buffer.first?.time ?? now)
                take(engine.observe(batch), now: now)
            }
            take(engine.finish(), now: now)
            notifications += desk.advance(to: now + 3_600 * Timestamp.second).notifications
        }

        private mutating func take(_ transitions: [AlertTransition], now: Int64) {
            notifications += desk.advance(to: now).notifications
            for transition in transitions {
                notifications += desk.observe([transition], now: now).notifications
            }
            self.transitions += transitions
        }
    }

    /// A message as `expected-notifications.ndjson` has it.
    private static func text(_ notification: AlertNotification) -> String {
        let alerts = notification.alerts.map { alert in
            text(alert.name, alert.isFiring ? "firing" : "resolved", alert.labels)
        }
        return #"{"time":"\#(Timestamp.text(notification.time, digits: 3))","#
            + #""receiver":"\#(notification.receiver)","reason":"\#(notification.reason.rawValue)","#
            + #""alerts":[\#(alerts.map { "{" + $0 + "}" }.joined(separator: ","))]}"#
    }

    private static func text(_ alert: String, _ state: String, _ labels: [String: String]) -> String
    {
        let pairs = labels.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
        return
            #""alert":"\#(alert)","state":"\#(state)","labels":{\#(pairs.joined(separator: ","))}"#
    }

    private static func expected(_ system: String, _ what: String) throws -> [String] {
        try Checkout.text("sample-logs/\(system)/expected-\(what).ndjson")
            .split(separator: "\n").map(String.init)
    }

    /// The first difference says more than two lists of ninety lines.
    private static func expectSame(
        _ found: [String], _ expected: [String], _ location: SourceLocation = #_sourceLocation
    ) {
        for (number, pair) in zip(found, expected).enumerated() where pair.0 != pair.1 {
            Issue.record(
                "line \(number + 1) is \(pair.0), expected \(pair.1)", sourceLocation: location)
            return
        }
        #expect(found.count == expected.count, sourceLocation: location)
    }

    @Test(arguments: ["agent-factory", "boulder-fest", "brainops", "prism-ai", "rose"])
    func everyMessageComesWhenItShould(of name: String) throws {
        var system = try System(name)
        system.run()
        // A line begins with its time; what happens at one time has no order that users would see.
        Self.expectSame(
            system.transitions.map {
                #"{"time":"\#(Timestamp.text($0.eventTime, digits: 3))","#
                    + Self.text($0.alert, $0.state.rawValue, $0.labels) + "}"
            }.sorted(), try Self.expected(name, "transitions").sorted())
        Self.expectSame(
            system.notifications.map(Self.text), try Self.expected(name, "notifications"))
        #expect(system.engine.lateRecords == 0)
        #expect(system.desk.counters == AlertDesk.Counters())
    }

    @Test func theEnvironmentMovesThresholds() throws {
        var strict = try System("boulder-fest", environment: ["ERROR_RATE_THRESHOLD": "0.000001"])
        strict.run()
        var lax = try System("boulder-fest", environment: ["ERROR_RATE_THRESHOLD": "0.999"])
        lax.run()
        func count(_ system: System) -> Int {
            system.transitions.count { $0.alert == "HighErrorRate" && $0.state == .firing }
        }
        #expect(count(strict) > 0)
        #expect(count(lax) == 0)
        var off = try System("rose", environment: ["ALERT_CIRCUIT_BREAKER_ENABLED": "false"])
        off.run()
        #expect(!off.transitions.contains { $0.alert == "circuit_breaker_open" })
        #expect(off.transitions.contains { $0.alert == "high_error_rate" })
    }

    @Test func roseSaysItInTheWordsOfItsDocument() throws {
        var system = try System("rose")
        system.run()
        let summaries = system.notifications.flatMap(\.alerts).filter(\.isFiring)
            .compactMap { $0.annotations["summary"] }
        #expect(
            summaries.contains(
                "Alert: high_error_rate - error_rate_percent is 6.50 (threshold: 5.00)"))
    }
}
