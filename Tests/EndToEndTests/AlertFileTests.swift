import Foundation
import Testing

/// Commands beside a running weir mean its rules and routes.
@Suite(.serialized) struct AlertFileTests {
    private static let rules = """
        groups:
          - name: g
            rules:
              - alert: down
                condition: 'count(event:down) > 0 over 1h'
                labels: {severity: critical}
              - alert: slow
                condition: 'count(event:slow) over 1h'
                levels:
                  - {severity: low, when: '> 1'}
                  - {severity: high, when: '> 2'}
        inhibit_rules:
          - {source_matchers: [alertname="down"], target_matchers: [alertname="slow"]}
        receivers: [{name: team}]
        """

    private func objects(_ result: WeirProcess.Result) throws -> [[String: Any]] {
        try result.output.split(separator: 10).map {
            try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
        }
    }

    @Test func commandsMeanTheFileOfTheWeirThatRuns() throws {
        let scratch = try Scratch()
        let file = try scratch.write("alerts.yaml", Self.rules)
        let lines = ["down", "slow", "slow", "slow"].map {
            "{\"timestamp\":\"2026-01-05T10:00:00Z\",\"event\":\"\($0)\"}\n"
        }
        // A path that is right from where weir started, and from nowhere else.
        let ingested = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--alerts", "alerts.yaml", "-", in: scratch,
            input: Data(lines.joined().utf8))
        #expect(ingested.status == 0, "\(ingested.errors)")

        let elsewhere = try Scratch()
        func alerts(_ words: String...) throws -> WeirProcess.Result {
            try WeirProcess.Running(
                ["alerts", words[0], "--data", scratch.data] + words.dropFirst(), in: elsewhere
            ).wait()
        }
        let list = try objects(try alerts("list", "-o", "json"))
        #expect(list.map { $0["alert"] as? String } == ["down", "slow"])
        #expect(list.map { $0["state"] as? String } == ["firing", "inhibited"])
        #expect(list.map { $0["receivers"] as? [String] } == [["team"], ["team"]])

        // An alert is shown with the highest severity that it came to.
        let tested = try alerts("test")
        #expect(tested.status == 0, "\(tested.errors)")
        #expect(tested.lines.count == 3)
        #expect(tested.lines.last?.contains(" high ") == true, "\(tested.text)")
        #expect(tested.lines.last?.contains(" is 3 (threshold 2)") == true, "\(tested.text)")

        let typo = try alerts("list", "sliences")
        #expect(typo.status == 2)
        #expect(typo.errors.contains("did you mean `weir alerts silences`?"), "\(typo.errors)")
        let reversed = try alerts("test", "--since", "1h", "--until", "2h")
        #expect(reversed.status == 2)
        #expect(reversed.errors.contains("--since 1h is not before --until 2h"))

        // Without the file its alerts are shown all the same; what they are tested by must be there.
        try FileManager.default.removeItem(atPath: file)
        let left = try alerts("list", "-o", "json")
        #expect(try objects(left).map { $0["alert"] as? String } == ["down", "slow"])
        #expect(left.errors.contains("alerts.yaml") && left.errors.contains("are not shown"))
        let untested = try alerts("test")
        #expect(untested.status == 2)
        #expect(untested.errors.contains("name another one with --alerts"), "\(untested.errors)")
    }
}
