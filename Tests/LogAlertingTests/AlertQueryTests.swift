import LogRecords
import Testing

@testable import LogAlerting

/// The query that an alert carries shows the lines that it is about, and no others.
@Suite struct AlertQueryTests {
    @Test(arguments: [
        ("count(event:x) > 1 over 1m", "event:x"),
        ("count(event:x or event:y) > 1 over 1m by host", "(event:x or event:y) host:=v"),
        (
            "error_rate > 5% over 1m by service",
            "(status_code:>=500 or !status_code:* level:>=error endpoint:*) service:=v"
        ),
        (
            "success_rate < 99% over 1m",
            "(status_code:>=500 or !status_code:* level:>=error endpoint:*)"
        ),
        ("request_rate > 5 over 1m", "(status_code:* or endpoint:*)"),
        ("p95(duration_ms) > 1s over 1m", "duration_ms:>=1000.0"),
        ("p50(duration_ms) < 1s over 1m", "duration_ms:<=1000.0"),
        ("p95(duration_ms) > 2x baseline(1h) over 1m", "duration_ms:*"),
        ("min(free) < 10 over 1m by host", "free:<=10.0 host:=v"),
        ("min(free) > 10 over 1m", "free:*"),
        ("max(used) > 10 over 1m", "used:>=10.0"),
        ("max(used) < 10 over 1m", "used:*"),
        ("avg(used) > 10 where host:a over 1m", "host:a used:*"),
        ("distinct(user_id) > 10 over 1m", "user_id:*"),
        ("ratio(event:failed / event:pay*) > 1% over 1m", "event:failed"),
        ("ratio(event:done / event:pay*) < 99% over 1m", "event:pay*"),
    ])
    func aQueryShowsWhatIsMeasured(condition: String, want: String) throws {
        let rule = try TestStream.rule(condition)
        let values = rule.condition.groupBy.map { _ in "v" }
        #expect(rule.condition.query(values) == want)
    }

    /// Such a line counts at the latest event time and is stored under its arrival.
    @Test func linesWithoutATimeLieWithinTheTimesOfTheQuery() throws {
        let rule = try TestStream.rule("count(event:login_failed) >= 2 over 1m")
        let arrival = TestStream.arrival + Timestamp.second
        func lineTimes(_ second: Double?) throws -> Range<Int64> {
            let lines = [TestStream.login(0), TestStream.login(second)]
            return try #require(TestStream.run([rule], lines, finish: false).last?.lineTimes)
        }
        #expect(try lineTimes(5).upperBound == TestStream.time(6))
        #expect(try lineTimes(nil).contains(TestStream.time(0)))
        #expect(try lineTimes(nil).upperBound == arrival)
        // One that came long before the window is not of this alert.
        let lines = [0, nil, 600, 601].map { TestStream.login($0) }
        let later = try #require(TestStream.run([rule], lines, finish: false).last)
        #expect(later.state == .firing)
        #expect(later.lineTimes.upperBound == TestStream.time(602))
    }
}
