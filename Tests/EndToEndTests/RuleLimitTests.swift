import Foundation
import Testing

/// What rules have no room for is told: in the summary and as metrics.
@Suite struct RuleLimitTests {
    /// More than groups of a rule (10,000), or values of one with `new` (100,000, its group among them).
    private static let values = 100_020

    private func ingest(_ count: Int) throws -> (summary: String, metrics: String) {
        let scratch = try Scratch()
        let rules = try scratch.write(
            "alerts.yaml",
            """
            groups:
              - name: g
                rules:
                  - {alert: many, condition: 'count(*) > 5 over 1m by u'}
                  - {alert: fresh, condition: 'new(u) over 1d learning 1h'}
            receivers: [{name: nobody}]
            """)
        let metrics = scratch.url.appendingPathComponent("metrics")
        let lines = (0..<count).map { "{\"timestamp\":\"2026-01-05T10:00:00Z\",\"u\":\"\($0)\"}\n" }
        let file = try scratch.write("lines", lines.joined())
        let result = try WeirProcess.Running(
            [
                "ingest", "--data", scratch.data, "--alerts", rules, "--metrics-file",
                metrics.path, "-",
            ], in: scratch, input: try FileHandle(forReadingFrom: URL(filePath: file))
        ).wait()
        #expect(result.status == 0, "\(result.errors)")
        return (result.errors, try String(contentsOf: metrics, encoding: .utf8))
    }

    @Test func whatRulesHaveNoRoomForIsTold() throws {
        let full = try ingest(Self.values)
        #expect(
            full.summary.contains(
                "left out of rules that have as many groups as they may: 90,020 records"))
        #expect(
            full.summary.contains(
                "not remembered by rules with `new`, which have as many values as they may: 21;"))
        #expect(full.metrics.contains("\nweir_alert_groups_refused_total 90020\n"))
        #expect(full.metrics.contains("\nweir_alert_values_refused_total 21\n"))
        let room = try ingest(10)
        #expect(!room.summary.contains("left out of rules"))
        #expect(!room.summary.contains("not remembered"))
        #expect(room.metrics.contains("\nweir_alert_values_refused_total 0\n"))
    }
}
