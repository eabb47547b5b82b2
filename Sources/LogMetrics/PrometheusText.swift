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
    public typealias Label = (name: String, value: String)

    /// The `Content-Type` of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text written so far.
    public private(set) var text = ""
    private var family = ""
    private var written: Set<String> = []

    /// An empty text.
    public init() {}

    /// Begins the metric `name`; samples that follow belong to it. A metric that was written before is refused, since its
    /// samples would stand apart: the answer is false.
    @discardableResult
    public mutating func begin(_ name: String, _ kind: Kind, help: String) -> Bool {
        guard Self.isMetricName(name), written.insert(name).inserted else { return false }
        family = name
        let escaped = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(escaped)\n# TYPE \(name) \(kind.rawValue)\n"
        return true
    }

    /// Writes one sample of the present metric; `suffix` is `_bucket`, `_sum` or `_count` of a histogram.
    public mutating func sample(_ value: Double, suffix: String = "", _ labels: [Label] = []) {
        text += family + suffix
        let named = labels.filter { Self.isLabelName($0.name) }
        if !named.isEmpty {
            text += "{"
            for (index, label) in named.enumerated() {
                if index > 0 { text += "," }
                text += "\(label.name)=\"\(Self.escaped(label.value))\""
            }
            text += "}"
        }
        text += " \(Self.number(value))\n"
    }

    /// Writes the series of a histogram that was recorded in milliseconds, in seconds: a cumulative bucket for each of the
    /// ascending `bounds` and for infinity, sum and count.
    public mutating func histogram(
        _ histogram: borrowing LatencyHistogram, boundsSeconds bounds: [Double],
        _ labels: [Label] = []
    ) {
        let counts = histogram.cumulativeCounts(bounds.map { $0 * 1_000 })
        for (bound, count) in zip(bounds, counts) {
            sample(Double(count), suffix: "_bucket", labels + [("le", Self.number(bound))])
        }
        sample(Double(histogram.count), suffix: "_bucket", labels + [("le", "+Inf")])
        sample(histogram.sum / 1_000, suffix: "_sum", labels)
        sample(Double(histogram.count), suffix: "_count", labels)
    }

    static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
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
