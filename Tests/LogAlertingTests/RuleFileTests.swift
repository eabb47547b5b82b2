import LogAlerting
import Testing

/// Rule files as other systems have them, and what weir adds.
@Suite struct RuleFileTests {
    private typealias S = TestStream

    private func parse(_ text: String) throws(AlertFileError) -> AlertConfiguration {
        try AlertConfiguration.parse(text, file: "r.yaml", channelKinds: ["stdout"])
    }

    private func rule(_ lines: String, group: String = "interval: 0") -> String {
        """
        groups:
          - name: g
            \(group == "interval: 0" ? "labels: {}" : group)
            rules:
              - alert: a
        \(lines.split(separator: "\n").map { "        " + $0 }.joined(separator: "\n"))
        """
    }

    /// A file of vmalert's type for LogsQL, with what such files have in them.
    @Test func aRuleFileOfVictoriaLogsLoadsAsItIs() throws {
        let configuration = try parse(
            """
            groups:
              - name: logs
                type: vlogs
                interval: 1m
                limit: 10
                concurrency: 2
                eval_delay: 30s
                labels: {team: web}
                headers: ["AccountID: 0"]
                rules:
                  - alert: HasErrors
                    expr: 'env: "prod" AND status:~"error|warn" | stats by (service) count() as errorLog | filter errorLog:>0'
                    for: 5m
                    debug: true
                    labels: {severity: warning}
                    annotations:
                      description: "Service {{$labels.service}} generated {{$labels.errorLog}} error logs"
                  - record: nginxRequestCount
                    expr: 'env: "test" AND service: "nginx" | stats count(*) as requests'
                  - alert: TooManyFailedRequests
                    expr: '_time:5m * | extract_nothing'
            """.replacing(
                "_time:5m * | extract_nothing",
                with: "_time:5m | stats count() if (status_code:>=500) as failed, count() as total "
                    + "| math failed / total as share | filter share:>0.01"))
        #expect(configuration.rules.map(\.name) == ["HasErrors", "TooManyFailedRequests"])
        #expect(configuration.rules[0].condition.window == 60_000_000_000)
        #expect(configuration.rules[0].condition.groupBy == ["service"])
        #expect(configuration.rules[1].condition.window == 300_000_000_000)
        #expect(configuration.rules[0].labels["team"]?.source == "web")
        let notes = configuration.notes.map(\.description)
        #expect(notes.contains { $0.hasPrefix("r.yaml:5:5: `limit` has no effect") })
        #expect(notes.contains { $0.contains("`nginxRequestCount` is skipped") })
        #expect(notes.count == 6)
    }

