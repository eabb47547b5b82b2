import LogMetrics
import LogRecords
import TestSupport
import Testing

@Suite struct RecentSumsTests {
    @Test func requestsOfTheLastMinutes() {
        // Ten minutes at one a second, every tenth fails.
        let lines = (0..<600).map { MetricStream.request(Double($0), $0 % 10 == 0 ? 500 : 200) }
        let metrics = MetricStream.metrics(lines)
        #expect(metrics.recentRequests(.oneMinute) == CountPair(part: 6, whole: 60))
        #expect(metrics.recentRequests(.fiveMinutes) == CountPair(part: 30, whole: 300))
        #expect(metrics.recentRequests(.oneHour) == CountPair(part: 60, whole: 600))
        #expect(metrics.recentRequests(.oneHour, service: "other") == CountPair())
        #expect(
            metrics.recentRequests(.oneMinute, endingAt: MetricStream.time(629)).whole == 30)
        #expect(metrics.recentRequests(.oneMinute, endingAt: MetricStream.time(700)).whole == 0)
    }

    /// Windows against a list of all times, with gaps and records out of order.
    @Test func windowsEqualAPlainCount() {
        var random = SeededGenerator(seed: 7)
        for round in 0..<20 {
            let metrics = StreamMetrics()
            var times: [Double] = []
            var now = 0.0
            for _ in 0..<400 {
                now += Double(random.below(random.below(40) == 0 ? 3_000 : 60))
                let time = max(now - Double(random.below(4) == 0 ? random.below(250) : 0), 0)
                times.append(time)
                MetricStream.feed(metrics, [MetricStream.request(time)])
            }
            let latest = times.max() ?? 0
            let end = (latest / 10).rounded(.down) * 10 + 10
            for (window, length) in [
                (MetricDefinition.Window.oneMinute, 60.0), (.fiveMinutes, 300),
            ] {
                let want = times.count { $0 >= end - length }
                #expect(metrics.recentRequests(window).whole == UInt64(want), "\(round) \(window)")
            }
            let hour = metrics.recentRequests(.oneHour).whole
            let least = times.count { $0 >= end - 3_600 + 120 }
            let most = times.count { $0 >= end - 3_600 - 120 }
            #expect((UInt64(least)...UInt64(most)).contains(hour), "\(round)")
        }
    }

    /// One line from tomorrow does not empty the windows.
    @Test func aLeapIsNotBelievedAtOnce() {
        let lines = (0..<60).map { MetricStream.request(Double($0)) }
        let metrics = MetricStream.metrics(lines + [MetricStream.request(80_000)])
        #expect(metrics.recentRequests(.oneMinute).whole == 61)
        MetricStream.feed(metrics, (0..<12).map { MetricStream.request(80_000 + Double($0)) })
        // The tenth in a row is believed, and those behind it.
        #expect(metrics.recentRequests(.oneMinute).whole == 4)
    }
}
