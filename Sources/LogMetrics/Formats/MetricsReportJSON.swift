internal import LogRecords

/// Values by category and name, for dashboards that ask for one category or all:
///
///     {"timestamp":"…","metrics":{"performance":{"api.response_time.p95":182.4,"api.response_time.count":1042},
///      "business":{"payments.success_rate":99.4}}}
///
/// A histogram gives its count, mean, extremes and percentiles behind dots; labels stand in braces.
struct MetricsReportJSON: MetricSink {
    private var output: MetricOutput
    private var category = ""
    private var isFirst = true
    private var family: MetricFamily?
    private var written: Set<String> = []

    static func write(
        _ sources: [any MetricSource], _ context: MetricsContext,
        _ flush: @escaping ([UInt8]) -> Void
    ) {
        var survey = CategorySurvey()
        for source in sources { source.write(into: &survey) }
        let categories = survey.found.filter {
            context.category == nil || context.category == $0
        }
        var sink = MetricsReportJSON(output: MetricOutput(flush: flush))
        sink.output.append("{\"timestamp\":")
        sink.output.append(quoted: Timestamp.text(context.time, digits: 3))
        sink.output.append(",\"metrics\":{")
        for (number, category) in categories.enumerated() {
            if number > 0 { sink.output.append(",") }
            sink.output.append(quoted: category)
            sink.output.append(":{")
            sink.category = category
            sink.isFirst = true
            for source in sources { source.write(into: &sink) }
            sink.output.append("}")
        }
        sink.output.append("}}\n")
        sink.output.finish()
    }

    private init(output: MetricOutput) { self.output = output }

    mutating func begin(_ family: MetricFamily) -> Bool {
        guard family.category == category, written.insert(family.name).inserted else {
            return false
        }
        self.family = family
        return true
    }

    private mutating func value(_ value: Double, _ suffix: String, _ labels: [MetricLabel]) {
        guard let family else { return }
        if !isFirst { output.append(",") }
        isFirst = false
        let named = labels.filter { !$0.value.isEmpty }
        let braces = named.isEmpty ? "" : "{\(PrometheusText.labelText(named))}"
        output.append(quoted: family.name + suffix + braces)
        output.append(":")
        output.append(json: value)
        output.flushIfLarge()
    }

    mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        value(sample.value.scaled(by: family?.scale ?? 1), "", labels)
    }

    mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        guard let scale = family?.scale, !histogram.isEmpty else { return }
        value(Double(histogram.count), ".count", labels)
        value((histogram.sum / Double(histogram.count)).scaled(by: scale), ".avg", labels)
        let quantiles: [(String, Double?)] = [
            (".min", histogram.min), (".max", histogram.max), (".p50", histogram.quantile(0.5)),
            (".p95", histogram.quantile(0.95)), (".p99", histogram.quantile(0.99)),
        ]
        for (suffix, quantile) in quantiles {
            value((quantile ?? 0).scaled(by: scale), suffix, labels)
        }
    }
}

/// The categories that occur, in the order in which they first come.
private struct CategorySurvey: MetricSink {
    var found: [String] = []

    mutating func begin(_ family: MetricFamily) -> Bool {
        if !found.contains(family.category) { found.append(family.category) }
        return false
    }

    mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {}

    mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {}
}
