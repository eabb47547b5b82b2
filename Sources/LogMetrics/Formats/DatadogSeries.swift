internal import LogRecords

/// The body of Datadog's `/api/v1/series` and `/api/v2/series`.
///
/// Datadog's counts are what an interval added, so counters are those of the last whole minute, and it is right to send them
/// once a minute; where only the sum since the beginning is known, it is a gauge. A histogram gives `.count`, `.avg`,
/// `.median`, `.95percentile`, `.99percentile` and `.max`, as Datadog's own agent does. Names are the configured ones.
///
/// Sources: docs.datadoghq.com/api/latest/metrics, docs.datadoghq.com/metrics/types.
public struct DatadogSeries {
    /// Which of the two addresses the body is for.
    public enum Version: Sendable {
        case one, two
    }

    /// The largest body that Datadog's second version takes.
    public static let payloadBytesMax = 500_000
    /// The interval of counts.
    private static let intervalSeconds = 60
    private static let head = "{\"series\":["
    private static let tail = "]}\n"

    private var output: MetricOutput
    private let version: Version
    private let context: MetricsContext
    private let payloadBytesMax: Int?
    private var payloadStart = 0
    private var isFirst = true
    private var family: MetricFamily?
    private var written: Set<String> = []

    /// Writes all series of `sources`.
    ///
    /// - Parameter payloadBytesMax: the bytes after which a further body begins, each on a line of its own; nil for one body.
    public static func write(
        _ sources: [any MetricSource], _ context: MetricsContext, version: Version,
        payloadBytesMax: Int? = DatadogSeries.payloadBytesMax,
        flush: @escaping ([UInt8]) -> Void
    ) {
        var sink = CategorySink(
            DatadogSeries(
                output: MetricOutput(flush: flush), version: version, context: context,
                payloadBytesMax: payloadBytesMax), context.category)
        sink.inner.output.append(head)
        for source in sources { source.write(into: &sink) }
        sink.inner.output.append(tail)
        sink.inner.output.finish()
    }

    private init(
        output: MetricOutput, version: Version, context: MetricsContext, payloadBytesMax: Int?
    ) {
        self.output = output
        self.version = version
        self.context = context
        self.payloadBytesMax = payloadBytesMax
    }

    private mutating func series(
        _ value: Double, _ suffix: String, _ labels: [MetricLabel], isCount: Bool
    ) {
        guard let family, value.isFinite else { return }
        var item = MetricOutput()
        item.append("{\"metric\":")
        item.append(quoted: family.name + suffix)
        let time = context.time / Timestamp.second
        let number = PrometheusText.number(value)
        switch version {
        case .one:
            item.append(",\"points\":[[\(time),\(number)]]")
            item.append(",\"type\":\(isCount ? "\"count\"" : "\"gauge\"")")
        case .two:
            item.append(",\"type\":\(isCount ? 1 : 3)")
            item.append(",\"points\":[{\"timestamp\":\(time),\"value\":\(number)}]")
        }
        if isCount { item.append(",\"interval\":\(Self.intervalSeconds)") }
        host(into: &item)
        item.append(",\"tags\":[")
        var isFirstTag = true
        for label in labels where !label.value.isEmpty {
            if !isFirstTag { item.append(",") }
            isFirstTag = false
            item.append(quoted: "\(label.name):\(label.value)")
        }
        item.append("]}")
        append(item)
    }

    private func host(into item: inout MetricOutput) {
        guard !context.host.isEmpty else { return }
        if version == .one {
            item.append(",\"host\":")
            item.append(quoted: context.host)
        } else {
            item.append(",\"resources\":[{\"name\":")
            item.append(quoted: context.host)
            item.append(",\"type\":\"host\"}]")
        }
    }

    private mutating func append(_ item: MetricOutput) {
        if let limit = payloadBytesMax, !isFirst,
            output.count - payloadStart + item.count + Self.tail.utf8.count + 1 > limit
        {
            output.append(Self.tail)
            payloadStart = output.count
            output.append(Self.head)
            isFirst = true
        }
        if !isFirst { output.append(",") }
        isFirst = false
        output.append(item.text)
        output.flushIfLarge()
    }
}

extension DatadogSeries: MetricSink {
    /// Begins a family under its configured name.
    public mutating func begin(_ family: MetricFamily) -> Bool {
        guard written.insert(family.name).inserted else { return false }
        self.family = family
        return true
    }

    /// Writes a counter or gauge.
    public mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        let scale = family?.scale ?? 1
        if family?.kind == .counter, let added = sample.lastMinute {
            series(added.scaled(by: scale), "", labels, isCount: true)
        } else {
            series(sample.value.scaled(by: scale), "", labels, isCount: false)
        }
    }

    /// Writes a histogram.
    public mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        guard let scale = family?.scale, !histogram.isEmpty else { return }
        if let lastMinute {
            series(lastMinute, ".count", labels, isCount: true)
        } else {
            series(Double(histogram.count), ".count", labels, isCount: false)
        }
        let mean = histogram.sum / Double(histogram.count)
        let values: [(String, Double?)] = [
            (".avg", mean), (".median", histogram.quantile(0.5)),
            (".95percentile", histogram.quantile(0.95)),
            (".99percentile", histogram.quantile(0.99)), (".max", histogram.max),
        ]
        for (suffix, value) in values {
            series((value ?? 0).scaled(by: scale), suffix, labels, isCount: false)
        }
    }
}
