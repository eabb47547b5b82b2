/// How many values lie at or below each of some bounds: the form in which Prometheus has histograms.
extension LatencyHistogram {
    /// Ascending bounds, prepared for many histograms.
    struct Bounds {
        let values: [Double]
        /// For each bound the first bucket whose middle lies above it.
        let firstAbove: [Int]

        init(_ values: [Double]) {
            self.values = values
            firstAbove = values.map { bound in
                let bucket = LatencyHistogram.bucket(of: bound)
                return LatencyHistogram.middle(bucket) > bound ? bucket : bucket + 1
            }
        }
    }

    /// For each of the ascending `bounds` the number of values at or below it, exact to the width of a bucket; all from the
    /// largest value on.
    public func cumulativeCounts(_ bounds: [Double]) -> [UInt64] {
        var result: [UInt64] = []
        count(into: &result, Bounds(bounds))
        return result
    }

    /// As `cumulativeCounts`; `result` is replaced.
    func count(into result: inout [UInt64], _ bounds: Bounds) {
        result.removeAll(keepingCapacity: true)
        var counter = Counter(bounds, low: min ?? 0, high: max ?? 0)
        forEachRun { bucket, length, amount in
            // A run that no bound cuts is counted as one.
            guard length == 1 || counter.isWhole(bucket, length) else { return false }
            counter.add(bucket, amount, to: &result)
            return true
        }
        while result.count < bounds.values.count { result.append(counter.seen) }
    }

    /// Where a walk over ascending buckets stands.
    private struct Counter {
        private let bounds: Bounds
        private let low: Double
        private let high: Double
        private let lowBucket: Int
        private let highBucket: Int
        private(set) var seen: UInt64 = 0
        private var next = 0

        init(_ bounds: Bounds, low: Double, high: Double) {
            self.bounds = bounds
            self.low = low
            self.high = high
            lowBucket = LatencyHistogram.bucket(of: low)
            highBucket = LatencyHistogram.bucket(of: high)
        }

        /// Whether no bound lies in these buckets, nor the smallest or largest value, which are known exactly.
        @inline(__always)
        func isWhole(_ bucket: Int, _ length: Int) -> Bool {
            let end = bucket + length
            guard lowBucket < bucket || lowBucket >= end, highBucket < bucket || highBucket >= end
            else { return false }
            var index = next
            while index < bounds.firstAbove.count, bounds.firstAbove[index] <= bucket { index += 1 }
            return index == bounds.firstAbove.count || bounds.firstAbove[index] >= end
        }

        @inline(__always)
        mutating func add(_ bucket: Int, _ amount: UInt64, to result: inout [UInt64]) {
            if bucket == lowBucket || bucket == highBucket {
                let middle = Swift.min(Swift.max(LatencyHistogram.middle(bucket), low), high)
                while next < bounds.values.count, bounds.values[next] < middle { pass(&result) }
            } else {
                while next < bounds.firstAbove.count, bounds.firstAbove[next] <= bucket {
                    pass(&result)
                }
            }
            seen += amount
        }

        private mutating func pass(_ result: inout [UInt64]) {
            result.append(seen)
            next += 1
        }
    }
}
