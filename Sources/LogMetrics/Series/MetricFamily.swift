/// A label of a series.
public typealias MetricLabel = (name: String, value: String)

/// What a metric measures, and how.
public enum MetricKind: String, CaseIterable, Sendable {
    /// A number that only grows: how many records, or the sum of a field.
    case counter
    /// The latest value of a field.
    case gauge
    /// How often values of each size occurred.
    case histogram
    /// The share of some records among others in the last minutes, 0 to 1 (0 to 100 with the unit percent).
    case ratio
    /// Records in a window of the last minutes, for each minute.
    case rate
}

/// The series of one name, as the formats see them.
///
/// Values are kept in the unit in which they came, times in milliseconds. JSON and Datadog get them under the configured name
/// in the unit that it names; Prometheus and OpenMetrics in base units, under a name that says so, as `promtool check
/// metrics` demands: `workflow_duration_ms` becomes `workflow_duration_seconds`.
public struct MetricFamily: Sendable {
    /// The configured name.
    public let name: String
    /// The name in Prometheus' formats. Counters end in `_total`.
    public let exposedName: String
    /// What is measured. Ratios and rates are gauges for all formats.
    public let kind: MetricKind
    /// One line for people.
    public let help: String
    /// The base unit that `exposedName` ends in, empty for none.
    public let unit: String
    /// The group of metrics that reports show it in.
    public let category: String
    /// What a kept value is multiplied with for the configured name.
    public let scale: Double
    /// What a kept value is multiplied with for Prometheus' formats.
    public let exposedScale: Double
    /// The bounds of a histogram's buckets, ascending, in Prometheus' unit.
    public let bounds: [Double]

    /// A family whose values are kept in `keptUnit`.
    ///
    /// - Parameters:
    ///   - bounds: the bounds of the buckets in the kept unit; nil for those that suit the unit.
    public init(
        _ name: String, _ kind: MetricKind, help: String, keptUnit: MetricUnit = .none,
        category: String = MetricFamily.systemCategory, bounds: [Double]? = nil
    ) {
        let exposed = MetricName.exposed(name, kind, keptUnit)
        self.name = name
        self.kind = kind
        self.help = help
        self.category = category
        exposedName = exposed.name
        unit = exposed.unit
        exposedScale = exposed.scale
        scale = MetricName.scale(name, keptUnit)
        let chosen = bounds ?? keptUnit.defaultBounds
        // Rounded, since 5 ms × 0.001 has to read 0.005.
        self.bounds = chosen.map { Self.rounded($0.scaled(by: exposed.scale)) }
    }

    /// The category of what weir measures about itself.
    public static let systemCategory = "system"
    /// The category of what is derived from every record.
    public static let performanceCategory = "performance"
    /// The category of configured metrics that name none.
    public static let businessCategory = "business"

    /// True for what formats call a gauge.
    public var isGauge: Bool { kind == .gauge || kind == .ratio || kind == .rate }

    /// 12 significant digits: no bound is meant more exactly, and what scaling adds lies behind them.
    private static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value }
        var scale = 1.0
        while abs(value) * scale < 1e11, scale < 1e30 { scale *= 10 }
        return (value * scale).rounded() / scale
    }
}

/// A request that stands for a bucket: which trace shows what took so long.
public struct MetricExemplar: Equatable, Sendable {
    /// The value, in the kept unit.
    public let value: Double
    /// When it happened, nanoseconds since the epoch.
    public let time: Int64
    /// The trace.
    public let traceID: String
}

/// The value of a series at this moment.
public struct MetricSample: Sendable {
    /// The counter's sum since the beginning, or the gauge's value, in the kept unit.
    public let value: Double
    /// What the last whole minute added, nil where that is not known.
    public let lastMinute: Double?

    /// A value.
    public init(_ value: Double, lastMinute: Double? = nil) {
        self.value = value
        self.lastMinute = lastMinute
    }
}

/// A format being written: whoever has series calls it, family by family.
///
/// A family's series come between its `begin` and the next. `begin` answers false when they are not wanted; the caller goes on
/// with the next family.
public protocol MetricSink {
    /// Whether the format shows exemplars; else none are made.
    var wantsExemplars: Bool { get }
    /// Begins a family.
    mutating func begin(_ family: MetricFamily) -> Bool
    /// Writes a counter or gauge of the present family.
    mutating func add(_ sample: MetricSample, _ labels: [MetricLabel])
    /// Writes a histogram of the present family. `exemplars` stand in no order.
    mutating func add(
        _ histogram: borrowing LatencyHistogram, _ labels: [MetricLabel],
        exemplars: [MetricExemplar], lastMinute: Double?)
}

extension MetricSink {
    /// Most formats show none.
    public var wantsExemplars: Bool { false }
}

/// Whoever has series: what a format reads.
public protocol MetricSource {
    /// Gives all families to `sink`.
    func write(into sink: inout some MetricSink)
}

extension Double {
    /// The value times `scale`. Powers of ten below 1 are no binary fractions, their inverses are whole: 4084 ms are 4.084 s
    /// and not 4.0840000000000005.
    func scaled(by scale: Double) -> Double { scale < 1 ? self / (1 / scale) : self * scale }
}
