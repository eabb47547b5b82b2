/// The distribution of numbers: exact while they are few, then a sketch.
///
/// The sketch counts numbers in buckets of equal width within each power of two, as histograms of high dynamic range do (Tene,
/// HdrHistogram): the bucket of a number is the front of its floating-point bits, and the bucket's middle is within
/// `relativeError` of every number in it. Sketches merge by adding.
struct Quantiles {
    /// Numbers that are kept one by one.
    static let exactMax = 4_096

    /// How far a quantile may lie from the exact one, relative to it, once there are more numbers: half of a bucket.
    static let relativeError = 1.0 / 256

    /// Bits of a number's significand that tell its bucket, 128 for each power of two.
    private static let significandBits: UInt64 = 7
    private static let droppedBits = 52 - significandBits

    private var values: [Double] = []
    private var positive = Buckets()
    private var negative = Buckets()
    private var zeros = 0
    private var isSketch = false
    private var isSorted = false
    private(set) var count = 0
    private var smallest = Double.infinity
    private var greatest = -Double.infinity

    /// Counts of neighbouring buckets.
    private struct Buckets {
        /// The bucket of `counts[0]`.
        var first = 0
        var counts: [UInt64] = []

        /// Room that is made at either end at once: an eighth of a power of ten or more.
        private static let slack = 64

        @inline(__always)
        mutating func add(_ bucket: Int, _ times: UInt64) {
            let index = bucket - first
            if index >= 0, index < counts.count {
                counts[index] += times
            } else {
                addBeyond(bucket, times)
            }
        }

        /// Calls `body` with the bucket of the first count and the counts.
        @inline(__always)
        mutating func withCounts(
            _ body: (_ first: Int, _ counts: UnsafeMutableBufferPointer<UInt64>) -> Void
        ) {
            counts.withUnsafeMutableBufferPointer { body(first, $0) }
        }

        private mutating func addBeyond(_ bucket: Int, _ times: UInt64) {
            if counts.isEmpty {
                first = max(bucket - Self.slack, 0)
                counts = Array(repeating: 0, count: bucket - first + Self.slack)
            } else if bucket < first {
                let lower = max(bucket - Self.slack, 0)
                counts = Array(repeating: 0, count: first - lower) + counts
                first = lower
            } else {
                counts += Array(repeating: 0, count: bucket - first - counts.count + Self.slack)
            }
            counts[bucket - first] += times
        }

        mutating func add(_ other: Buckets) {
            for (index, times) in other.counts.enumerated() where times > 0 {
                add(other.first + index, times)
            }
        }
    }

    /// The memory in use, roughly.
    var memoryBytes: Int {
        (values.capacity + positive.counts.capacity + negative.counts.capacity) * 8 + 160
    }

    /// Adds a number that is not NaN.
    @inline(__always)
    mutating func add(_ value: Double) {
        count += 1
        smallest = min(smallest, value)
        greatest = max(greatest, value)
        if isSketch {
            sketch(value)
            return
        }
        values.append(value)
        isSorted = false
        if values.count > Self.exactMax { becomeSketch() }
    }

    /// Adds some numbers, none of them NaN.
    mutating func add(_ numbers: UnsafeBufferPointer<Double>) {
        guard isSketch else {
            for number in numbers { add(number) }
            return
        }
        count += numbers.count
        var least = Double.infinity
        for number in numbers {
            smallest = min(smallest, number)
            greatest = max(greatest, number)
            least = min(least, number > 0 ? number : .infinity)
        }
        guard greatest > 0, least < .infinity else {
            for number in numbers { sketch(number) }
            return
        }
        // Once there are buckets for the ends there are for all between.
        positive.add(Self.bucket(least), 0)
        positive.add(Self.bucket(greatest), 0)
        positive.withCounts { first, counts in
            for number in numbers {
                if number > 0 {
                    counts[Self.bucket(number) - first] += 1
                } else if number == 0 {
                    zeros += 1
                }
            }
        }
        if smallest < 0 {
            for number in numbers where number < 0 { sketch(number) }
        }
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
        positive.add(other.positive)
        negative.add(other.negative)
    }

    /// The number of rank `share` × count; nil when there are no numbers.
    mutating func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        if share <= 0 { return smallest }
        let rank = Int(share * Double(count))
        if share >= 1 || rank >= count { return greatest }
        if !isSketch {
            if !isSorted { values.sort() }
            isSorted = true
            return values[rank]
        }
        var left = rank
        for (index, times) in negative.counts.enumerated().reversed() {
            left -= Int(times)
            if left < 0 { return max(-Self.middle(negative.first + index), smallest) }
        }
        left -= zeros
        if left < 0 { return 0 }
        for (index, times) in positive.counts.enumerated() {
            left -= Int(times)
            if left < 0 { return min(max(Self.middle(positive.first + index), smallest), greatest) }
        }
        return greatest
    }

    private mutating func becomeSketch() {
        isSketch = true
        for value in values { sketch(value) }
        values = []
    }

    @inline(__always)
    private mutating func sketch(_ value: Double) {
        if value > 0 {
            positive.add(Self.bucket(value), 1)
        } else if value < 0 {
            negative.add(Self.bucket(-value), 1)
        } else {
            zeros += 1
        }
    }

    /// The bucket of a positive number, infinity included.
    @inline(__always)
    private static func bucket(_ magnitude: Double) -> Int {
        Int(truncatingIfNeeded: magnitude.bitPattern >> droppedBits)
    }

    /// The number in the middle of a bucket.
    private static func middle(_ bucket: Int) -> Double {
        let lower = UInt64(bucket) << droppedBits
        let value = Double(bitPattern: lower | 1 << (droppedBits - 1))
        return value.isNaN ? .infinity : value
    }
}
