import LogMetrics
import LogRecords
import Testing

@Suite struct MetricLinesTests {
    private func json(_ lines: [String], learnsShapes: Bool = true) -> String {
        let metrics = StreamMetrics()
        MetricStream.feed(metrics, lines, learnsShapes: learnsShapes)
        return MetricStream.text([metrics], "json")
    }

    private func refused(_ lines: [String]) -> [String] {
        MetricStream.samples(
            MetricStream.metrics(lines), "weir_metric_lines_refused_total"
        ).filter { !$0.hasSuffix(" 0") }
    }

    private let lines = [
        #"{"event":"metric_counter","metric":"sessions_started","value":1,"level":"info"}"#,
        #"{"event":"metric_counter","metric_name":"sessions_started","value":2,"tags":{}}"#,
        #"{"event":"metric_counter","name":"sessions_started"}"#,
        #"{"message":"metric.counter","name":"errors_total","value":1,"tags":{"type":"timeout","endpoint":"/voice"}}"#,
        #"{"event":"metric_counter","name":"errors_total","value":1,"labels":{"endpoint":"/voice","type":"timeout"}}"#,
        #"{"event":"metric_gauge","metric":"memory_usage_percent","value":40}"#,
        #"{"event":"metric_gauge","metric":"memory_usage_percent","value":45.2}"#,
        #"{"event":"metric_histogram","metric":"workflow_duration_ms","value":234.5}"#,
        #"{"event":"metric_histogram","metric":"workflow_duration_ms","value":1823.5}"#,
        #"{"event":"session_started","metric":"no_metric","value":1}"#,
    ]

    @Test(arguments: [true, false]) func seriesUnderTheirOwnNames(_ learnsShapes: Bool) {
        let text = json(lines, learnsShapes: learnsShapes)
        #expect(text.contains(#""sessions_started":4"#))
        // The order of the labels in the line is of no account.
        #expect(
            text.contains(
                #""errors_total{endpoint=\"/voice\",type=\"timeout\"}":2,"errors_total":2"#))
        #expect(text.contains(#""gauges":{"weir_metric_series":0,"memory_usage_percent":45.2}"#))
        #expect(
            text.contains(
                #""workflow_duration_ms":{"count":2,"min":234.5,"max":1823.5,"avg":1029,"#))
        #expect(!text.contains("no_metric"))
    }

    /// Labels of a metric that name an endpoint make no request of it; an event of another name does not either way.
    @Test func metricsAreNoRequests() {
        let metrics = MetricStream.metrics(
            lines + [#"{"event":"metrics_flushed","endpoint":"/flush","status_code":200}"#])
        #expect(metrics.summaryByEndpoint().map(\.endpoint) == ["/flush"])
        #expect(metrics.records == UInt64(lines.count) + 1)
    }

    @Test func prometheusGetsBaseUnits() {
        let text = MetricStream.text([MetricStream.metrics(lines)])
        #expect(text.contains("# TYPE sessions_started_total counter\nsessions_started_total 4\n"))
        #expect(text.contains("workflow_duration_seconds_sum 2.058\n"))
    }

    @Test func whatCannotBeUsedIsCounted() {
        func check(_ line: String, _ reason: String) {
            #expect(
                refused(lines + [line])
                    == ["weir_metric_lines_refused_total{reason=\"\(reason)\"} 1"], "\(line)")
        }
        #expect(refused(lines) == [])
        check(#"{"event":"metric_counter","value":1}"#, "name")
        check(#"{"event":"metric_counter","metric":"a b","value":1}"#, "name")
        check(#"{"event":"metric_counter","metric":"a{b}","value":1}"#, "name")
        check(#"{"event":"metric_gauge","metric":"a"}"#, "value")
        check(#"{"event":"metric_gauge","metric":"a","value":"high"}"#, "value")
        check(#"{"event":"metric_counter","metric":"sessions_started","value":-1}"#, "value")
        check(#"{"event":"metric_gauge","metric":"sessions_started","value":1}"#, "kind")
        check(#"{"event":"metric_counter","metric":"sessions_started_total","value":1}"#, "kind")
    }

    @Test func metricsAreBounded() {
        let many = (0..<600).map { #"{"event":"metric_gauge","metric":"m\#($0)","value":1}"# }
        let metrics = MetricStream.metrics(many)
        #expect(MetricStream.samples(metrics, "m").count == 500)
        #expect(refused(many) == [#"weir_metric_lines_refused_total{reason="too_many"} 100"#])
    }
}
