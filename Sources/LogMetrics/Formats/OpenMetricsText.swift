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

    private var lines: ExpositionLines
    private var family: MetricFamily?
    private var written: Set<String> = []

    /// An empty text. Given a `flush`, it takes the text piece by piece.
    public init(flush: (([UInt8]) -> Void)? = nil) { lines = ExpositionLines(flush: flush) }

    /// The text written so far and not handed on.
    public var text: String { lines.output.text }

    /// Writes the end. Nothing may follow.
    public mutating func finish() {
        lines.output.append("# EOF\n")
        lines.output.finish()
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
    /// They name the trace of a slow request.
    public var wantsExemplars: Bool { true }

    /// Begins a family under its name in base units.
    public mutating func begin(_ family: MetricFamily) -> Bool {
        let exposed = family.exposedName
        let isCounter = family.kind == .counter && exposed.hasSuffix("_total")
        let name = isCounter ? String(exposed.dropLast(6)) : exposed
        guard PrometheusText.isMetricName(name), written.insert(name).inserted else {
            return false
        }
        lines.begin(name)
        lines.setBounds(family.bounds, scale: family.exposedScale, text: Self.bound)
        self.family = family
        let type = family.isGauge ? "gauge" : isCounter ? "counter" : "histogram"
        lines.output.append("# TYPE \(name) \(type)\n")
        if !family.unit.isEmpty {
            lines.output.append("# UNIT \(name) \(family.unit)\n")
        }
        lines.output.append("# HELP \(name) \(PrometheusText.escaped(family.help))\n")
        return true
    }

    /// Writes a counter or gauge.
    public mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        let scale = family?.exposedScale ?? 1
        lines.setLabels(labels)
        lines.sample(
            sample.value.scaled(by: scale), suffix: family?.kind == .counter ? "_total" : "")
    }

    /// Writes a histogram; a bucket has the exemplar whose value lies in it.
    public mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        guard let family else { return }
        let scale = family.exposedScale
        lines.setLabels(labels)
        if exemplars.isEmpty { return lines.histogram(histogram, scale: scale) }
        let bounds = family.bounds
        lines.histogram(histogram, scale: scale) { index, output in
            let lower = index > 0 ? bounds[index - 1] : -.infinity
            let upper = index < bounds.count ? bounds[index] : .infinity
            let inside = exemplars.first {
                $0.value.scaled(by: scale) > lower && $0.value.scaled(by: scale) <= upper
            }
            if let inside { output.append(Self.exemplar(inside, scale: scale)) }
        }
    }
}
