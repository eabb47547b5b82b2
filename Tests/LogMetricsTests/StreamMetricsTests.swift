import LogBytes
import LogMetrics
import LogRecords
import TestSupport
import Testing

@Suite struct StreamMetricsTests {
    /// The metrics of `lines`, given in batches of `size`.
    private func metrics(
        _ lines: [String], size: Int = 1_000, seriesMax: Int = StreamMetrics.seriesMax
    ) -> StreamMetrics {
        let metrics = StreamMetrics(seriesMax: seriesMax)
        let batch = RecordBatch()
        var start = 0
        while start < lines.count {
            let part = lines[start..<min(start + size, lines.count)]
            let text = part.joined(separator: "\n")
            let chunk = ByteChunk(holding: text)
            batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: 0)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            metrics.observe(batch)
            start += size
        }
        return metrics
    }

    @Test func requestsErrorsAndLatenciesByEndpoint() throws {
        let lines = (1...100).map { index in
            """
            {"level":"INFO","service":"shop","endpoint":"/orders/\(index)?x=\(index)",\
            "status_code":\(index <= 7 ? 500 : 200),"duration_ms":\(index * 10)}
            """
        }
        let rows = metrics(lines).summaryByEndpoint()
        let row = try #require(rows.first)
        #expect(rows.count == 1)
        #expect(row.service == "shop")
        #expect(row.endpoint == "/orders/:id")
        #expect(row.requests == 100)
        #expect(row.errors == 7)
        #expect(row.errorRate == 0.07)
        #expect(abs((row.p50 ?? 0) - 500) <= 5)
        #expect(abs((row.p95 ?? 0) - 950) <= 9.5)
        #expect(abs((row.p99 ?? 0) - 990) <= 9.9)
    }

    @Test func whatARequestIs() {
        let result = metrics([
            #"{"level":"ERROR","message":"no request"}"#,
            #"{"level":"ERROR","endpoint":"/a","message":"failed without a status"}"#,
            #"{"level":"ERROR","endpoint":"/a","status_code":404}"#,
            #"{"level":"INFO","endpoint":"/a","status_code":"503"}"#,
            #"{"level":"INFO","endpoint":null,"status":"success"}"#,
            #"{"level":"WARNING","status":302}"#,
            "plain text",
        ])
        let rows = result.summaryByEndpoint()
        #expect(rows.map(\.endpoint) == ["/a", ""])
        #expect(rows.map(\.requests) == [3, 1])
        #expect(rows.map(\.errors) == [2, 0])
        #expect(rows[0].service == nil)
        #expect(rows[0].p95 == nil)
        #expect(result.records == 7)
        #expect(result.records(level: .error) == 3)
        #expect(result.records(level: .unknown) == 1)
        #expect(result.requests(statusClass: 4) == 1)
        #expect(result.requests(statusClass: 5) == 1)
        #expect(result.requests(statusClass: 3) == 1)
        #expect(result.requests(statusClass: 0) == 1)
    }

    @Test func caddysSecondsBecomeMilliseconds() {
        let line =
            #"{"level":"info","ts":1700000000.5,"logger":"http.log.access","msg":"handled request","#
            + #""request":{"uri":"/x/1"},"duration":0.25,"status":200}"#
        let row = metrics([line]).summaryByEndpoint().first
        #expect(row?.endpoint == "/x/:id")
        #expect(row?.p50 == 250)
    }

    @Test func seriesAreBounded() {
        let lines = (0..<50).map { #"{"endpoint":"/page/p\#($0)x","status_code":200}"# }
        let result = metrics(lines + lines, size: 7, seriesMax: 20)
        let rows = result.summaryByEndpoint()
        #expect(result.seriesCount == 20)
        #expect(result.overflowed == 60)
        #expect(rows.first?.endpoint == "other")
        #expect(rows.map(\.requests).reduce(0, +) == 100)
    }

    @Test func prometheusTextNamesEverySeries() {
        var text = PrometheusText()
        metrics([#"{"service":"a\"b","endpoint":"/x","status_code":500,"duration_ms":30}"#])
            .write(into: &text)
        let labels = #"{service="a\"b",endpoint="/x""#
        #expect(
            text.text.contains("http_requests_total\(labels),status=\"5xx\",level=\"unknown\"} 1\n")
        )
        #expect(text.text.contains("http_errors_total\(labels),status=\"5xx\"} 1\n"))
        #expect(
            text.text.contains(
                "http_request_duration_seconds_bucket\(labels),status=\"5xx\",le=\"0.025\"} 0"))
        #expect(
            text.text.contains(
                "http_request_duration_seconds_bucket\(labels),status=\"5xx\",le=\"0.05\"} 1"))
    }
}
