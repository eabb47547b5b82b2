import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogAlerting

/// Random alerts, silences and acknowledgements against a plain simulation of Alertmanager's rules.
@Suite struct AlertDeskOracleTests {
    private static let routing = """
        route:
          receiver: a
          group_by: [service]
          group_wait: 7s
          group_interval: 20s
          repeat_interval: 90s
          routes:
            - {receiver: b, matchers: [severity=P0], group_by: [], group_wait: 0s, group_interval: 10s, continue: true}
            - {receiver: c, matchers: [service=db], group_by: ['...'], group_wait: 3s, group_interval: 0s, repeat_interval: 60s}
            - {receiver: d, matchers: ['zone=~"z.*"'], mute_time_intervals: [odd]}
        inhibit_rules:
          - {source_matchers: [severity=P0], target_matchers: ['severity=~"P0|P2"'], equal: [service]}
        flapping: off
        storm: off
        time_intervals:
          - name: odd
            time_intervals:
              - times: [{start_time: '10:01', end_time: '10:02'}, {start_time: '10:03', end_time: '10:05'}]
        """

    private static func naive() -> NaiveDesk {
        NaiveDesk(
            routes: [
                .init(receiver: "a", by: ["service"], wait: 7, interval: 20, repetition: 90),
                .init(
                    receiver: "b", takes: { $0["severity"] == "P0" }, continues: true, by: [],
                    wait: 0, interval: 10, repetition: 90),
                .init(
                    receiver: "c", takes: { $0["service"] == "db" }, by: nil, wait: 3,
                    interval: 0, repetition: 60),
                .init(
                    receiver: "d", takes: { $0["zone"]?.hasPrefix("z") == true }, by: ["service"],
                    wait: 7, interval: 20, repetition: 90,
                    isMuted: { [1, 3, 4].contains($0 / 60) }),
            ],
            inhibits: { source, target in
                // P0 is on both sides of the rule, so that those do not inhibit each other.
                source["severity"] == "P0" && target["severity"] == "P2"
                    && source["service"] == target["service"]
            })
    }

    private static let alerts: [(text: String, alert: NaiveDesk.Alert)] = {
        var result: [(String, NaiveDesk.Alert)] = []
        for (index, service) in ["api", "db", "web"].enumerated() {
            for severity in ["P0", "P1", "P2"] {
                for zone in ["z1", "y1"] {
                    let name = "\(severity)\(index)\(zone)"
                    result.append(
                        (
                            "\(name)/\(severity) service=\(service) zone=\(zone)",
                            .init(
                                name: name,
                                labels: [
                                    "service": service, "severity": severity, "zone": zone,
                                    "alertname": name,
                                ])
                        ))
                }
            }
        }
        return result
    }()

    private struct Run {
        let fixture: DeskFixture
        var naive = AlertDeskOracleTests.naive()
        var random: SeededGenerator
        var isFiring: Set<Int> = []
        var silences = 0

        mutating func step(_ second: Int) throws {
            let time = Double(second)
            // A caller that comes late or often makes no difference.
            if random.below(3) == 0 { fixture.advance(time) }
            naive.look(at: second)
            let index = random.below(AlertDeskOracleTests.alerts.count)
            let (text, alert) = AlertDeskOracleTests.alerts[index]
            switch random.below(14) {
            case 0, 1:
                if isFiring.insert(index).inserted {
                    try fixture.fire(time, text)
                    naive.fire(alert, at: second)
                }
            case 2:
                if isFiring.remove(index) != nil {
                    try fixture.resolve(time, text)
                    naive.resolve(alert.name)
                }
            case 3 where random.below(3) == 0: try silence(second)
            case 4 where !naive.silences.isEmpty:
                let id = random.pick(naive.silences.keys.sorted())
                if let silence = naive.silences[id], second < silence.end {
                    fixture.command(time, .expire(id: id, reason: ""))
                    naive.silences[id]?.end = second
                }
            case 5:
                let isOn = random.below(3) > 0
                fixture.command(
                    time,
                    isOn
                        ? .acknowledge(.name(alert.name), note: "", end: nil)
                        : .unacknowledge(.name(alert.name)))
                naive.acknowledge(alert.name, at: second, isOn: isOn)
            default: break
            }
            naive.look(at: second)
        }

        private mutating func silence(_ second: Int) throws {
            silences += 1
            let start = second + random.below(3) * 10
            let end = start + 5 + random.below(60)
            let service = random.pick(["api", "db", "web"])
            try fixture.silence(
                Double(second), "service=\(service)", until: Double(end), from: Double(start),
                id: "s\(silences)")
            naive.silences["s\(silences)"] = .init(
                matches: { $0["service"] == service }, start: start, end: end)
        }
    }

    /// The messages, those of one instant in one order, alerts by name, without who acknowledged them.
    private func normal(_ messages: [String]) -> [String] {
        messages.map { message in
            var words = message.replacing("(ann)", with: "").split(separator: " ").map(String.init)
            words[3...].sort()
            return String(repeating: "0", count: 6 - words[0].count)
                + words.joined(separator: " ")
        }.sorted()
    }

    /// An acknowledgement of several alerts by one name is told in one message, and here each has its own.
    @Test(arguments: 0..<20) func randomHistories(seed: Int) throws {
        var run = Run(
            fixture: try DeskFixture(Self.routing), random: SeededGenerator(seed: UInt64(seed)))
        for second in 0..<420 { try run.step(second) }
        run.fixture.advance(420)
        run.naive.look(at: 420)
        let told = normal(run.fixture.notifications.map(DeskFixture.shown))
        let want = normal(run.naive.messages)
        #expect(want.count > 20)
        guard told != want else { return }
        let (extra, missing) = (Set(told).subtracting(want), Set(want).subtracting(told))
        Issue.record(
            "seed \(seed): told \(extra.sorted().prefix(3)), should \(missing.sorted().prefix(3))")
    }
}
