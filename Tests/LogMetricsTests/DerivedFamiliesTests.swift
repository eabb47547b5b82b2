import LogMetrics
import LogRecords
import Testing

@Suite struct DerivedFamiliesTests {
    @Test func requestsByEverything() {
        let lines = [
            MetricStream.request(0, 200), MetricStream.request(0, 204),
            MetricStream.request(0, 503),
            MetricStream.line(0, #""level":"ERROR","service":"api","endpoint":"/orders""#),
            MetricStream.line(
                0, #""level":"WARN","service":"api","endpoint":"/orders","status":500"#),
        ]
        let metrics = MetricStream.metrics(lines)
        let base = #"service="api",endpoint="/orders""#
        #expect(
            Set(MetricStream.samples(metrics, "http_requests_total")) == [
                #"http_requests_total{\#(base),status="2xx",level="info"} 2"#,
                #"http_requests_total{\#(base),status="5xx",level="info"} 1"#,
                #"http_requests_total{\#(base),status="5xx",level="warn"} 1"#,
                #"http_requests_total{\#(base),status="",level="error"} 1"#,
            ])
        #expect(
            Set(MetricStream.samples(metrics, "http_errors_total")) == [
                #"http_errors_total{\#(base),status="2xx"} 0"#,
                #"http_errors_total{\#(base),status="5xx"} 2"#,
                #"http_errors_total{\#(base),status=""} 1"#,
            ])
        let bucket = MetricStream.samples(
            metrics, #"http_request_duration_seconds_bucket{\#(base),status="2xx",le="0.025"}"#)
        #expect(bucket.first?.hasSuffix(" 2") == true)
    }

    @Test func linesByServiceClassAndLevel() {
        let metrics = StreamMetrics(classNames: ["production", "audit"])
        let lines = [
            MetricStream.line(0, #""level":"INFO","service":"api""#),
            MetricStream.line(0, #""level":"INFO","service":"a-service-with-a-long-name""#),
            "plain text",
        ]
        MetricStream.feed(metrics, lines + lines, classIndex: 0)
        MetricStream.feed(metrics, lines, classIndex: 1)
        // A reload orders the classes anew.
        metrics.setClassNames(["audit", "debug", "production"])
        MetricStream.feed(metrics, lines, classIndex: 2)
        MetricStream.feed(metrics, lines, classIndex: 1)
        let long = "a-service-with-a-long-name"
        func line(_ service: String, _ name: String, _ level: String, _ count: Int) -> String {
            #"log_lines_total{service="\#(service)",class="\#(name)",level="\#(level)"} \#(count)"#
        }
        #expect(
            Set(MetricStream.samples(metrics, "log_lines_total")) == [
                line("api", "production", "info", 3), line("api", "audit", "info", 1),
                line("api", "debug", "info", 1), line(long, "production", "info", 3),
                line(long, "audit", "info", 1), line(long, "debug", "info", 1),
                line("", "production", "unknown", 3), line("", "audit", "unknown", 1),
                line("", "debug", "unknown", 1),
            ])
    }

    @Test func servicesAreBounded() {
        let lines = (0..<2_500).map { MetricStream.line(0, #""level":"INFO","service":"s\#($0)""#) }
        let metrics = MetricStream.metrics(lines + lines)
        let samples = MetricStream.samples(metrics, "log_lines_total")
        #expect(samples.count == 2_001)
        #expect(samples.first?.hasPrefix(#"log_lines_total{service="other",class="other""#) == true)
        #expect(samples.first?.hasSuffix(" 1000") == true)
    }
}
