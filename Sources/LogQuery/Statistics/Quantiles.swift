/// The distribution of numbers: exact while they are few, then a sketch.
///
/// The sketch is that of Masson, Rim and Lee, "DDSketch" (VLDB 2019): numbers are counted in buckets whose ends grow
/// by a constant factor, so that a bucket's middle is within `relativeError` of every number in it. Sketches merge by adding.
struct Quantiles {
    /// Numbers that are kept one by one; at 8 bytes each less than a megabyte a group.
    static let exactMax = 100_000

    /// How far a quantile may lie from the exact one, relative to it, once there are more numbers.
    static let relativeError = 0.005

    private static let growth = (1 + relativeError) / (1 - relativeError)
    private static let inverseLog = 1 / logarithm(growth)

    private var values: [Double] = []
    private var positive: [Int32: Int] = [:]
    private var negative: [Int32: Int] = [:]
    private var zeros = 0
    private var isSketch = false
    private(set) var count = 0
    private var smallest = Double.infinity
    private var greatest = -Double.infinity

    /// The memory in use, roughly.
    var memoryBytes: Int { values.capacity * 8 + (positive.capacity + negative.capacity) * 16 + 96 }

    /// Adds a number that is not NaN.
    mutating func add(_ value: Double) {
        count += 1
        smallest = min(smallest, value)
        greatest = max(greatest, value)
        if isSketch {
            sketch(value, 1)
            return
        }
        values.append(value)
        if values.count > Self.exactMax { becomeSketch() }
    }

    /// Adds the numbers that `other` has.
    mutating func merge(_ other: Quantiles) {
        guard other.isSketch else {
            for value in other.values { add(value) }
            return
        }
        if !isSketch { becomeSketch() }
        count += other.count
        smallest = min(smallest, other.smallest)
        greatest = max(greatest, other.greatest)
        zeros += other.zeros
        positive.merge(other.positive, uniquingKeysWith: +)
        negative.merge(other.negative, uniquingKeysWith: +)
    }

    /// The number of rank `share` × count; nil when there are no numbers.
    mutating func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        if share <= 0 { return smallest }
        let rank = Int(share * Double(count))
        if share >= 1 || rank >= count { return greatest }
        if !isSketch {
            values.sort()
            return values[rank]
        }
        var left = rank
        for (bucket, population) in negative.sorted(by: { $0.key > $1.key }) {
            left -= population
            if left < 0 { return max(-Self.middle(bucket), smallest) }
        }
        left -= zeros
        if left < 0 { return 0 }
        for (bucket, population) in positive.sorted(by: { $0.key < $1.key }) {
            left -= population
            if left < 0 { return min(Self.middle(bucket), greatest) }
        }
        return greatest
    }

    private mutating func becomeSketch() {
        isSketch = true
        for value in values { sketch(value, 1) }
        values = []
    }

    private mutating func sketch(_ value: Double, _ times: Int) {
        if value == 0 {
            zeros += times
        } else if value > 0 {
            positive[Self.bucket(value), default: 0] += times
        } else {
            negative[Self.bucket(-value), default: 0] += times
        }
    }

    private static func bucket(_ magnitude: Double) -> Int32 {
        if magnitude.isInfinite { return .max }
        return Int32((logarithm(magnitude) * inverseLog).rounded(.up))
    }

    /// The number that is within the error of both ends of a bucket.
    private static func middle(_ bucket: Int32) -> Double {
        if bucket == .max { return .infinity }
        return 2 * power(Double(bucket)) / (growth + 1)
    }

    /// `growth` to the power of `exponent`, by squaring: no C library is needed.
    private static func power(_ exponent: Double) -> Double {
        var rest = Int(abs(exponent))
        var result = 1.0
        var factor = exponent < 0 ? 1 / growth : growth
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }

    /// The natural logarithm of a positive number: exponent and significand apart, the latter by the series of
    /// artanh((m − 1) / (m + 1)), which for 1 ≤ m < 2 gains a digit a term.
    static func logarithm(_ value: Double) -> Double {
        let ratio = (value.significand - 1) / (value.significand + 1)
        let square = ratio * ratio
        var term = ratio
        var sum = 0.0
        var divisor = 1.0
        while divisor < 36 {
            sum += term / divisor
            term *= square
            divisor += 2
        }
        return 2 * sum + Double(value.exponent) * 0.693_147_180_559_945_3
    }
}
