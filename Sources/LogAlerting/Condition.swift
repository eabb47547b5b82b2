public import LogQuery

/// How a value is compared with its threshold.
public enum Comparison: String, CaseIterable, BitwiseCopyable, Sendable {
    // The longer ones first, so that a parser that tries them in order takes `>=` and not `>`.
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case less = "<"

    /// Whether `value` stands in this relation to `threshold`; never when one of them is no number.
    public func holds(_ value: Double, _ threshold: Double) -> Bool {
        switch self {
        case .greater: value > threshold
        case .greaterOrEqual: value >= threshold
        case .less: value < threshold
        case .lessOrEqual: value <= threshold
        case .equal: value == threshold
        case .notEqual: value != threshold && !value.isNaN
        }
    }

    /// True when more of what is counted can make the relation true and never false.
    var rises: Bool { self == .greater || self == .greaterOrEqual }
    /// True when less of it can.
    var falls: Bool { self == .less || self == .lessOrEqual }
}

/// What a condition computes over its window.
public enum Measure: Equatable, Sendable {
    /// The matching records.
    case count
    /// The matching records a second.
    case rate
    /// The failed share of the requests (`RequestRule`).
    case errorRate
    /// The share of the requests that did not fail.
    case successRate
    /// The requests a second.
    case requestRate
    /// The value of `field` that the share `fraction` of the records does not exceed.
    case quantile(fraction: Double, field: String)
    /// The mean of the numbers in `field`.
    case average(field: String)
    /// The smallest number in `field`.
    case minimum(field: String)
    /// The greatest number in `field`.
    case maximum(field: String)
    /// The sum of the numbers in `field`.
    case sum(field: String)
    /// The number in `field` of the record with the latest time.
    case last(field: String)
    /// How many different values `field` has: exact while no slot of the window sees more than `ValueSet.exactMax`, and
    /// within 2.3 % (one standard error) beyond.
    case distinct(field: String)
    /// The values of `field` that were not seen for as long as the condition remembers.
    case new(field: String)
    /// Nothing matched.
    case absent
    /// The records that match `part`, for each that matches `whole`.
    case ratio(part: Filter, whole: Filter)
    /// What a LogsQL expression computes.
    case expression(RuleExpression)

    /// The field whose numbers or values are looked at.
    var field: String? {
        switch self {
        case .quantile(_, let field), .average(let field), .minimum(let field),
            .maximum(let field), .sum(let field), .last(let field), .distinct(let field),
            .new(let field):
            field
        default: nil
        }
    }
}

/// A condition over the stream: what is measured, over which window, for which groups, against which threshold.
public struct Condition: Equatable, Sendable {
    /// What is measured.
    public let measure: Measure
    /// The records it is measured over; nil for all.
    public let filter: Filter?
    /// How the value is compared.
    public let comparison: Comparison
    /// The threshold, in `unit`; with a baseline, how many times the baseline.
    public let threshold: Double
    /// What value and threshold are counted in.
    public let unit: ValueUnit
    /// The length of the window in nanoseconds.
    public let window: Int64
    /// The length of the window before it whose value, scaled to the length of `window`, is what the threshold multiplies;
    /// 0 for a threshold that stands for itself.
    public let baseline: Int64
    /// How long `new` remembers a value that it does not see again; 0 for other measures.
    public let memory: Int64
    /// How long `new` only learns what is usual in a group.
    public let learning: Int64
    /// The fields whose values part the records into groups. Those of `new` end with the field itself.
    public let groupBy: [String]
    /// With fewer records in the window there is no value.
    public let samplesMin: Int
    /// How long the condition must hold, where the sentence itself says so.
    public let pendingDuration: Int64
    /// False where the sentence leaves the comparison to the levels of its rule.
    public let hasThreshold: Bool
    /// The measure as written: `p95(duration_ms)`.
    public let subject: String
    /// The whole sentence.
    public let text: String

    init(
        measure: Measure, filter: Filter?, limit: Limit?, unit: ValueUnit, window: Int64,
        memory: Int64 = 0, learning: Int64 = 0, groupBy: [String], samplesMin: Int,
        pendingDuration: Int64 = 0, subject: String, text: String
    ) {
        self.measure = measure
        self.filter = filter
        self.comparison = limit?.comparison ?? .greater
        self.threshold = limit?.value ?? 0
        self.baseline = limit?.baseline ?? 0
        self.hasThreshold = limit != nil
        self.unit = unit
        self.window = window
        self.memory = memory
        self.learning = learning
        self.groupBy = groupBy
        self.samplesMin = samplesMin
        self.pendingDuration = pendingDuration
        self.subject = subject
        self.text = text
    }

    /// What a value is compared with, and how.
    public struct Limit: Equatable, Sendable {
        /// How.
        public let comparison: Comparison
        /// The threshold, or how many times the baseline.
        public let value: Double
        /// The length of the baseline in nanoseconds; 0 for none.
        public let baseline: Int64
    }

    /// The comparison and the threshold.
    public var limit: Limit { Limit(comparison: comparison, value: threshold, baseline: baseline) }

    /// With fewer requests or values than these, an error rate or a quantile says nothing: one failed request of one at
    /// night is no incident, and 20 is the first number of which the 95th percentile is not simply the largest.
    public static let samplesMinDefault = 20
    /// The shortest window.
    public static let windowMin: Int64 = 1_000_000_000
    /// The longest window: a day. Reports are queries, not windows.
    public static let windowMax: Int64 = 86_400_000_000_000
    /// The longest memory for values that were seen: a year.
    public static let memoryMax: Int64 = 366 * 86_400_000_000_000
    /// How long an alert of `new` fires, since what is new once is not new again: five minutes, the time in which a group
    /// of alerts is put together.
    public static let newWindow: Int64 = 300_000_000_000
    /// `new` learns for a tenth of its memory, but no longer than an hour: with each restart of a whole site all is new.
    static let learningMax: Int64 = 3_600_000_000_000

    /// True when the condition, once true for a window, stays true whatever else falls into it: then it fires on the
    /// record that makes it true.
    public var firesOnRecord: Bool { firesOnRecord(comparison) }

    /// Whether it does so when it is compared in this way.
    func firesOnRecord(_ comparison: Comparison) -> Bool {
        guard baseline == 0 else { return false }
        switch measure {
        case .count, .rate, .requestRate, .distinct, .maximum: return comparison.rises
        case .minimum: return comparison.falls
        case .new: return true
        case .expression(let expression): return expression.onlyCount != nil && comparison.rises
        default: return false
        }
    }
}
