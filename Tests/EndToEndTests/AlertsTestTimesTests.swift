import Foundation
import Testing

/// `weir alerts test` over lines that bring no time along.
@Suite struct AlertsTestTimesTests {
    /// They count at the time at which they came, which is stored, and not at the time of the test.
    @Test func linesWithoutATimeCountWhenTheyCame() throws {
        let scratch = try Scratch()
        let rules = try scratch.write(
            "alerts.yaml",
            """
            groups:
              - name: g
                rules:
                  - {alert: failing, condition: 'count(event:failed) >= 3 over 1h by service'}
            receivers: [{name: nobody}]
            """)
        let input = Pipe()
        let weir = try WeirProcess.Running(
            [
                "ingest", "--data", scratch.data, "--alerts", rules, "--commit-interval", "20", "-",
            ], in: scratch, input: input)
        func stored() throws -> Int {
            let found = try WeirProcess.run(
                "query", "--data", scratch.data, "-c", "event:failed", in: scratch
            ).text
            return Int(found.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        }
        func write(_ lines: String...) throws {
            let before = try stored()
            try input.fileHandleForWriting.write(
                contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
            try weir.waitUntil("the lines are stored") { try stored() == before + lines.count }
        }
        // What comes later has another time; a time in a year that is far ahead is none.
        try write(#"{"event":"failed","service":"a"}"#, #"{"event":"failed","service":"b"}"#)
        try write(#"{"event":"failed","service":"a"}"#)
        try write(#"{"event":"failed","service":"a","timestamp":"2099-01-05T10:00:00Z"}"#)
        try write(#"{"event":"failed","service":"b"}"#, #"{"event":"failed","service":"b"}"#)
        try input.fileHandleForWriting.close()
        #expect(try weir.wait().status == 0)
        let live = try LiveSystem.transitionRecords(scratch)
        #expect(live.count { $0.contains("alert_firing") } == 2)

        let replay = try WeirProcess.run(
            "alerts", "test", "--data", scratch.data, "--alerts", rules, "-o", "json", in: scratch)
        #expect(replay.status == 0, "\(replay.errors)")
        let fired = { (lines: [String]) in lines.filter { $0.contains("alert_firing") }.sorted() }
        #expect(fired(replay.lines.map(String.init)) == fired(live))
    }
}
