public import LogQuery

/// How a value is compared with its threshold.
public enum Comparison: String, CaseIterable, BitwiseCopyable, Sendable {
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case greater = ">"
    case less = "<"

    /// Whether `value` stands in this relation to `threshold`.
    public func holds(_ value: Double, _ threshold: Double) -> Bool {
        switch self {
        case .greater: value > threshold
        case .greaterOrEqual: value >= threshold
        case .less: value < threshold
        case .lessOrEqual: value <= threshold
        }
    }

    /// True when more of what is counted can make the relation true and never false.
    var rises: Bool { self == .greater || self == .greaterOrEqual }
}

/// What a condition computes over its window.
public enum Measure: Equatable, Sendable {
    /// The matching records.
    case count
    /// The matching records a second.
    case rate
    /// The failed share of the requests (`RequestRule`).
    case errorRate
    /// The value of `field` that the share `fraction` of the records does not exceed.
    case quantile(fraction: Double, field: String)
}

/// A condition over the stream: what is measured, over which window, for which groups, against which threshold.
public struct Condition: Equatable, Sendable {
    /// What is measured.
    public let measure: Measure
    /// The records it is measured over; nil for all.
    public let filter: Filter?
    /// How the value is compared.
    public let comparison: Comparison
    /// The threshold, in `unit`.
    public let threshold: Double
    /// What value and threshold are counted in.
    public let unit: ValueUnit
    /// The length of the window in nanoseconds.
    public let window: Int64
    /// The fields whose values part the records into groups.
    public let groupBy: [String]
    /// With fewer records in the window there is no value.
    public let samplesMin: Int
    /// The measure as written: `p95(duration_ms)`.
    public let subject: String
    /// The whole sentence.
    public let text: String

    /// With fewer requests or values than these, an error rate or a quantile says nothing: one failed request of one at
    /// night is no incident, and 20 is the first number of which the 95th percentile is not simply the largest.
    public static let samplesMinDefault = 20
    /// The shortest window.
    public static let windowMin: Int64 = 1_000_000_000
    /// The longest window: a day. Baselines and reports are queries, not windows.
    public static let windowMax: Int64 = 86_400_000_000_000

    /// True when the condition, once true for a window, stays true whatever else falls into it: then it fires on the
    /// record that makes it true.
    public var firesOnRecord: Bool {
        (measure == .count || measure == .rate) && comparison.rises
    }
}
