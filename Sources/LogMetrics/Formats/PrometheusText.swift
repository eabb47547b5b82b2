internal import LogBytes

/// A writer of Prometheus' text exposition format, version 0.0.4.
///
/// Samples of one metric stand together, behind one `# HELP` and one `# TYPE` line; text is escaped as the format demands.
/// Source: prometheus.io/docs/instrumenting/exposition_formats.
public struct PrometheusText {
    /// What a metric is.
    public enum Kind: String, Sendable {
        case counter, gauge, histogram, untyped
    }

    /// A label of a sample.
    public typealias Label = MetricLabel

    /// The `Content-Type` of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var lines: ExpositionLines
    private var present: MetricFamily?
    private var written: Set<String> = []

    /// An empty text. Given a `flush`, it takes the text piece by piece.
    public init(flush: (([UInt8]) -> Void)? = nil) { lines = ExpositionLines(flush: flush) }

    /// The text written so far and not handed on.
    public var text: String { lines.output.text }

    /// Hands on what is left, where there is somebody who takes it.
    public mutating func finish() { lines.output.finish() }

    /// Begins the metric `name`; samples that follow belong to it. A metric that was written before is refused, since its
    /// samples would stand apart: the answer is false.
    @discardableResult
    public mutating func begin(_ name: String, _ kind: Kind, help: String) -> Bool {
        guard Self.isMetricName(name), written.insert(name).inserted else { return false }
        lines.begin(name)
        let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        lines.output.append("# HELP \(name) \(escaped)\n# TYPE \(name) \(kind.rawValue)\n")
        return true
    }

    /// Writes one sample of the present metric; `suffix` is `_bucket`, `_sum` or `_count` of a histogram.
    public mutating func sample(_ value: Double, suffix: String = "", _ labels: [Label] = []) {
        lines.setLabels(labels)
        lines.sample(value, suffix: suffix)
    }

    /// Writes the series of a histogram that was recorded in milliseconds, in seconds: a cumulative bucket for each of the
    /// ascending `bounds` and for infinity, sum and count.
    public mutating func histogram(
        _ histogram: borrowing LatencyHistogram, boundsSeconds bounds: [Double],
        _ labels: [Label] = []
    ) {
        lines.setBounds(bounds, scale: 1e-3, text: Self.number)
        lines.setLabels(labels)
        lines.histogram(histogram, scale: 1e-3)
    }

    /// The labels between the braces.
    static func labelText(_ labels: [Label]) -> String {
        var text = ""
        for label in labels where isLabelName(label.name) {
            if !text.isEmpty { text += "," }
            text += label.name
            text += "=\""
            text += escaped(label.value)
            text += "\""
        }
        return text
    }

    static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else {
            return value
        }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    /// True for `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    static func isMetricName(_ name: String) -> Bool {
        name.utf8.allSatisfy { isNameByte($0) || $0 == ASCII.colon }
            && name.utf8.first.map { !ASCII.isDigit($0) } ?? false
    }

    /// True for `[a-zA-Z_][a-zA-Z0-9_]*`.
    public static func isLabelName(_ name: String) -> Bool {
        name.utf8.allSatisfy(isNameByte) && name.utf8.first.map { !ASCII.isDigit($0) } ?? false
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        ASCII.lowercased(byte) &- UInt8(ascii: "a") < 26 || ASCII.isDigit(byte)
            || byte == UInt8(ascii: "_")
    }
}

extension PrometheusText: MetricSink {
    /// Begins a family under its name in base units.
    public mutating func begin(_ family: MetricFamily) -> Bool {
        let kind: Kind =
            family.isGauge ? .gauge : family.kind == .counter ? .counter : .histogram
        present = family
        lines.setBounds(family.bounds, scale: family.exposedScale, text: Self.number)
        return begin(family.exposedName, kind, help: family.help)
    }

    /// Writes a counter or gauge.
    public mutating func add(_ sample: MetricSample, _ labels: [MetricLabel]) {
        self.sample(sample.value.scaled(by: present?.exposedScale ?? 1), labels)
    }

    /// Writes a histogram. The format has no place for exemplars.
    public mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?
    ) {
        guard let present else { return }
        lines.setLabels(labels)
        lines.histogram(histogram, scale: present.exposedScale)
    }
}
