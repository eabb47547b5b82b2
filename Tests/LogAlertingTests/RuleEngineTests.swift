import LogAlerting
import LogBytes
import LogQuery
import LogRecords
import TestSupport
import Testing

@Suite struct RuleEngineTests {
    private typealias S = TestStream

    private func expect(
        _ condition: String, pending: String = "0s", _ lines: [String], _ want: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let rule = try S.rule(condition, pending: pending)
        for size in [1, 7, 1_000] {
            let got = S.shown(S.run([rule], lines, size: size))
            #expect(got == want, "batches of \(size)", sourceLocation: sourceLocation)
        }
    }

    private let logins = "count(event:login_failed) >= 3 over 1m by client_ip"

    @Test func aCountFiresOnTheRecordThatCrossesIt() throws {
        // The window of a minute has slots of 2 s; the records leave it at 62, 64 and 66.
        try expect(
            logins, [S.login(1), S.login(3), S.login(5.5), S.login(200, "a")],
            ["firing 5.5 203.0.113.9", "resolved 62.0 203.0.113.9"])
    }

    @Test func aCountBelowItsThresholdDoesNotFire() throws {
        try expect(logins, [S.login(1), S.login(3), S.login(64), S.login(66), S.login(200)], [])
        try expect(logins, [S.login(1, "a"), S.login(2, "b"), S.login(3, "c")], [])
        try expect(logins, [], [])
    }

    @Test func groupsAreIndependent() throws {
        let lines = [1.0, 2, 3].flatMap { [S.login($0, "a"), S.login($0 + 0.5, "b")] }
        try expect(logins, lines, ["firing 3.0 a", "firing 3.5 b"])
    }

    @Test func aRecordInTimeButOutOfOrderCounts() throws {
        try expect(logins, [S.login(11), S.login(12), S.login(5)], ["firing 12.0 203.0.113.9"])
        try expect(
            logins, [S.login(12), S.login(12.5), S.login(12.2)], ["firing 12.2 203.0.113.9"])
    }

    @Test func aLateRecordDoesNot() throws {
        let engine = RuleEngine(rules: [try S.rule(logins)])
        let got = S.run(engine, [S.login(11), S.login(12), S.login(1.5)])
        #expect(got.isEmpty)
        #expect(engine.lateRecords == 1)
    }

    @Test func anErrorRateIsEvaluatedWhenASlotEnds() throws {
        // 30 requests in three seconds, then two of ten fail; slots of 10 s.
        let rate = "error_rate > 5% over 5m by service"
        let good = (0..<30).map { S.request(Double($0) / 10) }
        let bad = (0..<10).map { S.request(12 + Double($0) / 10, $0 < 4 ? 500 : 404) }
        try expect(rate, good + bad + [S.request(40)], ["firing 20.0 api"])
        try expect(rate, good + bad, ["firing 20.0 api"])
        try expect(rate, good, [])
    }

    @Test func aSingleFailureAtNightIsNoIncident() throws {
        let rate = "error_rate > 5% over 5m"
        try expect(rate, [S.request(1, 500)], [])
        try expect(rate + " min 1 samples", [S.request(1, 500)], ["firing 10.0"])
        let bad = (0..<20).map { S.request(Double($0) / 10, 500) }
        try expect(rate, bad, ["firing 10.0"])
        try expect(rate, Array(bad.dropLast()), [])
    }

    @Test func aConditionThatHoldsTooShortlyDoesNotFire() throws {
        let burst = (0..<5).map { S.login(10 + Double($0) / 10, "a") }
        let quiet = [S.login(300, "b")]
        // The slot of the burst is in the window until 72.
        try expect(
            logins, pending: "50s", burst + quiet,
            ["pending 10.2 a", "firing 62.0 a", "resolved 72.0 a"])
        try expect(logins, pending: "1m", burst + quiet, ["pending 10.2 a"])
    }

