internal import LogBytes
internal import LogRecords

/// A writer of OpenMetrics 1.0 text: as Prometheus' format, and with units, exemplars that name the trace of a slow request,
/// and an end that says that nothing is missing.
///
/// Source: github.com/OpenObservability/OpenMetrics, specification 1.0.
public struct OpenMetricsText {
    /// The `Content-Type` of the text.
    public static let contentType =
        "application/openmetrics-text; version=1.0.0; charset=utf-8"

    var output: MetricOutput
    private var family: MetricFamily?
    /// The family's name, without `_total`.
    private var name = ""
    private var written: Set<String> = []

    /// An empty text. Given a `flush`, it takes the text piece by piece.
    public init(flush: (([UInt8]) -> Void)? = nil) { output = MetricOutput(flush: flush) }

    /// The text written so far and not handed on.
    public var text: String { output.text }

    /// Writes the end. Nothing may follow.
    public mutating func finish() {
        output.append("# EOF\n")
        output.finish()
    }

    private mutating func sample(
        _ value: String, _ suffix: String, _ labels: String, bound: String? = nil,
        exemplar: String? = nil
    ) {
        output.append(name)
        output.append(suffix)
        if !labels.isEmpty || bound != nil {
            output.append("{")
            output.append(labels)
            if let bound {
                output.append(labels.isEmpty ? "le=\"" : ",le=\"")
                output.append(bound)
                output.append("\"")
            }
            output.append("}")
        }
        output.append(" ")
        output.append(value)
        if let exemplar { output.append(exemplar) }
        output.append("\n")
        output.flushIfLarge()
    }

    /// Bounds are real numbers here, as in Go's client: `1.0`, not `1`.
    private static func bound(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value)).0" : "\(value)"
    }

    private static func exemplar(_ exemplar: MetricExemplar, scale: Double) -> String {
        let value = PrometheusText.number(exemplar.value.scaled(by: scale))
        let seconds = exemplar.time / Timestamp.second
        let milliseconds = exemplar.time % Timestamp.second / 1_000_000
        let digits = String(milliseconds)
        let padded = String(repeating: "0", count: max(3 - digits.count, 0)) + digits
        let trace = PrometheusText.escaped(exemplar.traceID)
        return " # {trace_id=\"\(trace)\"} \(value) \(seconds).\(padded)"
    }
}

extension OpenMetricsText: MetricSink {
    /// Begins a family under its name in base units.
    public mutating func begin(_ family: MetricFamily) -> Bool {
        let exposed = family.exposedName
        let isCounter = family.kind == .counter && exposed.hasSuffix("_total")
        let name = isCounter ? String(exposed.dropLast(6)) : exposed
        guard PrometheusText.isMetricName(name), written.insert(name).inserted else {
            return false
        }
        self.name = name
        self.family = family
        let type = family.isGauge ? "gauge" : isCounter ? "counter" : "histogram"
        output.append("# TYPE \(name) \(type)\n")
        if !family.unit.isEmpty { output.append("# UNIT \(name) \(family.unit)\n") }
        output.append("# HELP \(name) \(PrometheusText.escaped(family.help))\n")
        return true
    }

    /// Writes a counter or gauge.
    public mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        let scale = family?.exposedScale ?? 1
        self.sample(
            PrometheusText.number(sample.value.scaled(by: scale)),
            family?.kind == .counter ? "_total" : "",
            PrometheusText.labelText(labels))
    }

    /// Writes a histogram; a bucket has the exemplar whose value lies in it.
    public mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        guard let family else { return }
        let scale = family.exposedScale
        let text = PrometheusText.labelText(labels)
        let counts = histogram.cumulativeCounts(family.bounds.map { $0.scaled(by: 1 / scale) })
        var lower = -Double.infinity
        func inBucket(_ upper: Double) -> String? {
            exemplars.first {
                $0.value.scaled(by: scale) > lower && $0.value.scaled(by: scale) <= upper
            }
            .map { Self.exemplar($0, scale: scale) }
        }
        for (bound, count) in zip(family.bounds, counts) {
            sample(
                String(count), "_bucket", text, bound: Self.bound(bound),
                exemplar: inBucket(bound))
            lower = bound
        }
        sample(
            String(histogram.count), "_bucket", text, bound: "+Inf",
            exemplar: inBucket(.infinity))
        sample(PrometheusText.number(histogram.sum.scaled(by: scale)), "_sum", text)
        sample(String(histogram.count), "_count", text)
    }
}
