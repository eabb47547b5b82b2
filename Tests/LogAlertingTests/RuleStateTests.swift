import LogAlerting
import LogBytes
import TestSupport
import Testing

/// Measures that runbooks name, one by one; restarts, reloads, damage.
@Suite struct RuleStateTests {
    private typealias S = TestStream

    private func expect(
        _ condition: String, _ lines: [String], _ want: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let got = S.shown(S.run([try S.rule(condition)], lines))
        #expect(got == want, sourceLocation: sourceLocation)
    }

    private func gauge(_ second: Double, _ value: Double, _ host: String = "h") -> String {
        S.line(second, #""memory_percent":\#(value),"host":"\#(host)""#)
    }

    @Test func aGaugeOfAHost() throws {
        let lines = (0..<30).map { gauge(Double($0), $0 < 15 ? 90 : 10) }
        try expect(
            "avg(memory_percent) > 80% over 10s by host", lines,
            ["firing 1.0 h", "resolved 17.0 h"])
        try expect("max(memory_percent) > 95 over 10s by host", lines, [])
        try expect(
            "max(memory_percent) > 80 over 10s by host", lines, ["firing 0.0 h", "resolved 25.0 h"])
        try expect(
            "last(memory_percent) < 20 over 10s by host", lines, ["firing 16.0 h"])
    }

    @Test func differentUsersFromOneAddress() throws {
        func attempt(_ second: Double, _ user: Int) -> String {
            S.line(second, #""client_ip":"a","user":"u\#(user)""#)
        }
        let rule = "distinct(user) >= 3 over 30s by client_ip"
        try expect(
            rule, [attempt(1, 1), attempt(2, 2), attempt(2.5, 1), attempt(3, 3), attempt(90, 1)],
            ["firing 3.0 a", "resolved 33.0 a"])
        try expect(rule, (0..<50).map { attempt(Double($0) / 10, $0 % 2) }, [])
    }

    /// Beyond the exact limit a sketch counts, within three standard errors.
    @Test func manyDifferentValuesAreEstimated() throws {
        let lines = (0..<20_000).map { S.line(1, #""user":"u\#($0)""#) }
        func fires(_ threshold: Int) throws -> Bool {
            !S.run([try S.rule("distinct(user) >= \(threshold) over 30s")], lines).isEmpty
        }
        #expect(try fires(18_600))
        #expect(try !fires(21_400))
        let few = Array(lines.prefix(200))
        let got = S.run([try S.rule("distinct(user) >= 200 over 30s")], few)
        #expect(got.first?.value == 200)
    }

    @Test func anErrorThatNobodyHasSeen() throws {
        func error(_ second: Double, _ type: String) -> String {
            S.line(second, #""level":"ERROR","error_type":"\#(type)""#)
        }
        let usual = (0..<100).map { error(Double($0 * 10), "Timeout") }
        let rule = "new(error_type) where level:ERROR over 1h"
        try expect(
            rule, usual + [error(1_000, "OutOfMemory"), error(1_001, "OutOfMemory")],
            ["firing 1000.0 OutOfMemory"])
        // What comes while it learns is usual.
        try expect(rule, [error(0, "A"), error(10, "B"), error(20, "C")], [])
        try expect(
            "new(error_type) over 1h learning 0", [error(0, "A"), error(10, "B"), error(400, "A")],
            ["firing 0.0 A", "firing 10.0 B", "resolved 310.0 A", "resolved 320.0 B"])
    }

    @Test func silenceIsNoticedByTheClock() throws {
        let engine = RuleEngine(rules: [try S.rule("absent(service:scheduler) for 2m")])
        let beat = S.line(10, #""service":"scheduler""#)
        #expect(S.run(engine, [beat], finish: false).isEmpty)
        #expect(engine.advance(to: S.time(100)).isEmpty)
        #expect(S.shown(engine.advance(to: S.time(150))) == ["firing 132.0"])
        let back = S.run(
            engine, [S.line(160, #""service":"scheduler""#), S.line(190, #""a":1"#)],
            finish: false)
        #expect(S.shown(back) == ["resolved 164.0"])
    }

    @Test func aServiceThatNeverSpeaksIsMissed() throws {
        let other = (0..<200).map { S.line(Double($0), #""service":"api""#) }
        try expect("absent(service:scheduler) for 2m", other, ["firing 120.0"])
        try expect("absent(service:scheduler) for 2m by service", other, [])
        let silent = RuleEngine(rules: [try S.rule("absent(service:scheduler) for 2m")])
        #expect(silent.advance(to: S.time(0)).isEmpty)
        #expect(S.shown(silent.advance(to: S.time(140))) == ["firing 120.0"])
    }

    @Test func paymentFailures() throws {
        func payment(_ second: Double, _ outcome: String) -> String {
            S.line(second, #""event":"payment_\#(outcome)""#)
        }
        let good = (0..<100).map { payment(Double($0) / 10, "ok") }
        let rule = "ratio(event:payment_failed / event:payment*) > 1% over 1m"
        try expect(rule, good + [payment(10, "failed"), S.login(10)], [])
        try expect(
            rule, good + [payment(10, "failed"), payment(10, "failed")], ["firing 12.0"])
        let lines = (0..<40).map { payment(Double($0) / 10, $0 % 10 == 0 ? "failed" : "ok") }
        try expect(
            "ratio(event:payment_ok / event:payment*) < 95% over 1m", lines, ["firing 2.0"])
    }

    @Test func twiceAsMuchAsUsual() throws {
        let usual = (0..<600).map { S.request(Double($0) * 2) }
        let spike = (0..<300).map { S.request(1_200 + Double($0) / 5) }
        let rule = "request_rate > 2x baseline(10m) over 1m"
        let got = S.run([try S.rule(rule)], usual + spike)
        #expect(S.shown(got) == ["firing 1208.0"])
        #expect(got.first.map { abs($0.threshold - 1) < 0.1 } == true)
        try expect(rule, usual, [])
        // A system that has just started has no past.
        try expect(rule, Array(spike.prefix(100)), [])
    }

    // MARK: Restarts and reloads

    @Test func damageIsAnErrorAndNoTrap() throws {
        let rules = try [
            "p95(duration_ms) > 1s over 1m by service min 2 samples", "new(event) over 1h",
            "distinct(event) > 5 over 1m", "last(duration_ms) > 5 over 1m",
            "absent(a:b) for 1m", "count(*) > 2x baseline(10m) over 1m",
        ].enumerated().map { try S.rule($1, name: "r\($0)") }
        let engine = RuleEngine(rules: rules)
        let lines = (0..<60).map { S.request(Double($0), 200, Double($0 * 40)) }
        _ = S.run(
            engine, lines + [S.login(30), S.login(90_000), S.login(90_001)], finish: false)
        var bytes = ByteWriter()
        engine.snapshot(into: &bytes)
        let good = Array(bytes.view)
        var refused = 0
        func read(_ bytes: [UInt8]) {
            let fresh = RuleEngine(rules: rules)
            let isRead = bytes.withView { view -> Bool in
                var reader = ByteReader(view)
                return (try? fresh.restore(from: &reader)) != nil
            }
            if !isRead {
                refused += 1
                #expect(fresh.groupCount == 0 && fresh.latestTime == nil)
            }
            // Whatever was read can be gone on with.
            _ = S.run(fresh, [S.request(70), S.login(71), S.request(4_000)])
        }
        read(good)
        #expect(refused == 0)
        var random = SeededGenerator(seed: 7)
        for _ in 0..<400 {
            var bad = good
            bad[Int.random(in: 0..<bad.count, using: &random)] = .random(
                in: 0...255, using: &random)
            read(bad)
        }
        for length in stride(from: 0, to: good.count, by: max(good.count / 200, 1)) {
            read(Array(good.prefix(length)))
        }
        #expect(refused > 200)
    }

    @Test func aReloadKeepsWhatDidNotChange() throws {
        let kept = try S.rule("count(event:login_failed) >= 3 over 1m by client_ip", name: "kept")
        let gone = try S.rule("count(event:login_failed) >= 2 over 1m", name: "gone")
        let fresh = try S.rule("count(event:login_failed) >= 1 over 1m", name: "fresh")
        let engine = RuleEngine(rules: [kept, gone])
        let before = S.run(engine, [S.login(1), S.login(2)], finish: false)
        #expect(before.map(\.alert) == ["gone"])
        let renamed = try S.rule(
            "count(event:login_failed) >= 3 over 1m by client_ip", name: "kept",
            labels: "{severity: low}")
        let ended = engine.reload(rules: [fresh, renamed])
        #expect(ended.map(\.alert) == ["gone"])
        #expect(ended.map(\.state) == [.resolved])
        // Its condition holds still, and nobody is told otherwise.
        #expect(ended.first?.message == "gone resolved: its rule was changed or removed")
        #expect(ended.first?.value == 2)
        let after = S.run(engine, [S.login(3)], finish: false)
        #expect(after.map(\.alert).sorted() == ["fresh", "kept"])
        #expect(after.first { $0.alert == "kept" }?.severity == .low)
    }
}
