import LogMetrics
import Testing

@Suite struct PrometheusTextTests {
    @Test func textIsEscaped() {
        var text = PrometheusText()
        text.begin("x_total", .counter, help: "Back\\slash\nand line.")
        text.sample(1, [("path", "C:\\a \"b\"\nc"), ("bad-name", "left out")])
        #expect(
            text.text == """
                # HELP x_total Back\\\\slash\\nand line.
                # TYPE x_total counter
                x_total{path="C:\\\\a \\"b\\"\\nc"} 1

                """)
    }

    @Test func aMetricIsWrittenOnce() {
        var text = PrometheusText()
        same(text.begin("a", .gauge, help: "A."), true)
        same(text.begin("a", .gauge, help: "A."), false)
        same(text.begin("1a", .gauge, help: "No name."), false)
        #expect(text.text == "# HELP a A.\n# TYPE a gauge\n")
    }

    @Test func numbersAreSpeltAsPrometheusReadsThem() {
        var text = PrometheusText()
        text.begin("n", .gauge, help: "N.")
        for value in [0, 1.5, -3, .infinity, -.infinity, .nan, 1e21] { text.sample(value) }
        let numbers = text.text.split(separator: "\n").dropFirst(2).map { $0.dropFirst(2) }
        #expect(numbers == ["0", "1.5", "-3", "+Inf", "-Inf", "NaN", "1e+21"])
    }

    @Test func histogramBucketsAreCumulativeSeconds() {
        var histogram = LatencyHistogram()
        for value in [4, 40, 40, 4_000] { histogram.record(Double(value)) }
        var text = PrometheusText()
        text.begin("d_seconds", .histogram, help: "D.")
        text.histogram(histogram, boundsSeconds: [0.005, 0.1, 1], [("service", "api")])
        #expect(
            text.text == """
                # HELP d_seconds D.
                # TYPE d_seconds histogram
                d_seconds_bucket{service="api",le="0.005"} 1
                d_seconds_bucket{service="api",le="0.1"} 3
                d_seconds_bucket{service="api",le="1"} 3
                d_seconds_bucket{service="api",le="+Inf"} 4
                d_seconds_sum{service="api"} 4.084
                d_seconds_count{service="api"} 4

                """)
    }
}
