import LogBytes
import LogMetrics
import LogRecords
import TestSupport

/// Lines and what metrics make of them. Seconds count from 2026-01-05T10:00:00Z.
enum MetricStream {
    static let start: Int64 = 1_767_607_200_000_000_000

    static func time(_ seconds: Double) -> Int64 { start + Int64(seconds * 1e9) }

    static func line(_ seconds: Double, _ members: String) -> String {
        "{\"timestamp\":\"\(Timestamp.text(time(seconds), digits: 9))\",\(members)}"
    }

    static func request(
        _ seconds: Double, _ status: Int = 200, _ duration: Double = 20, service: String = "api",
        endpoint: String = "/orders", trace: String? = nil
    ) -> String {
        line(
            seconds,
            #""level":"INFO","service":"\#(service)","endpoint":"\#(endpoint)","#
                + #""status_code":\#(status),"duration_ms":\#(duration)"#
                + (trace.map { #","trace_id":"\#($0)""# } ?? ""))
    }

    /// Gives `lines` to `metrics` in batches of `size`.
    static func feed(
        _ metrics: StreamMetrics, _ lines: [String], size: Int = 1_000, classIndex: UInt8 = 0,
        learnsShapes: Bool = true
    ) {
        let batch = RecordBatch()
        batch.learnsShapes = learnsShapes
        var index = 0
        while index < lines.count {
            let text = lines[index..<min(index + size, lines.count)].joined(separator: "\n")
            let chunk = ByteChunk(holding: text)
            batch.reset(
                origin: UnsafePointer(chunk.base), arrivalTime: start + 100_000 * Timestamp.second)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            for row in 0..<batch.records.count {
                var record = batch.records[row]
                record.classIndex = classIndex
                batch.records[row] = record
            }
            metrics.observe(batch)
            index += size
        }
    }

    /// The metrics of `lines`.
    static func metrics(
        _ lines: [String], _ definitions: [MetricDefinition] = [], size: Int = 1_000
    ) -> StreamMetrics {
        let metrics = StreamMetrics(definitions: definitions)
        feed(metrics, lines, size: size)
        return metrics
    }

    /// All series in the format `name`.
    static func text(
        _ sources: [any MetricSource], _ name: String = "prometheus", seconds: Double = 0,
        host: String = "", category: String? = nil
    ) -> String {
        let context = MetricsContext(time: time(seconds), host: host, category: category)
        let bytes = MetricsFormat.named(name)?.bytes(sources, context) ?? []
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The lines of `metrics` in Prometheus' format that begin with `prefix`.
    static func samples(_ metrics: StreamMetrics, _ prefix: String) -> [String] {
        text([metrics]).split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }
}
