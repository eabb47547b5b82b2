import LogAlerting
import Testing

@Suite struct ConditionParserTests {
    private static let minute: Int64 = 60_000_000_000

    @Test func errorRate() throws {
        let condition = try ConditionParser.parse("error_rate > 5% over 5m by service")
        #expect(condition.measure == .errorRate)
        #expect(condition.comparison == .greater)
        #expect(condition.threshold == 0.05)
        #expect(condition.unit == .fraction)
        #expect(condition.window == 5 * Self.minute)
        #expect(condition.groupBy == ["service"])
        #expect(condition.samplesMin == Condition.samplesMinDefault)
        #expect(condition.filter == nil)
        #expect(!condition.firesOnRecord)
    }

    @Test func quantile() throws {
        let condition = try ConditionParser.parse(
            "p99.9(duration_ms) >= 1.5s over 90s by service, endpoint min 5 samples")
        #expect(
            condition.measure == .quantile(fraction: 0.9990000000000001, field: "duration_ms")
                || condition.measure == .quantile(fraction: 0.999, field: "duration_ms"))
        #expect(condition.threshold == 1_500)
        #expect(condition.unit == .milliseconds)
        #expect(condition.groupBy == ["service", "endpoint"])
        #expect(condition.samplesMin == 5)
        #expect(condition.subject == "p99.9(duration_ms)")
    }

    @Test func firstSeenValuesAreAGroupEach() throws {
        let condition = try ConditionParser.parse("new(error_type) over 7d by service")
        #expect(condition.measure == .new(field: "error_type"))
        #expect(condition.groupBy == ["service", "error_type"])
        #expect(condition.memory == 7 * 24 * 60 * Self.minute)
        #expect(condition.learning == 60 * Self.minute)
        #expect(condition.firesOnRecord)
        let short = try ConditionParser.parse("new(error_type) where level:ERROR over 10m")
        #expect(short.learning == Self.minute)
        #expect(short.filter != nil)
        let eager = try ConditionParser.parse("new(error_type) over 10m learning 0")
        #expect(eager.learning == 0)
    }

    @Test func absence() throws {
        let condition = try ConditionParser.parse("absent(service:scheduler) for 2m by host")
        #expect(condition.measure == .absent)
        #expect(condition.window == 2 * Self.minute)
        #expect(condition.groupBy == ["host"])
        #expect(!condition.firesOnRecord)
    }

    @Test func count() throws {
        let condition = try ConditionParser.parse(
            #"count(event:login_failed and msg:"over (5m) > 3") >= 5 over 10m by client_ip"#)
        #expect(condition.measure == .count)
        #expect(condition.firesOnRecord)
        #expect(condition.filter != nil)
        #expect(condition.threshold == 5)
        #expect(condition.samplesMin == 0)
    }

    @Test(arguments: [
        ("error_rate where service:api > 0.05 over 1m", 0.05),
        ("error_rate > 5% where status_code:>=400 over 1m", 0.05),
        ("rate(level:ERROR) > 5 over 1m", 5),
        ("count(*) < 3 over 1h", 3),
        ("count() <= 3 over 1h", 3),
        ("p50(duration_ms) > 250 over 1m", 250),
        ("p95(query_seconds) > 500ms over 1m", 0.5),
        ("p95(bytes) > 1000000 over 1m", 1_000_000),
        ("  count( a:(b or c) )   >   1   over   1h30m  ", 1),
        ("success_rate < 99% over 5m by service", 0.99),
        ("request_rate > 2x baseline(1h) over 5m", 2),
        ("request_rate > 1.5 times baseline(1h) over 5m by service", 1.5),
        ("count(level:ERROR) > 2 x baseline(1h) over 5m min 5 samples", 2),
        ("count(*) > baseline(1h) over 5m", 1),
        ("ratio(event:payment_failed / event:in(payment_ok, payment_failed)) > 1% over 5m", 0.01),
        (#"ratio(path:"a / b" / path:*) > 1% over 5m"#, 0.01),
        ("avg(memory_percent) > 80% over 10m by host", 80),
        ("avg(cpu_ratio) > 80% over 10m by host", 0.8),
        ("avg(temperature) > -5 over 10m", -5),
        ("last(memory_bytes) > 2GiB over 1m", 2_147_483_648),
        ("last(open) == 0 over 1m", 0),
        ("max(queue_length) != 0 over 1m", 0),
        ("min(disk_free_percent) < 10 over 5m by host", 10),
        ("sum(bytes) > 5MB over 1h by user_id", 5_000_000),
        ("distinct(user_id) >= 10 over 10m by client_ip", 10),
        ("error_rate > 0.5% over 5m by service for 5m", 0.005),
    ])
    func good(text: String, threshold: Double) throws {
        #expect(try ConditionParser.parse(text).threshold == threshold)
    }

    @Test(arguments: [
        ("", 0, "begins with a measure"),
        ("eror_rate > 5% over 5m", 0, "(did you mean `error_rate`?). The"),
        ("mean(x) > 5 over 5m", 0, "unknown measure `mean`"),
        ("p100(x) > 5 over 5m", 0, "unknown measure `p100`"),
        ("count > 5 over 5m", 6, "needs parentheses"),
        ("count(a:b > 5 over 5m", 5, "parenthesis is not closed"),
        (#"count(a:"b) > 5 over 5m"#, 8, "quote is not closed"),
        ("count(a:b and) > 5 over 5m", 13, "in the filter"),
        ("count(_time:5m) > 5 over 5m", 6, "`_time` has no place"),
        ("p95() > 5 over 5m", 4, "a field is wanted"),
        ("error_rate 5% over 5m", 11, "a comparison is wanted"),
        ("error_rate > 5 over 5m", 13, "write percent"),
        ("error_rate > 500% over 5m", 13, "write percent"),
        ("count(*) > 5% over 5m", 11, "is no number"),
        ("count(*) > -1 over 5m", 11, "at least 0"),
        ("count(*) > nan over 5m", 11, "at least 0"),
        ("p95(duration_ms) > soon over 5m", 19, "neither a number nor a duration"),
        ("p95(bytes) > 1s over 5m", 13, "does not know the unit"),
        ("error_rate > 5%", 15, "`over DURATION` is wanted"),
        ("error_rate > 5% over 5", 21, "is no duration"),
        ("error_rate > 5% over 5 m", 21, "is no duration"),
        ("error_rate > 5% over 10ms", 21, "between 1s and 1d"),
        ("error_rate > 5% over 2w", 21, "between 1s and 1d"),
        ("error_rate > 5% over 5m by", 26, "a field is wanted"),
        ("error_rate > 5% over 5m by a, a", 30, "named twice"),
        ("error_rate > 5% over 5m by a b", 29, "unexpected `b`"),
        ("error_rate > 5% over 5m min x samples", 28, "number of records"),
        ("error_rate > 5% over 5m min 5", 29, "`samples` is wanted"),
        ("count(*) > 5 over 5m min 5 samples", 21, "for shares and quantiles"),
        ("error_rate > 5% where over 5m", 22, "`where` needs a filter"),
        ("error_rate where a:b", 17, "`where` needs a filter"),
        ("error_rate == 5% over 5m", 11, "hardly ever equals"),
        ("count(*) == 0 over 5m", 12, "write `absent(FILTER) for 5m`"),
        ("count(*) < 1 over 5m", 11, "write `absent(FILTER) for 5m`"),
        ("ratio(a:b) > 5% over 5m", 6, "two filters with ` / `"),
        ("ratio(a:b/c:d) > 5% over 5m", 6, "two filters with ` / `"),
        ("ratio(a:b / c:) > 5% over 5m", 14, "in the filter"),
        ("absent(a:b) over 5m", 12, "`for DURATION` is wanted"),
        ("absent(a:b) > 5 for 5m", 12, "`for DURATION` is wanted"),
        ("new(a) > 0 over 5m", 7, "`over DURATION` is wanted"),
        ("new(a) over 2y", 12, "is no duration"),
        ("new(a) over 7d by a", 19, "cannot be grouped by"),
        ("new(a) over 7d learning 8d", 24, "no longer than the memory"),
        ("count(*) > 2x baseline(5m) over 5m", 0, "at least twice as long"),
        ("count(*) > 2x baseline over 5m", 14, "`baseline(DURATION)` is wanted"),
        ("count(*) > 0x baseline(1h) over 5m", 11, "is no factor"),
        ("count(*) == 2x baseline(1h) over 5m", 9, "compared by >"),
        ("distinct(a) > 2x baseline(1h) over 5m", 12, "has no baseline"),
        ("avg(a) > 5% over 5m", 9, "does not know the unit"),
        ("avg(a) > over 5m", 9, "a threshold is wanted"),
        ("error_rate > 5% over 5m for long", 28, "is no duration"),
    ])
    func bad(text: String, offset: Int, message: String) throws {
        let error = try #require(throws: ConditionError.self) { try ConditionParser.parse(text) }
        #expect(error.message.contains(message), "\(error.message)")
        #expect(error.offset == offset, "\(error.message)")
    }
}
