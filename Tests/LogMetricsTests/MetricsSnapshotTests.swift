import LogBytes
import LogMetrics
import LogQuery
import LogRecords
import TestSupport
import Testing

@Suite struct MetricsSnapshotTests {
    private func definitions() throws -> [MetricDefinition] {
        [
            MetricDefinition(
                name: "orders_total", kind: .counter,
                filter: try QueryParser.parseFilter("endpoint:*", now: 0),
                labels: [.init("service", .field("service")), .init("path", .field("endpoint"))]),
            MetricDefinition(name: "took_seconds", kind: .histogram, field: "duration_ms"),
            MetricDefinition(
                name: "ok_ratio", kind: .ratio,
                filter: try QueryParser.parseFilter("status_code:200", now: 0)),
            MetricDefinition(name: "latest", kind: .gauge, field: "duration_ms"),
        ]
    }

    private func lines(_ range: Range<Int>) -> [String] {
        range.map { index in
            index % 9 == 0
                ? MetricStream.line(
                    Double(index),
                    #""event":"metric_histogram","metric":"m\#(index % 4)","value":\#(index),"tags":{"t":"\#(index % 3)"}"#
                )
                : MetricStream.request(
                    Double(index * 3), [200, 302, 404, 500][index % 4],
                    Double(index * index % 7_919) + 0.5, service: "s\(index % 5)",
                    endpoint: "/orders/\(index)/part\(index % 50)x")
        }
    }

    private func bytes(_ metrics: StreamMetrics) -> [UInt8] {
        var out = ByteWriter()
        metrics.snapshot(into: &out)
        return Array(out.view)
    }

    private func restore(
        _ metrics: StreamMetrics, _ bytes: [UInt8]
    ) -> MalformedBytes? {
        bytes.withView { view in
            var reader = ByteReader(view)
            do throws(MalformedBytes) {
                try metrics.restore(from: &reader)
                return nil
            } catch {
                return error
            }
        }
    }

    private func text(_ metrics: StreamMetrics) -> String {
        MetricsFormat.all.filter { $0.name != "openmetrics" }
            .map { MetricStream.text([metrics], $0.name) }.joined()
    }

    @Test func whatFollowsIsAsIfNothingHadHappened() throws {
        for cut in [0, 1, 40, 900] {
            let whole = MetricStream.metrics(lines(0..<1_500), try definitions())
            let before = MetricStream.metrics(lines(0..<cut), try definitions())
            let after = StreamMetrics(definitions: try definitions())
            #expect(restore(after, bytes(before)) == nil)
            #expect(text(after) == text(before))
            #expect(bytes(after) == bytes(before))
            MetricStream.feed(after, lines(cut..<1_500))
            #expect(text(after) == text(whole), "\(cut)")
            for window in MetricDefinition.Window.allCases {
                #expect(after.recentRequests(window) == whole.recentRequests(window))
            }
        }
    }

    @Test func classesMayHaveChangedMeanwhile() {
        let before = StreamMetrics(classNames: ["production", "audit"])
        MetricStream.feed(before, [#"{"service":"a"}"#], classIndex: 1)
        let after = StreamMetrics(classNames: ["audit", "production"])
        #expect(restore(after, bytes(before)) == nil)
        MetricStream.feed(after, [#"{"service":"a"}"#], classIndex: 0)
        #expect(
            MetricStream.samples(after, "log_lines_total")
                == [#"log_lines_total{service="a",class="audit",level="unknown"} 2"#])
    }

    @Test func definitionsMayHaveChangedMeanwhile() throws {
        let before = MetricStream.metrics(lines(0..<100), try definitions())
        var changed = try definitions()
        changed[0].labels = [.init("service", .field("service"))]
        changed.remove(at: 1)
        let after = StreamMetrics(definitions: changed)
        #expect(restore(after, bytes(before)) == nil)
        #expect(MetricStream.samples(after, "orders_total") == [])
        #expect(MetricStream.samples(after, "took_seconds") == [])
        #expect(MetricStream.samples(after, "latest") == MetricStream.samples(before, "latest"))
    }

    @Test func smallerLimitsLoseNothing() throws {
        let before = MetricStream.metrics(lines(0..<400), try definitions())
        let after = StreamMetrics(
            definitions: try definitions(), seriesMax: 20, metricSeriesMax: 7)
        #expect(restore(after, bytes(before)) == nil)
        func sum(_ metrics: StreamMetrics) -> [UInt64] {
            [
                metrics.summaryByEndpoint().map(\.requests).reduce(0, +),
                metrics.summaryByEndpoint().map(\.errors).reduce(0, +), metrics.latency().count,
            ]
        }
        #expect(sum(after) == sum(before))
        #expect(after.seriesCount <= 20)
        #expect(after.summaryByEndpoint().contains { $0.endpoint == "other" })
    }

    /// As weir wrote it when it told the length of the rest first.
    @Test func theFirstVersionIsRead() throws {
        let before = MetricStream.metrics(lines(0..<60), try definitions())
        let present = bytes(before)
        var first = ByteWriter()
        for byte in present.prefix(8) { first.append(byte) }
        first.append(UInt8(1))
        first.append(length: present.count - 9)
        for byte in present.dropFirst(9) { first.append(byte) }
        let after = StreamMetrics(definitions: try definitions())
        #expect(restore(after, Array(first.view)) == nil)
        #expect(text(after) == text(before))
    }

    /// Whatever the bytes are, restoring answers, and an error leaves nothing behind.
    @Test func damageIsFoundAndLeavesNothing() throws {
        let good = bytes(MetricStream.metrics(lines(0..<60), try definitions()))
        let empty = text(StreamMetrics(definitions: try definitions()))
        func check(_ bytes: [UInt8], _ what: String) throws -> Bool {
            let metrics = StreamMetrics(definitions: try definitions())
            guard restore(metrics, bytes) != nil else { return false }
            #expect(text(metrics) == empty, "\(what)")
            return true
        }
        for length in stride(from: 0, to: good.count, by: 7) {
            #expect(try check(Array(good.prefix(length)), "cut at \(length)"))
        }
        var other = good
        other[8] = 3
        #expect(try check(other, "another version"))
        var random = SeededGenerator(seed: 3)
        var found = 0
        for round in 0..<1_500 {
            var bad = good
            for _ in 0...random.below(3) {
                bad[random.below(bad.count)] = UInt8(random.below(256))
            }
            if try check(bad, "round \(round)") { found += 1 }
        }
        // A changed digit of a counter is a number too; the file's own checksum finds that.
        #expect(found > 300)
    }
}
