internal import LogBytes
internal import LogQuery

/// A LogsQL expression as rules can evaluate it record by record: aggregates over one window, arithmetic on them, a test.
public struct RuleExpression: Equatable, Sendable {
    /// One statistic of `stats`.
    struct Aggregate: Sendable {
        enum Function: Equatable, Sendable {
            /// Records; with fields, those in which one of them has a value.
            case count
            /// Records without a value in any of the fields.
            case countEmpty
            /// Different values.
            case distinct
            case sum, average, minimum, maximum
            case quantile(Double)
            /// Records a second.
            case rate
            /// The sum, a second.
            case rateSum
        }

        let function: Function
        /// At most one, except for `count`, which has one filter for all of them.
        let field: String?
        /// Which records count; nil for all that the expression is about.
        let condition: Filter?
        /// The name of the result.
        let name: String
    }

    /// The aggregates in the order of the expression.
    let aggregates: [Aggregate]
    /// When the alert fires; nil: whenever there is a record in the window.
    let test: RuleTest?
    /// What the alert shows.
    let value: RuleValue
    /// The number that `value` is compared with; nil where there is none.
    let threshold: (comparison: Comparison, value: Double)?
    /// The expression as written.
    public let text: String

    /// The comparison of a test that only counts records and so fires on the record that crosses it; nil for others.
    var onlyCount: Comparison? {
        guard aggregates.count == 1, aggregates[0].condition == nil, let threshold,
            case .aggregate(0) = value, case .compare(.aggregate(0), _, _)? = test
        else { return nil }
        switch aggregates[0].function {
        case .count where aggregates[0].field == nil, .rate: return threshold.comparison
        default: return nil
        }
    }

    /// Whether both are written alike.
    public static func == (left: RuleExpression, right: RuleExpression) -> Bool {
        left.text == right.text
    }
}

/// A number made of aggregates.
indirect enum RuleValue: Sendable {
    case aggregate(Int)
    case constant(Double)
    case negative(RuleValue)
    case binary(MathOperator, RuleValue, RuleValue)
    case call(MathFunction, [RuleValue])

    /// The number where aggregate `i` is `read(i)`.
    func evaluate(_ read: (Int) -> Double) -> Double {
        switch self {
        case .aggregate(let index): return read(index)
        case .constant(let number): return number
        case .negative(let inner): return -inner.evaluate(read)
        case .binary(let sign, let left, let right):
            return sign.apply(left.evaluate(read), right.evaluate(read))
        case .call(let function, let arguments):
            return function.apply(arguments.map { $0.evaluate(read) })
        }
    }
}

/// A condition on numbers.
indirect enum RuleTest: Sendable {
    case always
    case compare(RuleValue, Comparison, Double)
    /// A condition that is put to the number's text.
    case text(RuleValue, ValuePredicate)
    case and([RuleTest])
    case or([RuleTest])
    case not(RuleTest)

    /// Whether it holds where aggregate `i` is `read(i)`.
    func holds(_ read: (Int) -> Double) -> Bool {
        switch self {
        case .always: true
        case .compare(let value, let comparison, let threshold):
            comparison.holds(value.evaluate(read), threshold)
        case .text(let value, let predicate):
            DecimalDigits.text(value.evaluate(read)).withView { predicate.matches($0) }
        case .and(let tests): tests.allSatisfy { $0.holds(read) }
        case .or(let tests): tests.contains { $0.holds(read) }
        case .not(let test): !test.holds(read)
        }
    }

    /// The first comparison with a number.
    var firstComparison: (RuleValue, Comparison, Double)? {
        switch self {
        case .compare(let value, let comparison, let threshold): (value, comparison, threshold)
        case .and(let tests), .or(let tests): tests.lazy.compactMap(\.firstComparison).first
        case .not(let test): test.firstComparison
        case .always, .text: nil
        }
    }
}

/// Numbers as results of queries show them.
enum DecimalDigits {
    static func text(_ value: Double) -> [UInt8] {
        if value == value.rounded(), abs(value) < 1e15 { return Array("\(Int64(value))".utf8) }
        return Array("\(value)".utf8)
    }
}
