import Foundation
import TestSupport
import Testing

/// Debian's real Prometheus scrapes a real weir; its answers are held against what `weir query` says about the same lines.
@Suite struct PrometheusTests {
    /// The labels that part requests, and the fields behind them.
    private static let labels = ["service", "endpoint", "status", "level"]
    /// The bounds of the buckets, in seconds, as `/metrics` has them.
    private static let bounds = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60, 120,
    ]

    /// Lines of one part: each of the 30 kinds of request at least once and some far more often, with durations that grow by an
    /// eighth from line to line, so that all buckets have some. They stay off the buckets' bounds by more than a histogram's
    /// error.
    private func lines(part: String, count: Int) -> [String] {
        let now = Date().addingTimeInterval(-60)
        let services = ["shop", "billing"]
        let endpoints = ["/pay", "/orders/", "/search"]
        let answers = [
            (200, "INFO"), (201, "DEBUG"), (404, "WARN"), (500, "ERROR"), (503, "INFO"),
        ]
        var milliseconds = 0.4
        var random = SeededGenerator(seed: 42)
        return (0..<count).map { number in
            let kind = number < 30 ? number : random.below(random.below(30) + 1)
            let answer = answers[kind / 6]
            var endpoint = endpoints[kind / 2 % 3]
            if endpoint.hasSuffix("/") { endpoint += "\(1_000 + number)" }
            milliseconds = milliseconds > 200_000 ? 0.41 : milliseconds * 1.13
            let isNearBound = Self.bounds.contains {
                abs(milliseconds - $0 * 1_000) < $0 * 20
            }
            if isNearBound { milliseconds *= 1.05 }
            let time = now.addingTimeInterval(Double(number) / 100)
                .ISO8601Format(.iso8601WithTimeZone(includingFractionalSeconds: true))
            return """
                {"timestamp":"\(time)","level":"\(answer.1)","service":"\(services[kind % 2])",\
                "endpoint":"\(endpoint)","status_code":\(answer.0),\
                "duration_ms":\(String(format: "%.3f", milliseconds)),\
                "trace_id":"\(part)\(String(format: "%031x", number))","part":"\(part)"}
                """
        }
    }

    private func insert(_ lines: [String], _ weir: HTTPListener, in scratch: Scratch) throws {
        let file = try scratch.write("lines", lines.joined(separator: "\n") + "\n")
        let answer = try WeirProcess.Running(
            ["-sSf", "--data-binary", "@" + file, "http://\(weir.address)/insert/jsonline"],
            in: scratch, executable: ClientProgram.path("curl")
        ).wait()
        try #require(answer.status == 0, "\(answer.errors)")
    }

    /// The rows of a query.
    private func rows(_ query: String, in scratch: Scratch) throws -> [[String: String]] {
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "-n", "100000", "-o", "json", query, in: scratch)
        return try result.lines.map { line in
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(row as? [String: Any], "\(line)").mapValues { "\($0)" }
        }
    }

    /// How many lines of `filter` there are with each of the values that labels have.
    private func counts(_ filter: String, in scratch: Scratch) throws -> [[String]: Double] {
        let query = "\(filter) | stats by (service, endpoint, status_code, level) count() n"
        var counts: [[String]: Double] = [:]
        for row in try rows(query, in: scratch) {
            let endpoint = row["endpoint"] ?? ""
            let key = [
                row["service"] ?? "", endpoint.replacing(/[0-9]+/, with: ":id"),
                (row["status_code"] ?? "").prefix(1) + "xx", (row["level"] ?? "").lowercased(),
            ]
            counts[key, default: 0] += Double(row["n"] ?? "") ?? .nan
        }
        return counts
    }

    private func dictionary(_ series: [RealPrometheus.Series]) -> [[String]: Double] {
        Dictionary(series.map { ($0.labels(Self.labels), $0.number) }) { _, _ in .nan }
    }

    @Test(.enabled(if: RealPrometheus.isThere, MonitoringTools.hint))
    func itsAnswersAreThoseOfQueries() throws {
        let scratch = try Scratch()
        let weir = try HTTPListener(scratch)
        let prometheus = try RealPrometheus(
            weir.address,
            jobs: [
                ("open", "/metrics", "{}"),
                ("text", "/api/monitoring/metrics", "{format: [prometheus]}"),
            ], in: scratch)
        defer { prometheus.stop() }
        func total(_ count: Int) throws {
            try prometheus.waitUntil("both pages show \(count) requests") {
                let sums = try prometheus.query("sum by (job) (http_requests_total)")
                return sums.count == 2 && sums.allSatisfy { $0.number == Double(count) }
            }
        }
        // A series is there once it has counted something, so that only those of the first part can show an increase.
        try insert(lines(part: "a", count: 300), weir, in: scratch)
        try total(300)
        try insert(lines(part: "b", count: 1_170), weir, in: scratch)
        try total(1_470)
        for job in ["open", "text"] {
            try checkCounters(job, prometheus, scratch)
            try checkIncrease(job, prometheus, scratch)
            try checkHistograms(job, prometheus, scratch)
        }
        try checkExemplars(prometheus, scratch)
        let failed = try prometheus.query("up != 1")
        #expect(failed.isEmpty, "\(failed)")
        weir.running.process.terminate()
        #expect(try weir.running.wait().status == 0, "\(weir.errors)")
    }

    private func checkCounters(
        _ job: String, _ prometheus: RealPrometheus, _ scratch: Scratch
    ) throws {
        let counted = try counts("*", in: scratch)
        #expect(counted.count == 30)
        #expect(Set(counted.values).count > 10)
        let found = try prometheus.query("http_requests_total{job='\(job)'}")
        #expect(dictionary(found) == counted)
        let failed = try prometheus.query("sum(http_errors_total{job='\(job)'})").first
        let errors = counted.reduce(0) { $0 + ($1.key[2] == "5xx" ? $1.value : 0) }
        #expect(failed?.number == errors)
    }

    /// Of two scrapes the one before the second part and one behind it: what lies between them is the second part, and what
    /// Prometheus says about the time from one to the other needs no guess at what was before and after.
    private func checkIncrease(
        _ job: String, _ prometheus: RealPrometheus, _ scratch: Scratch
    ) throws {
        let selector = "http_requests_total{job='\(job)'}"
        var sums: [Double: Double] = [:]
        for series in try prometheus.query(selector + "[1h]") {
            for sample in series.samples { sums[sample.time, default: 0] += sample.number }
        }
        let before = try #require(sums.filter { $0.value == 300 }.keys.max())
        let behind = try #require(sums.filter { $0.value == 1_470 }.keys.min())
        // Prometheus keeps milliseconds; seconds since 1970 as a Double are a little beside them.
        let milliseconds = ((behind - before) * 1_000).rounded()
        let window = "[\(Int(milliseconds))ms]"
        let counted = try counts("part:b", in: scratch)
        let increase = try prometheus.query("increase(\(selector)\(window))", at: behind)
        #expect(dictionary(increase).mapValues { ($0 * 1e6).rounded() / 1e6 } == counted)
        for rate in try prometheus.query("rate(\(selector)\(window))", at: behind) {
            let want =
                try #require(counted[rate.labels(Self.labels)])
                / (milliseconds / 1_000)
            #expect(abs(rate.number - want) < want * 1e-9, "\(rate.metric)")
        }
    }

    private func checkHistograms(
        _ job: String, _ prometheus: RealPrometheus, _ scratch: Scratch
    ) throws {
        let name = "http_request_duration_seconds"
        for bound in Self.bounds {
            // OpenMetrics writes bounds as real numbers, Prometheus' text as short as it can.
            let whole = bound == bound.rounded() && job == "text"
            let le = whole ? "\(Int(bound))" : "\(bound)"
            let bucket = try prometheus.query(
                "sum(\(name)_bucket{job='\(job)',le='\(le)'})")
            let below = try rows("duration_ms:<=\(bound * 1_000) | stats count() n", in: scratch)
            #expect(bucket.first?.number == Double(below.first?["n"] ?? ""), "\(bound)")
        }
        let all = try rows("* | stats by (service) sum(duration_ms) s, count() n", in: scratch)
        #expect(all.count == 2)
        for row in all {
            let service = try #require(row["service"])
            let own = "{job='\(job)',service='\(service)'}"
            let sum = try prometheus.query("sum(\(name)_sum\(own)) * 1000").first?.number ?? .nan
            let want = Double(row["s"] ?? "") ?? .nan
            #expect(abs(sum - want) < want * 1e-9)
            let count = try prometheus.query("sum(\(name)_count\(own))").first?.number
            #expect(count == Double(row["n"] ?? ""))
            for fraction in [0.05, 0.5, 0.9, 0.95, 0.99] {
                let estimate = try prometheus.query(
                    "histogram_quantile(\(fraction), sum by (le) (\(name)_bucket\(own)))")
                let quantile = try rows(
                    "service:\(service) | stats quantile(\(fraction), duration_ms) q",
                    in: scratch)
                try expectSameBucket(
                    try #require(estimate.first).number,
                    try #require(Double(quantile.first?["q"] ?? "")) / 1_000, fraction)
            }
        }
    }

    /// Prometheus knows buckets only and guesses within one; beyond the last bound it answers that bound.
    private func expectSameBucket(_ estimate: Double, _ exact: Double, _ fraction: Double) throws {
        let bounds = [0] + Self.bounds
        let upper = bounds.first { exact <= $0 } ?? 120
        let lower = bounds.last { $0 < min(exact, upper) } ?? 0
        #expect(
            (lower...upper).contains(estimate),
            "quantile \(fraction): Prometheus says \(estimate), weir \(exact)")
    }

    /// An exemplar's trace is that of a line which took just as long, in a bucket that holds it.
    private func checkExemplars(_ prometheus: RealPrometheus, _ scratch: Scratch) throws {
        var slow = 0
        let found = try prometheus.exemplars("http_request_duration_seconds_bucket")
        for series in found {
            for exemplar in series.exemplars {
                let trace = try #require(exemplar.labels["trace_id"])
                let value = try #require(Double(exemplar.value))
                let lines = try rows("trace_id:\(trace)", in: scratch)
                #expect(lines.count == 1)
                let line = try #require(lines.first)
                let milliseconds = try #require(Double(line["duration_ms"] ?? ""))
                #expect(abs(value * 1_000 - milliseconds) < 1e-6)
                #expect(line["service"] == series.seriesLabels["service"])
                let le = series.seriesLabels["le"] ?? ""
                #expect(value <= (le == "+Inf" ? .infinity : Double(le) ?? -1), "\(le)")
                if value > 0.25 { slow += 1 }
            }
        }
        #expect(slow > 50)
        // Prometheus' text has no place for exemplars: they came with OpenMetrics.
        #expect(Set(found.map { $0.seriesLabels["job"] }) == ["open"])
    }
}
