import Foundation
import LogAlerting
import LogRecords
import Testing

@Suite struct AlertTransitionTests {
    private func transitions(_ labels: String, service: String = "api") throws -> [AlertTransition]
    {
        let rule = try TestStream.rule(
            "error_rate > 5% over 1m by service", name: "high_error_rate", labels: labels)
        let bad = (0..<40).map {
            TestStream.request(Double($0) / 10, $0 % 8 == 0 ? 500 : 200, service: service)
        }
        return TestStream.run([rule], bad + [TestStream.request(100, service: "x")])
    }

    @Test func theRecordOfATransition() throws {
        let lines = try transitions("{severity: critical, team: web}").map(\.jsonLine)
        #expect(
            lines.first
                == #"{"timestamp":"2026-01-05T10:00:02.000Z","level":"ERROR","logger":"weir.alerts","#
                + #""event":"alert_firing","alert":"high_error_rate","severity":"critical","#
                + #""value":0.15,"threshold":0.05,"unit":"fraction","window":"1m","#
                + #""started":"2026-01-05T10:00:02.000Z","#
                + #""fingerprint":"\#(try transitions("{}")[0].fingerprint)","#
                + #""labels":{"alertname":"high_error_rate","service":"api","severity":"critical","#
                + #""team":"web"},"#
                + #""message":"high_error_rate firing: error_rate is 15% (threshold 5%) over 1m, "#
                + #"service=api"}"#)
        #expect(lines.last?.contains(#""level":"INFO","#) == true)
        #expect(lines.last?.contains(#""event":"alert_resolved""#) == true)
    }

    @Test(arguments: [
        ("P0", "ERROR"), ("high", "ERROR"), ("warning", "WARNING"), ("P2", "WARNING"),
        ("low", "INFO"), ("info", "INFO"),
    ])
    func severityBecomesALevel(severity: String, level: String) throws {
        #expect(try transitions("{severity: \(severity)}").first?.level == level)
    }

    @Test func whatLinesSayIsEscaped() throws {
        let line = try #require(transitions("{}", service: #"a\"\u0001\\"#).first?.jsonLine)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect((object?["labels"] as? [String: String])?["service"] == "a\"\u{1}\\")
    }

    @Test func fingerprintsTellAlertsApart() throws {
        let first = try transitions("{severity: critical, v: '{{ $value }}'}")
        let second = try transitions("{}", service: "other")
        #expect(Set(first.map(\.fingerprint)).count == 1)
        #expect(first.count == 2)
        #expect(first[0].fingerprint != second[0].fingerprint)
        #expect(first[0].labels["v"] == "15%")
    }

    /// Prometheus' files have a rule for each severity, all of one name.
    @Test func rulesOfOneNameAreToldApart() throws {
        func fingerprints(_ rules: String) throws -> (alerts: [String], notes: [AlertFileNote]) {
            let text = "groups:\n  - name: g\n    rules:\n" + rules
            let file = try AlertConfiguration.parse(
                text, file: "t.yaml", channelKinds: ["stdout"])
            let lines = (0..<9).map { TestStream.login(Double($0)) }
            let fired = TestStream.run(file.rules, lines).filter { $0.state == .firing }
            return (fired.map(\.fingerprint), file.notes)
        }
        func rule(_ count: Int, _ severity: String) -> String {
            "      - {alert: a, condition: 'count(event:login_failed) > \(count) over 1m', "
                + "labels: {severity: \(severity)}}\n"
        }
        let alone = try fingerprints(rule(2, "low"))
        let both = try fingerprints(rule(2, "low") + rule(5, "high"))
        #expect(both.alerts.count == 2)
        #expect(Set(both.alerts).count == 2)
        // A rule that is added changes none that were there.
        #expect(both.alerts.first == alone.alerts.first)
        #expect(both.notes.isEmpty)
        let same = try fingerprints(rule(2, "low") + rule(5, "low") + rule(5, "low"))
        #expect(Set(same.alerts).count == 3)
        #expect(same.notes.map(\.line) == [5, 6])
        #expect(same.notes.first?.message.contains("cannot tell their alerts apart") == true)
    }

    @Test(arguments: [
        (ValueUnit.fraction, 0.1234, "12.3%"), (.fraction, 0.000_04, "0.004%"),
        (.milliseconds, 1_240, "1.24s"), (.milliseconds, 350, "350ms"),
        (.milliseconds, 90_000, "1m30s"), (.seconds, 0.5, "500ms"), (.count, 7, "7"),
        (.perSecond, 5.25, "5.25/s"), (.plain, 123_456.7, "123457"), (.fraction, 0, "0%"),
    ])
    func valuesForPeople(unit: ValueUnit, value: Double, want: String) {
        #expect(unit.text(value) == want)
    }

    @Test(arguments: [
        ("90s", 90_000_000_000 as Int64?), ("1h30m", 5_400_000_000_000), ("500ms", 500_000_000),
        ("1.5s", 1_500_000_000), ("", nil), ("5", nil), ("m", nil), ("5m3", nil), ("-5m", nil),
        ("99999999999w", nil), ("5 m", nil), (".5s", nil),
    ])
    func durations(text: String, want: Int64?) { #expect(DurationText.parse(text) == want) }

    @Test func durationsForPeople() {
        #expect(DurationText.text(90_000_000_000) == "1m30s")
        #expect(DurationText.text(86_400_000_000_000) == "1d")
        #expect(DurationText.text(0) == "0s")
    }
}
