import Foundation
import LogMetrics
import LogQuery
import LogRecords
import TestSupport
import Testing

@Suite struct MetricsFormatTests {
    private static let strange = [
        "plain", "quo\"te", "back\\slash", "new\nline", "grüße 😀", "}", "{a=\"b\"} 1", "", " ",
        "# HELP x y", "tab\tx", "other", "\u{2028}", "\u{7f}",
    ]

    /// Every kind of metric, with values of every kind.
    private func metrics() throws -> StreamMetrics {
        let call = try QueryParser.parseFilter("event:call", now: 0)
        let failed = try QueryParser.parseFilter("status:failed", now: 0)
        let definitions = [
            MetricDefinition(
                name: "calls_total", kind: .counter, filter: call,
                labels: [.init("who", .field("who"))]),
            MetricDefinition(name: "api.calls_{status}", kind: .counter, filter: call),
            MetricDefinition(name: "tokens", kind: .counter, filter: call, field: "tokens"),
            MetricDefinition(
                name: "queue_length", kind: .gauge, field: "queue", category: "system"),
            MetricDefinition(name: "api.response_time", kind: .histogram, field: "duration_ms"),
            MetricDefinition(name: "call_duration_ms", kind: .histogram, field: "duration_ms"),
            MetricDefinition(name: "size_bytes", kind: .histogram, field: "size_bytes"),
            MetricDefinition(
                name: "failed_ratio", kind: .ratio, filter: failed, whole: call,
                labels: [.init("who", .field("who"))]),
            MetricDefinition(name: "calls.rate", kind: .rate, filter: call),
        ]
        var lines: [String] = []
        let encoder = JSONEncoder()
        for (number, who) in Self.strange.enumerated() {
            let text = String(decoding: try encoder.encode(who), as: UTF8.self)
            let status = number % 3 == 0 ? "failed" : "ok"
            lines.append(
                MetricStream.line(
                    Double(number),
                    #""event":"call","who":\#(text),"service":\#(text),"endpoint":\#(text),"#
                        + #""status":"\#(status)","tokens":1.5,"queue":\#(number),"#
                        + #""size_bytes":\#(number * 5_000),"duration_ms":\#(number * 500),"#
                        + #""trace_id":"t\#(number)""#))
        }
        lines.append(
            MetricStream.line(
                20, #""event":"metric_counter","metric":"sessions_started","value":1"#))
        lines.append(
            MetricStream.line(
                21, #""event":"metric_histogram","metric":"api_duration_ms_groq","value":250.5"#))
        return MetricStream.metrics(lines, definitions)
    }

    private func sources() throws -> [any MetricSource] {
        let registry = MetricsRegistry()
        registry.add(.lines, 7)
        registry.add(.unparsed, 2, label: "not \"JSON\"")
        registry.set(.fileLag, 12, label: "a\\b")
        return [registry, try metrics()]
    }

    // MARK: OpenMetrics

    @Test func openMetricsHasUnitsExemplarsAndAnEnd() {
        let lines = [
            MetricStream.request(0, 200, 430, trace: "abc123"),
            MetricStream.request(1, 200, 3, trace: "fast"),
            // The bucket has an exemplar of these ten seconds; in the next it gets a fresh one.
            MetricStream.request(2, 200, 440, trace: "second"),
            MetricStream.request(12.25, 200, 450, trace: "third"),
            MetricStream.request(13, 200, 60_000, trace: String(repeating: "x", count: 200)),
        ]
        let text = MetricStream.text([MetricStream.metrics(lines)], "openmetrics")
        #expect(text.hasSuffix("\n# EOF\n"))
        #expect(text.contains("# TYPE http_requests counter\n"))
        #expect(text.contains("\nhttp_requests_total{service=\"api\""))
        #expect(text.contains("# UNIT http_request_duration_seconds seconds\n"))
        let labels = #"{service="api",endpoint="/orders",status="2xx",le="#
        #expect(
            text.contains(
                "http_request_duration_seconds_bucket\(labels)\"0.5\"} 4 "
                    + "# {trace_id=\"third\"} 0.45 1767607212.250\n"))
        #expect(text.contains("_bucket\(labels)\"60.0\"} 5\n"))
        #expect(!text.contains("fast"))
        #expect(!text.contains("xxxx"))
    }

    /// What the specification's grammar says about lines and names, for every kind of metric.
    @Test func openMetricsKeepsToItsGrammar() throws {
        let text = MetricStream.text(try sources(), "openmetrics")
        var lines = text.components(separatedBy: "\n")
        #expect(lines.removeLast() == "")
        #expect(lines.removeLast() == "# EOF")
        var families: Set<String> = []
        var family = ""
        var type = ""
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# TYPE ") {
                family = words[2]
                type = words[3]
                #expect(families.insert(family).inserted, "\(family) stands there twice")
            } else if line.hasPrefix("# UNIT ") {
                #expect(words[2] == family && family.hasSuffix("_" + words[3]), "\(line)")
            } else if line.hasPrefix("# ") {
                #expect(words[1] == "HELP" && words[2] == family, "\(line)")
            } else {
                let name = line.prefix { $0 != "{" && $0 != " " }
                let suffixes: [String] =
                    type == "counter"
                    ? ["_total"] : type == "gauge" ? [""] : ["_bucket", "_sum", "_count"]
                #expect(suffixes.contains { name == family + $0 }, "\(line)")
            }
        }
        #expect(families.count > 40)
        #expect(text.contains("{trace_id=\"t"))
    }

    // MARK: Prometheus

    @Test(.enabled(if: MonitoringTools.promtool != nil, MonitoringTools.hint))
    func prometheusOwnCheckerHasNoComplaint() throws {
        let good = try MonitoringTools.checkMetrics(MetricStream.text(try sources()))
        #expect(good.status == 0 && good.output.isEmpty, "\(good.output)")
        #expect(
            try MonitoringTools.checkMetrics("http_requests 1\n").output.contains("no help text"))
        #expect(try MonitoringTools.checkMetrics("not a metric\n").status != 0)
    }

    // MARK: JSON

    /// The text as what Foundation's parser makes of it.
    private func object(_ text: String) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    @Test func countersGaugesAndHistograms() throws {
        let root = try object(MetricStream.text(try sources(), "json", seconds: 1.789))
        #expect(Set(root.keys) == ["counters", "gauges", "histograms", "timestamp"])
        #expect(root["timestamp"] as? String == "2026-01-05T10:00:01.789Z")
        let counters = try #require(root["counters"] as? [String: Double])
        #expect(counters["sessions_started"] == 1)
        #expect(counters["calls_total"] == 14)
        #expect(counters[#"calls_total{who="quo\"te"}"#] == 1)
        #expect(counters["api.calls_failed"] == 5)
        #expect(counters["tokens"] == 21)
        #expect(counters["weir_lines_total"] == 7)
        let gauges = try #require(root["gauges"] as? [String: Double])
        #expect(gauges["queue_length"] == 13)
        let histograms = try #require(root["histograms"] as? [String: [String: Double]])
        let call = try #require(histograms["call_duration_ms"])
        #expect(call["count"] == 14)
        #expect(call["min"] == 0)
        #expect(call["max"] == 6_500)
        #expect(call["avg"] == 3_250)
        #expect(histograms["api_duration_ms_groq"]?["avg"] == 250.5)
        #expect(histograms["http_request_duration_seconds"]?["max"] == 6.5)
    }

    @Test func reportByCategory() throws {
        let root = try object(MetricStream.text(try sources(), "report"))
        let all = try #require(root["metrics"] as? [String: [String: Double]])
        #expect(Set(all.keys) == ["system", "performance", "business"])
        let business = try #require(all["business"])
        #expect(business["api.response_time.max"] == 6_500)
        #expect(business["api.response_time.count"] == 14)
        #expect(business["calls.rate"] == 14)
        #expect(all["system"]?["queue_length"] == 13)
        let one = try object(MetricStream.text(try sources(), "report", category: "business"))
        #expect((one["metrics"] as? [String: [String: Double]])?.keys.sorted() == ["business"])
    }

    // MARK: Datadog

    @Test(arguments: ["datadog", "datadog-v2"]) func datadog(_ name: String) throws {
        let lines = (0..<120).map { MetricStream.request(Double($0), $0 % 4 == 0 ? 500 : 200, 40) }
        let text = MetricStream.text(
            [MetricStream.metrics(lines), MetricsRegistry()], name, seconds: 119, host: "web-1")
        let series = try #require(try object(text)["series"] as? [[String: Any]])
        func find(_ metric: String, _ tag: String) throws -> [String: Any] {
            try #require(
                series.first {
                    $0["metric"] as? String == metric
                        && ($0["tags"] as? [String])?.contains(tag) == true
                }, "\(metric) \(tag)")
        }
        func point(_ item: [String: Any]) -> (Double?, Double?) {
            if let point = (item["points"] as? [[Double]])?.first { return (point[0], point[1]) }
            let point = (item["points"] as? [[String: Double]])?.first
            return (point?["timestamp"], point?["value"])
        }
        // The last whole minute before 119 s is that from 50 s on.
        let errors = try find("http_errors_total", "status:5xx")
        #expect(point(errors).0 == 1_767_607_319)
        #expect(point(errors).1 == 15)
        #expect(errors["interval"] as? Int == 60)
        #expect(
            try find("http_errors_total", "status:2xx")["tags"] as? [String] == [
                "service:api", "endpoint:/orders", "status:2xx",
            ])
        let p95 = try find("http_request_duration_seconds.95percentile", "status:2xx")
        #expect(abs((point(p95).1 ?? 0) - 0.04) <= 0.0004)
        if name == "datadog" {
            #expect(errors["type"] as? String == "count")
            #expect(errors["host"] as? String == "web-1")
            #expect(p95["type"] as? String == "gauge")
        } else {
            #expect(errors["type"] as? Int == 1)
            #expect(
                (errors["resources"] as? [[String: String]])?.first == [
                    "name": "web-1", "type": "host",
                ])
            #expect(p95["type"] as? Int == 3)
        }
    }

    @Test func datadogBodiesStayBelowTheirLimit() throws {
        let lines = (0..<3_000).map { MetricStream.request(0, endpoint: "/page/p\($0)x") }
        var pieces: [UInt8] = []
        DatadogSeries.write(
            [MetricStream.metrics(lines)], MetricsContext(time: MetricStream.start), version: .two
        ) { pieces += $0 }
        let bodies = String(decoding: pieces, as: UTF8.self).split(separator: "\n")
        #expect(bodies.count > 2)
        var count = 0
        for body in bodies {
            #expect(body.utf8.count <= DatadogSeries.payloadBytesMax)
            count += (try object(String(body))["series"] as? [Any])?.count ?? 0
        }
        let whole = try object(MetricStream.text([MetricStream.metrics(lines)], "datadog-v2"))
        #expect(count == (whole["series"] as? [Any])?.count)
    }

    // MARK: All

    @Test(arguments: MetricsFormat.all.map(\.name)) func piecesMakeTheWhole(_ name: String) throws {
        let lines = (0..<2_000).map { MetricStream.request(0, endpoint: "/page/p\($0)x") }
        let metrics = MetricStream.metrics(lines)
        let format = try #require(MetricsFormat.named(name))
        var pieces: [[UInt8]] = []
        format.write([metrics], MetricsContext(time: MetricStream.start)) { pieces.append($0) }
        #expect(pieces.count > 3)
        #expect(pieces.allSatisfy { $0.count < 80 << 10 })
        #expect(
            String(decoding: pieces.flatMap { $0 }, as: UTF8.self)
                == MetricStream.text([metrics], name))
        #expect(MetricsFormat.named("xml") == nil)
    }
}
