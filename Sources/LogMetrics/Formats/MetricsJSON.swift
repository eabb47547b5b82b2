internal import LogRecords

/// Counters, gauges and histograms under their configured names:
///
///     {"counters":{"errors_total":3,"errors_total{type=\"timeout\"}":3},"gauges":{…},
///      "histograms":{"workflow_duration_ms":{"count":156,"min":234.5,"max":1823.4,"avg":567.8,"p50":…}},"timestamp":"…"}
///
/// A counter or histogram with labels stands there in all and for each of its series; values are in the unit that the name
/// says.
struct MetricsJSON: MetricSink {
    private enum Section: String, CaseIterable {
        case counters, gauges, histograms
    }

    private var output: MetricOutput
    private var section = Section.counters
    private var isFirst = true
    private var family: MetricFamily?
    private var written: Set<String> = []
    /// What the present family's series add up to.
    private var total = 0.0
    private var totalHistogram = SharedHistogram()
    private var seriesCount = 0
    private var hasPlain = false

    static func write(
        _ sources: [any MetricSource], _ context: MetricsContext,
        _ flush: @escaping ([UInt8]) -> Void
    ) {
        var sink = CategorySink(
            MetricsJSON(output: MetricOutput(flush: flush)), context.category)
        sink.inner.output.append("{")
        for section in Section.allCases {
            sink.inner.open(section)
            for source in sources { source.write(into: &sink) }
            sink.inner.close()
        }
        sink.inner.output.append("\"timestamp\":")
        sink.inner.output.append(quoted: Timestamp.text(context.time, digits: 3))
        sink.inner.output.append("}\n")
        sink.inner.output.finish()
    }

    private init(output: MetricOutput) { self.output = output }

    private mutating func open(_ section: Section) {
        self.section = section
        isFirst = true
        written = []
        output.append("\"\(section.rawValue)\":{")
    }

    private mutating func close() {
        endFamily()
        family = nil
        output.append("},")
    }

    private mutating func key(_ labels: [MetricLabel]) {
        if !isFirst { output.append(",") }
        isFirst = false
        let name = family?.name ?? ""
        output.append(
            quoted: labels.isEmpty ? name : "\(name){\(PrometheusText.labelText(labels))}")
        output.append(":")
        output.flushIfLarge()
    }

    /// Writes what a family with labels adds up to.
    private mutating func endFamily() {
        guard let family, seriesCount > 0, !hasPlain else { return }
        switch section {
        case .counters:
            key([])
            output.append(json: total.scaled(by: family.scale))
        case .histograms:
            key([])
            write(totalHistogram.value, family.scale)
        // Gauges of different things add up to nothing.
        case .gauges: break
        }
    }

    mutating func begin(_ family: MetricFamily) -> Bool {
        let own: Section =
            family.isGauge ? .gauges : family.kind == .counter ? .counters : .histograms
        guard own == section else { return false }
        endFamily()
        total = 0
        seriesCount = 0
        hasPlain = false
        totalHistogram = SharedHistogram()
        guard written.insert(family.name).inserted else {
            self.family = nil
            return false
        }
        self.family = family
        return true
    }

    mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        key(Self.shown(labels))
        output.append(json: sample.value.scaled(by: family?.scale ?? 1))
        total += sample.value
        note(labels)
    }

    mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        key(Self.shown(labels))
        write(histogram, family?.scale ?? 1)
        totalHistogram.value.merge(histogram)
        note(labels)
    }

    /// The labels that say something; all where none does, since the bare name is that of the sum.
    private static func shown(_ labels: [MetricLabel]) -> [MetricLabel] {
        let named = labels.filter { !$0.value.isEmpty }
        return named.isEmpty ? labels : named
    }

    private mutating func note(_ labels: [MetricLabel]) {
        seriesCount += 1
        if labels.isEmpty { hasPlain = true }
    }

    private mutating func write(_ histogram: borrowing LatencyHistogram, _ scale: Double) {
        output.append("{\"count\":\(histogram.count)")
        let mean = histogram.sum / Double(max(histogram.count, 1))
        let values: [(String, Double?)] = [
            ("min", histogram.min), ("max", histogram.max), ("avg", mean),
            ("p50", histogram.quantile(0.5)), ("p95", histogram.quantile(0.95)),
            ("p99", histogram.quantile(0.99)),
        ]
        for (name, value) in values {
            output.append(",\"\(name)\":")
            output.append(json: (value ?? 0).scaled(by: scale))
        }
        output.append("}")
    }
}

/// A histogram that a copyable struct can hold.
final class SharedHistogram {
    var value = LatencyHistogram()
}
