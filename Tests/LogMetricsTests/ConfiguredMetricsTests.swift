import LogBytes
import LogMetrics
import LogQuery
import LogRecords
import Testing

@Suite struct ConfiguredMetricsTests {
    private func filter(_ text: String) throws -> Filter {
        try QueryParser.parseFilter(text, now: 0)
    }

    /// The series of `definition` in Prometheus' format.
    private func samples(_ definition: MetricDefinition, _ lines: [String]) -> [String] {
        MetricStream.samples(
            MetricStream.metrics(lines, [definition]),
            String(definition.exposedName.prefix { $0 != "{" }))
    }

    private let calls = [
        MetricStream.line(0, #""event":"ai_call","provider":"openai","status":"ok","tokens":120"#),
        MetricStream.line(
            1, #""event":"ai_call","provider":"openai","status":"failed","tokens":7"#),
        MetricStream.line(
            2, #""event":"ai_call","provider":"anthropic","status":"ok","tokens":3.5"#),
        MetricStream.line(3, #""event":"ai_call","status":"ok","tokens":"many""#),
        MetricStream.line(4, #""event":"other","provider":"openai","status":"ok","tokens":1000"#),
    ]

    @Test func counterOfRecords() throws {
        let definition = MetricDefinition(
            name: "ai_api_calls_total", kind: .counter, filter: try filter("event:ai_call"),
            labels: [
                .init("provider", .field("provider")), .init("outcome", .field("status")),
                .init("team", .constant("core")),
            ])
        #expect(
            samples(definition, calls) == [
                #"ai_api_calls_total{provider="openai",outcome="ok",team="core"} 1"#,
                #"ai_api_calls_total{provider="openai",outcome="failed",team="core"} 1"#,
                #"ai_api_calls_total{provider="anthropic",outcome="ok",team="core"} 1"#,
                #"ai_api_calls_total{provider="",outcome="ok",team="core"} 1"#,
            ])
    }

    @Test func counterOfAFieldAddsItsNumbers() throws {
        let definition = MetricDefinition(
            name: "tokens", kind: .counter, filter: try filter("event:ai_call"), field: "tokens")
        // What is no number adds nothing; the name gets what Prometheus wants.
        #expect(samples(definition, calls) == ["tokens_total 130.5"])
        #expect(samples(definition, []) == [])
    }

    @Test func gaugeKeepsTheLatest() throws {
        let definition = MetricDefinition(
            name: "queue_length", kind: .gauge, field: "queue", labels: [.init("q", .field("name"))]
        )
        let lines = [
            MetricStream.line(0, #""name":"a","queue":3"#),
            MetricStream.line(1, #""name":"b","queue":5"#),
            MetricStream.line(2, #""name":"a","queue":-2.5"#), MetricStream.line(3, #""name":"a""#),
        ]
        #expect(
            samples(definition, lines) == [#"queue_length{q="a"} -2.5"#, #"queue_length{q="b"} 5"#])
    }

    @Test func histogramInBaseUnitsWithItsOwnBounds() throws {
        let definition = MetricDefinition(
            name: "workflow_duration_ms", kind: .histogram, field: "duration_ms",
            bounds: [100, 1_000])
        let lines = [50.0, 99, 500, 5_000].map { MetricStream.line(0, #""duration_ms":\#($0)"#) }
        #expect(
            samples(definition, lines) == [
                #"workflow_duration_seconds_bucket{le="0.1"} 2"#,
                #"workflow_duration_seconds_bucket{le="1"} 3"#,
                #"workflow_duration_seconds_bucket{le="+Inf"} 4"#,
                "workflow_duration_seconds_sum 5.649", "workflow_duration_seconds_count 4",
            ])
        let json = MetricStream.text([MetricStream.metrics(lines, [definition])], "json")
        #expect(
            json.contains(#""workflow_duration_ms":{"count":4,"min":50,"max":5000,"avg":1412.25,"#))
    }

    @Test func secondsOfAFieldAreExactToo() throws {
        let definition = MetricDefinition(
            name: "step_seconds", kind: .histogram, field: "took", unit: .seconds)
        let lines = (1...1_000).map { MetricStream.line(0, #""took":\#(Double($0) * 0.000_01)"#) }
        let json = MetricStream.text([MetricStream.metrics(lines, [definition])], "json")
        let p50 = json.firstMatch(of: #/"step_seconds":.*?"p50":([0-9.e-]+)/#).flatMap {
            Double($0.1)
        }
        #expect(abs((p50 ?? 0) / 0.005 - 1) <= 0.01)
    }

    @Test func ratioOfTwoFiltersInItsWindow() throws {
        let definition = MetricDefinition(
            name: "payments.success_rate", kind: .ratio, filter: try filter("status:ok"),
            whole: try filter("event:payment"), unit: .percent, window: .fiveMinutes)
        func payment(_ seconds: Double, _ status: String) -> String {
            MetricStream.line(seconds, #""event":"payment","status":"\#(status)""#)
        }
        let lines =
            [payment(0, "failed"), payment(1, "failed")]
            + [payment(400, "ok"), payment(410, "ok"), payment(420, "ok"), payment(430, "failed")]
            + [MetricStream.line(431, #""event":"other","status":"ok""#)]
        // The failures of the beginning have left the window.
        #expect(samples(definition, lines) == ["payments_success_rate 75"])
        let report = MetricStream.text([MetricStream.metrics(lines, [definition])], "report")
        #expect(report.contains(#""business":{"payments.success_rate":75}"#))
        // No payment, no ratio.
        #expect(samples(definition, [MetricStream.line(0, #""event":"other""#)]) == [])
    }

    @Test func rateIsByMinute() throws {
        let definition = MetricDefinition(
            name: "errors.rate", kind: .rate, filter: try filter("level:ERROR"),
            window: .fiveMinutes)
        let lines = (0..<50).map { MetricStream.line(Double($0) * 6, #""level":"ERROR""#) }
        #expect(samples(definition, lines) == ["errors_rate 10"])
    }

    @Test func fieldsInNames() throws {
        let definition = MetricDefinition(
            name: "api_calls_{provider}_{status}", kind: .counter,
            filter: try filter("event:ai_call"))
        let json = MetricStream.text([MetricStream.metrics(calls, [definition])], "json")
        #expect(json.contains(#""api_calls_openai_ok":1,"api_calls_openai_failed":1"#))
        #expect(json.contains(#""api_calls_anthropic_ok":1,"api_calls_unknown_ok":1"#))
        let path = MetricDefinition(
            name: "{endpoint}_duration_ms", kind: .histogram, field: "duration_ms")
        let text = MetricStream.text([
            MetricStream.metrics([MetricStream.request(0, endpoint: "/api/v1/users/17")], [path])
        ])
        #expect(text.contains("# TYPE api_v1_users_id_duration_seconds histogram\n"))
    }

    @Test func labelSetsAreBounded() throws {
        let definition = MetricDefinition(
            name: "by_user_total", kind: .counter, labels: [.init("user", .field("user"))])
        let metrics = StreamMetrics(definitions: [definition], metricSeriesMax: 5)
        MetricStream.feed(
            metrics, (0..<20).map { MetricStream.line(0, #""user":"u\#($0)""#) }, size: 3)
        let samples = MetricStream.samples(metrics, "by_user_total")
        #expect(samples.count == 6)
        #expect(samples.first == #"by_user_total{user="other"} 15"#)
        #expect(
            MetricStream.samples(metrics, #"weir_metric_overflow_total{metrics="configured"}"#)
                == [#"weir_metric_overflow_total{metrics="configured"} 15"#])
    }

    @Test func anOwnDefinitionTakesThePlaceOfADerivedMetric() throws {
        let definition = MetricDefinition(
            name: "http_requests_total", kind: .counter, filter: try filter("endpoint:*"),
            labels: [.init("path", .field("endpoint"))])
        let metrics = MetricStream.metrics([MetricStream.request(0)], [definition])
        #expect(
            MetricStream.samples(metrics, "http_requests_total")
                == [#"http_requests_total{path="/orders"} 1"#])
        #expect(MetricStream.samples(metrics, "http_errors_total").count == 1)
    }

    @Test func windowsOfAnySeries() throws {
        let definition = MetricDefinition(
            name: "tokens_total", kind: .counter, field: "tokens",
            labels: [.init("who", .field("who"))])
        let lines = (0..<7_200).map {
            MetricStream.line(Double($0), #""who":"\#($0 % 2 == 0 ? "a" : "b")","tokens":2"#)
        }
        let metrics = MetricStream.metrics(lines, [definition])
        func sum(_ window: MetricDefinition.Window, _ labels: [String: String] = [:]) -> Double? {
            metrics.recent("tokens_total", window, labels: labels)?.sum
        }
        #expect(sum(.oneMinute) == 120)
        #expect(sum(.fiveMinutes) == 600)
        #expect(abs((sum(.oneHour) ?? 0) - 7_200) <= 240)
        #expect(sum(.oneMinute, ["who": "a"]) == 60)
        #expect(sum(.oneMinute, ["who": "c"]) == 0)
        #expect(metrics.recent("unknown", .oneMinute) == nil)
        // An hour later nothing is left.
        let later = metrics.recent("tokens_total", .oneHour, endingAt: MetricStream.time(11_000))
        #expect(later?.count == 0)
    }

    /// However the lines are cut into batches, the same text comes out.
    @Test func batchesMakeNoDifference() throws {
        var generator = SystemRandomNumberGenerator()
        let definitions = [
            MetricDefinition(
                name: "a_total", kind: .counter, labels: [.init("endpoint", .field("endpoint"))]),
            MetricDefinition(name: "b_seconds", kind: .histogram, field: "duration_ms"),
        ]
        let lines = (0..<2_000).map { index in
            MetricStream.request(
                Double(index), [200, 404, 500].randomElement(using: &generator) ?? 200,
                Double.random(in: 1..<3_000, using: &generator),
                service: "s\(Int.random(in: 0..<30, using: &generator))",
                endpoint: "/a/\(index % 7)/b\(index % 40)")
        }
        let want = MetricStream.text([MetricStream.metrics(lines, definitions, size: 2_000)])
        for size in [1, 7, 500] {
            #expect(
                MetricStream.text([MetricStream.metrics(lines, definitions, size: size)]) == want,
                "size \(size)")
        }
    }
}