    @Test func anExpressionFires() throws {
        let rules = try parse(
            rule(
                """
                expr: 'event:login_failed | stats by (client_ip) count() as n, count_uniq(user) u | filter n:>2 u:>=2'
                labels: {severity: P1}
                """, group: "interval: 30s")
        ).rules
        let lines = (0..<4).map {
            S.line(Double($0), #""event":"login_failed","client_ip":"a","user":"u\#($0 % 2)""#)
        }
        let got = S.run(rules, lines + [S.login(200, "x")])
        #expect(S.shown(got) == ["firing 30.0 a", "resolved 60.0 a"])
        #expect(got.first?.value == 4)
        #expect(got.first?.threshold == 2)
        // One user is not enough.
        #expect(S.run(rules, (0..<9).map { S.login(Double($0)) } + [S.login(200, "x")]).isEmpty)
    }

    /// A value is called by the name that `math` gave it, in records and in messages.
    @Test(arguments: [
        // The share is what the rule is about, and not that there are enough records.
        ("math bad / n as share | filter n:>2 share:>0.5", "share", 0.75, 0.5),
        ("math bad / n as share | filter share:>0.5", "share", 0.75, 0.5),
        ("math bad / n as share, share * 100 as percent | filter percent:>50", "percent", 75, 50),
        // The last one is compared with nothing: what is compared keeps its name.
        ("math bad / n as share, n * 1 as k | filter share:>0.5", "share", 0.75, 0.5),
        ("math bad / n as share", "share", 0.75, 0),
        ("math bad / n as n | filter n:>0.5", "n", 0.75, 0.5),
        ("filter n:>2 bad:>1", "count(*)", 4, 2),
        ("math bad / n as share | filter n:>2", "count(*)", 4, 2),
    ])
    func aValueHasTheNameThatMathGaveIt(
        pipes: String, subject: String, value: Double, threshold: Double
    ) throws {
        let rules = try parse(
            rule(
                "expr: '* | stats count() as n, count() if (status_code:500) as bad | \(pipes)'",
                group: "interval: 30s")
        ).rules
        let lines = [500, 200, 500, 500].enumerated().map { S.request(Double($0), $1) }
        let got = S.run(rules, lines + [S.request(200)])
        let firing = try #require(got.first { $0.state == .firing && $0.value == value })
        #expect(firing.subject == subject && firing.threshold == threshold)
        let sentence = AlertNotification.Alert(firing).sentence
        #expect(sentence.hasPrefix("\(subject) is \(firing.unit.text(value)) (threshold "))
        #expect(firing.jsonLine.contains("\(subject) is "))
    }

    @Test(arguments: [
        ("level:ERROR", "with `| stats` right behind"),
        ("sum(rate(http_requests_total[5m])) > 5", "this looks like PromQL"),
        ("* | fields a | stats count() n", "`fields a` comes before it"),
        ("* | stats by (_time:5m) count() n", "it has no buckets"),
        ("* | stats uniq_values(a) n", "record by record"),
        ("* | stats count() n | sort by (n)", "`sort` has no place in a rule"),
        ("* | stats count() n | filter m:>1", "`stats` gives no result called `m`"),
        ("* | stats count() n | math n / k as r", "no result called `k`"),
        ("* | stats count() n | math rand() as r", "`rand()` has no place"),
        ("_time:2025-01-01 | stats count() n", "no window that slides"),
        ("_time:2w | stats count() n", "between 1s and 1d"),
        ("a:in(* | fields a) | stats count() n", "asks another query"),
    ])
    func whatCannotBeEvaluatedRecordByRecordIsAnError(expr: String, message: String) throws {
        let text = rule("expr: '\(expr)'")
        let error = try #require(throws: AlertFileError.self) { try parse(text) }
        #expect(error.message.contains(message), "\(error)")
    }

    /// A text that is searched for is no query of another language.
    @Test func aQuotedTextMayLookLikePromQL() throws {
        let text = rule(#"expr: '"query rate(http_requests_total[5m]) failed" | stats count() n'"#)
        #expect(try parse(text).rules.count == 1)
    }

    @Test func otherTypesOfRulesAreRefused() throws {
        let text = rule("condition: count(a:b) > 1 over 1m", group: "type: prometheus")
        let error = try #require(throws: AlertFileError.self) { try parse(text) }
        #expect(error.message.contains("weir evaluates LogsQL"))
        #expect(error.line == 3)
    }

    // MARK: Levels, evaluations, keeping on

    private let levels = """
        condition: error_rate over 1m min 1 samples
        levels:
          - {severity: P0, when: '> 50%'}
          - {severity: P1, when: '> 10%', for: 20s}
        """

    @Test func oneAlertChangesItsSeverity() throws {
        let rules = try parse(rule(levels)).rules
        let few = (0..<20).map { S.request(Double($0 * 2), $0 % 5 == 4 ? 500 : 200) }
        let many = (20..<40).map { S.request(Double($0 * 2), 500) }
        let fine = (40..<100).map { S.request(Double($0 * 2), 200) }
        let got = S.run(rules, few + many + fine)
        #expect(got.map(\.state.rawValue) == ["pending", "firing", "firing", "firing", "resolved"])
        #expect(got.map { $0.labels["severity"] } == ["P1", "P1", "P0", "P1", "P1"])
        #expect(got.map(\.severity) == [.high, .high, .critical, .high, .high])
        #expect(Set(got.map(\.fingerprint)).count == 1)
        #expect(got[2].threshold == 0.5)
        #expect(Set(got.map(\.startTime)).count == 1)
    }

    @Test func aHarshLevelNeedsNoPatience() throws {
        let rules = try parse(rule(levels)).rules
        let got = S.run(rules, (0..<3).map { S.request(Double($0), 500) } + [S.request(300)])
        #expect(S.shown(got) == ["firing 2.0", "resolved 64.0"])
        #expect(got.first?.severity == .critical)
    }

    @Test func threeOfFiveEvaluations() throws {
        let text = rule("condition: last(load) > 5 over 5s\nevaluations: 3 of 5")
        let rules = try parse(text).rules
        func line(_ second: Double, _ load: Int) -> String {
            S.line(second, #""load":\#(load)"#)
        }
        // Every second value is high: two of five at first, then three.
        let got = S.run(rules, (0..<20).map { line(Double($0), $0 % 2 == 0 ? 9 : 1) })
        #expect(S.shown(got).first == "firing 5.0")
        let rare = S.run(rules, (0..<20).map { line(Double($0), $0 % 4 == 0 ? 9 : 1) })
        #expect(rare.isEmpty)
    }

    @Test func anAlertKeepsFiring() throws {
        let lines = [1.0, 2, 3].map { S.login($0) } + [S.login(90, "x"), S.login(200, "x")]
        let condition = "condition: count(event:login_failed) >= 3 over 30s by client_ip"
        let brief = S.run(try parse(rule(condition)).rules, lines)
        #expect(S.shown(brief) == ["firing 3.0 203.0.113.9", "resolved 32.0 203.0.113.9"])
        let kept = S.run(try parse(rule(condition + "\nkeep_firing_for: 1m")).rules, lines)
        #expect(S.shown(kept) == ["firing 3.0 203.0.113.9", "resolved 92.0 203.0.113.9"])
    }

    @Test func officeHours() throws {
        let text =
            rule(
                "condition: count(event:login_failed) >= 1 over 30s\nactive_time_intervals: [office]"
            )
            + "\ntime_intervals:\n  - name: office\n    time_intervals:\n"
            + "      - times: [{start_time: '10:05', end_time: '11:00'}]\n"
        let rules = try parse(text).rules
        #expect(S.run(rules, [S.login(10), S.login(200)]).isEmpty)
        #expect(S.shown(S.run(rules, [S.login(310.5), S.login(400)])).first == "firing 311.0")
    }

    @Test(arguments: [
        ("condition: error_rate over 1m", "a comparison is wanted"),
        (
            "condition: error_rate > 5% over 1m\nlevels: [{severity: P0, when: '> 9%'}]",
            "leave it out"
        ),
        ("condition: error_rate over 1m\nlevels: []", "`levels` is empty"),
        ("condition: error_rate over 1m\nlevels: [{severity: P0}]", "has no `when`"),
        ("condition: error_rate over 1m\nlevels: [{severity: P0, when: '> 5'}]", "write percent"),
        (
            "condition: error_rate over 1m\nlevels: [{severity: P0, when: '> 1%'}, {severity: P1, when: '> 2%'}]",
            "no harder than that of P1"
        ),
        (
            "condition: error_rate over 1m\nlevels: [{severity: P0, when: '> 1%'}, {severity: critical, when: '> 2%'}]",
            "same severity"
        ),
        (
            "condition: error_rate over 1m\nlevels: [{severity: P0, when: '> 1%'}, {severity: P1, when: '< 2%'}]",
            "in the same way"
        ),
        (
            "condition: error_rate over 1m\nlevels: [{severity: P0, when: '> 1%'}]\nlabels: {severity: P1}",
            "own severity"
        ),
        ("condition: absent(a:b) for 1m\nlevels: [{severity: P0, when: '> 1'}]", "no levels"),
        ("condition: count(a:b) > 1 over 1m\nevaluations: 6 of 5", "write `3 of 5`"),
        ("condition: count(a:b) > 1 over 1m\nevaluations: 1 of 65", "at most 64"),
        ("condition: count(a:b) > 1 over 1m\nkeep_firing_for: long", "no duration"),
        ("condition: count(a:b) > 1 over 1m for 1m\nfor: 5m", "leave one of them out"),
        ("condition: count(a:b) > 1 over 1m\nexpr: a", "not both"),
        ("condition: count(a:b) > 1 over 1m\nactive_time_intervals: [x]", "no time interval `x`"),
    ])
    func faults(lines: String, message: String) throws {
        let error = try #require(throws: AlertFileError.self) { try parse(rule(lines)) }
        #expect(error.message.contains(message), "\(error)")
    }
}
