internal import LogBytes

/// What a format needs to know beside the series.
public struct MetricsContext: Sendable {
    /// The present time, nanoseconds since the epoch.
    public var time: Int64
    /// The machine, for formats that name it.
    public var host: String
    /// Only metrics of this category, nil for all.
    public var category: String?

    /// A context.
    public init(time: Int64, host: String = "", category: String? = nil) {
        self.time = time
        self.host = host
        self.category = category
    }
}

/// A format in which metrics can be read: one line in `all`. Whoever serves metrics follows it.
public struct MetricsFormat: Sendable {
    /// The name in `?format=`.
    public let name: String
    /// One line for help.
    public let summary: String
    /// The `Content-Type`.
    public let contentType: String
    /// Writes all series of the sources; pieces go to `flush` as they come.
    public let write:
        @Sendable (
            _ sources: [any MetricSource], MetricsContext, _ flush: @escaping ([UInt8]) -> Void
        )
            -> Void

    /// Every format.
    public static let all: [MetricsFormat] = [
        MetricsFormat(
            name: "prometheus", summary: "Prometheus' text, version 0.0.4",
            contentType: PrometheusText.contentType,
            write: { sources, context, flush in
                var sink = CategorySink(PrometheusText(flush: flush), context.category)
                for source in sources { source.write(into: &sink) }
                sink.inner.finish()
            }),
        MetricsFormat(
            name: "openmetrics", summary: "OpenMetrics 1.0 with exemplars",
            contentType: OpenMetricsText.contentType,
            write: { sources, context, flush in
                var sink = CategorySink(OpenMetricsText(flush: flush), context.category)
                for source in sources { source.write(into: &sink) }
                sink.inner.finish()
            }),
        MetricsFormat(
            name: "json", summary: "counters, gauges and histograms as one JSON object",
            contentType: "application/json", write: MetricsJSON.write),
        MetricsFormat(
            name: "report", summary: "values by category as one JSON object",
            contentType: "application/json", write: MetricsReportJSON.write),
        MetricsFormat(
            name: "datadog", summary: "Datadog's series, version 1",
            contentType: "application/json",
            write: { DatadogSeries.write($0, $1, version: .one, payloadBytesMax: nil, flush: $2) }),
        MetricsFormat(
            name: "datadog-v2", summary: "Datadog's series, version 2",
            contentType: "application/json",
            write: { DatadogSeries.write($0, $1, version: .two, payloadBytesMax: nil, flush: $2) }),
    ]

    /// The format of that name, nil when there is none.
    public static func named(_ name: String) -> MetricsFormat? { all.first { $0.name == name } }

    /// All series as one piece.
    ///
    /// - Parameter expected: about how many bytes it will be, where that is known: then it need not grow.
    public func bytes(
        _ sources: [any MetricSource], _ context: MetricsContext, expected: Int = 0
    ) -> [UInt8] {
        let gathered = GatheredPieces()
        gathered.bytes.reserveCapacity(expected)
        write(sources, context) { gathered.bytes += $0 }
        return gathered.bytes
    }
}

/// Where pieces come together.
private final class GatheredPieces {
    var bytes: [UInt8] = []
}

/// Lets the families of one category through.
struct CategorySink<Inner: MetricSink>: MetricSink {
    var inner: Inner
    private let category: String?

    init(_ inner: Inner, _ category: String?) {
        self.inner = inner
        self.category = category
    }

    var wantsExemplars: Bool { inner.wantsExemplars }

    mutating func begin(_ family: MetricFamily) -> Bool {
        guard category == nil || category == family.category else { return false }
        return inner.begin(family)
    }

    mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        inner.add(sample, labels)
    }

    mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        inner.add(histogram, labels, exemplars: exemplars, lastMinute: lastMinute)
    }
}