    @Test func aRateIsPerSecond() throws {
        let lines = (0..<70).map { S.line(Double($0) / 10, #""level":"ERROR""#) }
        try expect("rate(level:ERROR) > 1 over 1m", lines, ["firing 6.0"])
        try expect("rate(level:ERROR) > 2 over 1m", lines, [])
    }

    @Test func aQuantileFollowsTheWindow() throws {
        let slow = (0..<40).map { S.request(Double($0) / 10, 200, $0 % 10 == 0 ? 3_000 : 10) }
        let fast = (0..<100).map { S.request(30 + Double($0) / 10, 200, 10) }
        let quantile = "p95(duration_ms) > 1s over 5m by endpoint"
        try expect(quantile, slow + fast, ["firing 10.0 /orders", "resolved 40.0 /orders"])
        try expect("p50(duration_ms) > 1s over 5m", slow + fast, [])
    }

    @Test func groupingByEndpointUsesTemplates() throws {
        let lines = (0..<25).map { S.request(1, 500, endpoint: "/users/\($0)/orders?q=\($0)") }
        try expect(
            "count(status_code:>=500) >= 25 over 1m by service, endpoint", lines,
            ["firing 1.0 api /users/:id/orders"])
    }

    @Test func whereNarrowsARate() throws {
        let lines = (0..<50).map {
            S.request(1, $0 % 10 == 0 ? 500 : 200, service: $0 % 2 == 0 ? "a" : "b")
        }
        try expect("error_rate > 15% over 1m", lines, [])
        try expect("error_rate > 15% where service:a over 1m", lines, ["firing 2.0"])
    }

    @Test func smallerThanAThresholdNeedsData() throws {
        let lines =
            [0.0, 1, 2, 3, 4].map { S.login($0, "a") } + [S.login(100, "b"), S.login(120, "b")]
        try expect(
            "count(event:login_failed) < 4 over 10s by client_ip", lines,
            [
                "firing 1.0 a", "resolved 4.0 a", "firing 12.0 a", "resolved 15.0 a",
                "firing 101.0 b",
                "resolved 111.0 b", "firing 121.0 b",
            ])
    }

    @Test func recordsWithoutATimeCountAtTheLatest() throws {
        try expect(
            logins, [S.login(10), S.login(nil), S.login(nil), S.login(nil)],
            ["firing 10.0 203.0.113.9"])
    }

    @Test func aStreamWithoutTimesUsesItsArrival() throws {
        let rule = try S.rule(logins)
        let got = S.run([rule], [S.login(nil), S.login(nil), S.login(nil)])
        #expect(got.map(\.eventTime) == [S.arrival])
        // Lines with times of their own start anew: a banner without a time must not make them late.
        try expect(
            logins, ["starting", S.login(nil), S.login(1), S.login(2), S.login(3)],
            ["firing 3.0 203.0.113.9"])
    }

    @Test func oneTimeInTheFutureDoesNotMoveTheClock() throws {
        let day = 86_000.0
        try expect(
            logins, [S.login(1), S.login(day, "x"), S.login(2), S.login(3), S.login(100)],
            ["firing 3.0 203.0.113.9", "resolved 62.0 203.0.113.9"])
        // It counts, at the latest time.
        try expect(logins, [S.login(1), S.login(day), S.login(2)], ["firing 2.0 203.0.113.9"])
    }

    @Test func tenTimesInTheFutureMoveIt() throws {
        let later = (0..<10).map { S.login(40_000 + Double($0)) }
        try expect(
            logins, [S.login(1), S.login(2)] + later + [S.login(40_200, "x")],
            ["firing 40002.0 203.0.113.9", "resolved 40068.0 203.0.113.9"])
    }

    @Test func recordsHeldBackAtTheEndCount() throws {
        let later = (0..<3).map { S.login(40_000 + Double($0)) }
        try expect(logins, [S.login(1)] + later, ["firing 40002.0 203.0.113.9"])
    }

    @Test func yearsOfSilenceAreSkipped() throws {
        let engine = RuleEngine(rules: [try S.rule("error_rate > 5% over 1m min 1 samples")])
        let old = #"{"timestamp":"1971-01-01T00:00:00Z","status_code":500}"#
        let new = (0..<10).map { S.request(Double($0), 500) }
        let got = S.run(engine, [old] + new)
        #expect(got.map(\.state) == [.firing, .resolved, .firing])
        #expect(engine.groupCount == 1)
    }

    @Test func idleGroupsAreForgotten() throws {
        let engine = RuleEngine(rules: [try S.rule(logins)])
        _ = S.run(engine, (0..<500).map { S.login(Double($0) / 10, "a\($0)") }, finish: false)
        #expect(engine.groupCount == 500)
        _ = S.run(engine, [S.login(300, "x")], finish: false)
        #expect(engine.groupCount == 1)
    }

    @Test func groupsAreBounded() throws {
        let engine = RuleEngine(rules: [try S.rule(logins)])
        _ = S.run(engine, (0..<10_050).map { S.login(1, "a\($0)") })
        #expect(engine.groupCount == 10_000)
        #expect(engine.refusedGroups == 50)
    }

    @Test func aSilentLiveStreamCanBeAdvanced() throws {
        let engine = RuleEngine(rules: [try S.rule(logins)])
        let first = S.run(engine, [S.login(1), S.login(2), S.login(3)], finish: false)
        #expect(S.shown(first) == ["firing 3.0 203.0.113.9"])
        #expect(engine.activeAlerts.map(\.labels["client_ip"]) == ["203.0.113.9"])
        #expect(engine.advance(to: S.time(60)).isEmpty)
        #expect(S.shown(engine.advance(to: S.time(90))) == ["resolved 62.0 203.0.113.9"])
        #expect(engine.activeAlerts.isEmpty)
    }

    /// Answers of filters on one field are remembered by value; they must be those that the filter itself gives.
    @Test(arguments: [
        "status_code:>=500", "!status_code:200", "status_code:*", "status_code:in(500, abcd)",
        "status_code:\"\"", "status_code:prefix*",
    ])
    func rememberedAnswersAreRight(filter: String) throws {
        let values = [
            "500", "\"500\"", "200", "null", "\"\"", "\"null\"", "\"n\\u0031\"", "\"abcd\"",
            "\"abcde\"",
            "\"prefix of sixteen\"", "\"prefix of 16 byt\"", "\"prefix of 16 bYt\"", "5", "50",
            "5000", "-1",
            "\"a\\tb\"", "[500]", "true", "\"5 0\"", "\"50 0\"",
        ]
        var lines = values.enumerated().map { S.line(1, #""status_code":\#($1),"id":"v\#($0)""#) }
        lines.append(S.line(1, #""id":"none""#))
        let wanted = try QueryParser.parseFilter(filter, now: 0)
        var want: [String] = []
        let text = lines.joined(separator: "\n")
        let chunk = ByteChunk(holding: text)
        let batch = RecordBatch()
        batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: S.arrival)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
        let direct = RecordFilter(wanted)
        var scratch = ByteWriter(capacity: 16)
        for index in 0..<batch.records.count
        where direct.matches(batch.records[index], in: batch) {
            want.append(batch.text(batch.records[index], named: "id", scratch: &scratch).text)
        }
        let rule = try S.rule("count(\(filter)) >= 2 over 1m by id")
        let got = S.run([rule], lines + lines).compactMap { $0.labels["id"] }
        #expect(got == want)
        #expect(!want.isEmpty)
    }

    @Test func extremeTimesDoNotTrap() throws {
        let rules = [try S.rule(logins), try S.rule("error_rate > 5% over 1d")]
        for text in ["2261-12-31T23:59:59Z", "1970-01-01T00:00:00+14:00", "9223372036"] {
            let line = #"{"timestamp":"\#(text)","event":"login_failed","status_code":500}"#
            _ = S.run(rules, [line, S.login(1), line, line, S.login(nil)])
        }
        #expect(RuleEngine(rules: []).finish().isEmpty)
    }

    /// 999 of 1,000 values are fast: the 999th is the quantile, although 99.9 / 100 × 1,000 is a little more than 999.
    @Test func theNearestRankIsExact() throws {
        let lines = (0..<1_000).map { S.request(Double($0) / 1_000, 200, $0 == 500 ? 3_000 : 10) }
        try expect("p99.9(duration_ms) > 1s over 1m", lines, [])
        try expect("p99.9(duration_ms) > 1s over 1m", lines + [lines[500]], ["firing 2.0"])
    }

    /// Values on both sides of the threshold share a bucket of the histogram.
    @Test func aQuantileIsComparedAsItCame() throws {
        func lines(_ value: Double) -> [String] { (0..<30).map { _ in S.request(1, 200, value) } }
        try expect("p50(duration_ms) > 1s over 1m", lines(1_000), [])
        try expect("p50(duration_ms) > 1s over 1m", lines(1_000.001), ["firing 2.0"])
        try expect("p50(duration_ms) >= 1s over 1m", lines(1_000), ["firing 2.0"])
        try expect("p50(duration_ms) < 1s over 1m", lines(1_000), [])
        try expect("p50(duration_ms) <= 1s over 1m", lines(1_000), ["firing 2.0"])
    }

    /// A group that slept through many windows counts only what is in the last one when it wakes.
    @Test func aGroupThatWakesForgetsWhatIsOver() throws {
        let rate = "error_rate > 50% over 1m by service min 4 samples"
        let good = (0..<40).map { S.request(Double($0 * 2), 200) }
        let others = (0..<300).map { S.request(80 + Double($0), 200, service: "other") }
        let bad = (0..<4).map { S.request(381 + Double($0) / 4, 500) }
        try expect(rate, good + others + bad, ["firing 382.0 api"])
        try expect(rate, good + bad.dropLast().map { $0 }, [])
    }
}
