import LogAlerting
import Testing

@Suite struct AlertConfigurationTests {
    private func parse(_ text: String) throws(AlertFileError) -> AlertConfiguration {
        try AlertConfiguration.parse(text, file: "alerts.yaml", channelKinds: ["stdout", "file"])
    }

    @Test func everythingIsRead() throws {
        let configuration = try parse(
            """
            groups:
              - name: web
                rules:
                  - alert: slow
                    condition: p95(duration_ms) > 1s over 5m by endpoint
                    for: 2m
                    labels: {severity: P1, team: web}
                    annotations:
                      summary: "{{ $labels.endpoint }} takes {{ $value | humanizeDuration }}"
            route: {receiver: b}
            receivers:
              - {name: a, stdout_configs: [{}]}
              - {name: b, file_configs: [{path: x}]}
            """)
        let rule = try #require(configuration.rules.first)
        #expect(rule.name == "slow")
        #expect(rule.group == "web")
        #expect(rule.pendingDuration == 120_000_000_000)
        #expect(rule.severity == .high)
        #expect(configuration.receiver.name == "b")
        #expect(configuration.receiver.channels.map(\.kind) == ["file"])
        #expect(configuration.receivers.count == 2)
    }

    private func rule(_ lines: String) -> String {
        """
        groups:
          - name: g
            rules:
              - alert: a
        \(lines.split(separator: "\n").map { "        " + $0 }.joined(separator: "\n"))
        """
    }

    private func expect(
        _ text: String, _ place: String, _ message: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(throws: AlertFileError.self) { try parse(text) }
        #expect(
            error.description.hasPrefix("alerts.yaml:\(place): "), "\(error)",
            sourceLocation: sourceLocation)
        #expect(error.message.contains(message), "\(error)", sourceLocation: sourceLocation)
    }

    @Test func faultsNameTheirPlace() throws {
        try expect("", "1:1", "the file is empty")
        try expect("- a", "1:1", "an alert file is a mapping")
        try expect("groups: [\n", "2:1", "no YAML")
        try expect("receivers: []", "1:1", "no `groups:`")
        try expect("route: {}", "1:8", "has no `receiver`")
        try expect("groups: []\nrules: []", "2:1", "rules stand in a group")
        try expect("groups: []\nrecievers: []", "2:1", "did you mean `receivers`")
        try expect("groups: []\ngroups: []", "1:1", "stands here twice")
        try expect("groups: 5", "1:9", "`groups` is a list, not the text `5`")
        try expect("groups: [{name: g}]", "1:10", "has no `rules`")
        try expect("groups: [{rules: []}]", "1:10", "has no `name`")
        try expect(rule("expr: up == 0"), "5:15", "LogsQL with `| stats`")
        try expect(rule("for: 5m"), "4:9", "the rule `a` has no `condition`")
        let good = "condition: error_rate > 5% over 5m\n"
        try expect(rule("condition: error_rate > 5 over 5m"), "5:33", "write percent")
        try expect(rule("condition: 'error_rate > 5 over 5m'"), "5:34", "write percent")
        try expect(rule(good + "for: soon"), "6:14", "`soon` is no duration")
        try expect(rule(good + "lables: {}"), "6:9", "did you mean `labels`")
        try expect(rule(good + "labels: {severity: huge}"), "6:28", "unknown severity `huge`")
        try expect(rule(good + "labels: [a]"), "6:17", "mapping of names to texts")
        try expect(
            rule(good + "annotations: {summary: 'a {{ $label.x }}'}"), "6:35", "a template knows")
        try expect(rule(good + "annotations: {summary: '{{ $value'}"), "6:33", "not closed")
        try expect(
            rule(good + "annotations: {summary: '{{ $value | upper }}'}"), "6:33",
            "unknown template filter `upper`")
        for text in [
            "or $labels.x", "or $labels.x y", "or $labels.x \"y", "or $labels. \"y\"",
            "or x \"y\"", "or $labels.x \"\\q\"", "$labels.x $value", "printf", "1 |", "| len",
            "(len $value", "len $value)", "index $value 1", "$value | $labels.x", "else x",
        ] {
            try expect(
                rule(good + "annotations: {summary: '{{ \(text) }}'}"), "6:33", "a template knows")
        }
        try expect(
            "groups: []\nreceivers: [{name: a, type: stdout}]", "2:23",
            "lists of channels: stdout_configs, file_configs")
        try expect(
            "groups: []\nreceivers: [{name: a, pager_configs: []}]", "2:23",
            "no channels of that kind; there are stdout_configs, file_configs")
        try expect(
            "groups: []\nreceivers: [{name: a, stdot_configs: []}]", "2:23",
            "did you mean `stdout_configs`")
        try expect(
            "groups: []\nreceivers: [{name: a}]\nroute: {receiver: b}", "3:19",
            "no receiver `b`; there are `a`")
    }

    @Test func aLabelThatIsMissingIsNothingOrAText() throws {
        func f(_ template: String, _ want: String) throws {
            let text = """
                groups:
                  - name: g
                    rules:
                      - alert: a
                        condition: count(event:login_failed) >= 1 over 1m by user, client_ip
                        annotations: {summary: '\(template)'}
                """
            let line = TestStream.line(1, #""event":"login_failed","user":"ann","client_ip":"""#)
            let transitions = TestStream.run(try parse(text).rules, [line])
            #expect(transitions.first?.annotations["summary"] == want)
        }
        try f("{{ $labels.user }} from {{ $labels.client_ip }}.", "ann from .")
        try f(#"{{ or $labels.user "?" }} from {{or $labels.client_ip "a | b"}}"#, "ann from a | b")
        try f("{{  or  $labels.none  `no one` }}", "no one")
        try f(#"{{ or $labels.client_ip "" }}"#, "")
    }

    @Test func hostileFilesAreFaults() {
        for text in [
            String(repeating: "[", count: 100_000), "\u{0}", "a: *nowhere", "? [a]\n: b",
            "groups: &g [{name: g, rules: *g}]", "--- a\n--- b", "%", "groups:\n\t- a",
        ] {
            #expect(throws: AlertFileError.self) { try parse(text) }
        }
    }

    @Test func theDefaultTextIsValid() throws {
        let configuration = try AlertConfiguration.makeDefault()
        #expect(
            configuration.rules.map(\.name) == [
                "high_error_rate", "slow_responses", "server_error_burst", "failed_logins",
            ])
        #expect(configuration.receiver.channels.map(\.kind) == ["stdout"])
    }
}
