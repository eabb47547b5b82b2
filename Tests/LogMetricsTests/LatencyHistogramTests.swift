import LogMetrics
import TestSupport
import Testing

extension SeededGenerator {
    /// A number between 1 µs and 1 h in milliseconds, each order of magnitude as likely as any other.
    mutating func latency(low: Double = 0.001, octaves: Double = 31.7) -> Double {
        var value = low
        var rest = Double.random(in: 0..<octaves, using: &self)
        while rest >= 1 {
            value *= 2
            rest -= 1
        }
        return value * (1 + rest)
    }
}

/// Expects two values to be the same. `#expect` cannot look into values that cannot be copied.
func same<Value: Equatable>(
    _ got: Value, _ want: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(got == want, sourceLocation: sourceLocation)
}

@Suite struct LatencyHistogramTests {
    private let fractions = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]

    private func exact(_ sorted: [Double], _ fraction: Double) -> Double {
        sorted[max(0, Int((fraction * Double(sorted.count)).rounded(.up)) - 1)]
    }

    @Test(arguments: [1, 2, 31, 32, 33, 100, 1_000, 30_000], [1 as UInt64, 2, 3])
    func quantilesAreWithinOnePercent(count: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var histogram = LatencyHistogram()
        var values: [Double] = []
        for _ in 0..<count {
            let value = random.latency()
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        for fraction in fractions {
            let want = exact(values, fraction)
            let got = histogram.quantile(fraction) ?? -1
            #expect(abs(got - want) <= want * 0.01, "p\(fraction * 100): \(got) for \(want)")
        }
        same(histogram.count, UInt64(count))
        same(histogram.min, values.first)
        same(histogram.max, values.last)
        same(abs(histogram.sum - values.reduce(0, +)) < 1e-6 * histogram.sum, true)
        same(histogram.bytes <= LatencyHistogram.bytesMax, true)
    }

    @Test func emptyHistogramHasNoQuantile() {
        let histogram = LatencyHistogram()
        same(histogram.quantile(0.5), nil)
        same(histogram.min, nil)
        same(histogram.bytes, 0)
    }

    @Test func valuesOutsideTheRangeAreCountedAtItsEnds() {
        var histogram = LatencyHistogram()
        for value in [0, -5, 1e-9, .nan, 1e300] { histogram.record(value) }
        same(histogram.count, 4)
        same(histogram.min, -5)
        same(histogram.quantile(1), 1e300)
        same((histogram.quantile(0) ?? 1) < 0.001, true)
    }

    @Test(arguments: [3 as UInt64, 4, 5])
    func mergingPartsGivesTheWhole(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var whole = LatencyHistogram()
        var left = LatencyHistogram()
        var right = LatencyHistogram()
        for index in 0..<5_000 {
            let value = random.latency()
            whole.record(value)
            if index % 7 == 0 { left.record(value) } else { right.record(value) }
        }
        left.merge(right)
        same(left.count, whole.count)
        for fraction in fractions { same(left.quantile(fraction), whole.quantile(fraction)) }
    }

    @Test func nearestRanks() {
        func f(_ fraction: Double, _ count: UInt64, _ want: UInt64) {
            same(LatencyHistogram.rank(fraction, of: count), want)
        }
        f(0.95, 20, 19)
        f(0.95, 21, 20)
        f(0.5, 1, 1)
        f(0.5, 2, 1)
        f(0.5, 3, 2)
        f(0, 9, 1)
        f(1, 9, 9)
        f(2, 5, 5)
        f(-1, 5, 1)
        // Binary fractions make 999.0000000000001 and 7.000000000000001 of these.
        f(99.9 / 100, 1_000, 999)
        f(0.07, 100, 7)
        f(99.9 / 100, 1_001, 1_000)
    }

    /// 1,000 begins the bucket that ends at 1,008.
    @Test func aQuantileStandsOnTheKnownSideOfABound() {
        var histogram = LatencyHistogram()
        for value in [900.0, 1_001, 1_007, 2_000] { histogram.record(value) }
        same(histogram.quantile(0.5, isAbove: true, 1_000), 1_004)
        same(histogram.quantile(0.5, isAbove: true, 1_006), 1_007)
        same(histogram.quantile(0.5, isAbove: false, 1_002), 1_001)
        same(histogram.quantile(0.5, isAbove: true, 950), 1_004)
        same(LatencyHistogram().quantile(0.5, isAbove: true, 1), nil)
        // Minimum and maximum are exact.
        var constant = LatencyHistogram()
        for _ in 0..<9 { constant.record(1_005) }
        same(constant.quantile(0.5, isAbove: true, 1_000), 1_005)
        same(constant.quantile(0.5, isAbove: false, 1_005), 1_005)
        same(constant.quantile(0.5, isAbove: false, 1e300), 1_005)
        same(constant.quantile(0.5, isAbove: true, -1), 1_005)
    }

    @Test func memoryStaysUnderTheLimitWhenBucketsAreFull() {
        // Every bucket of 32 octaves a thousand times over: more than 2 KB of counters, so the lowest must be folded.
        var histogram = LatencyHistogram()
        var values: [Double] = []
        for bucket in 0..<2_048 {
            let value = LatencyHistogram.lowerEdge(bucket) * 1.001
            for _ in 0..<1_000 { histogram.record(value) }
            values.append(value)
        }
        same(histogram.bytes <= LatencyHistogram.bytesMax, true)
        same(histogram.isFolded, true)
        same(histogram.count, 2_048_000)
        for fraction in [0.9, 0.95, 0.99, 0.999] {
            let want = exact(values, fraction)
            let got = histogram.quantile(fraction) ?? -1
            #expect(abs(got - want) <= want * 0.01)
        }
    }

    @Test func ordinaryLatenciesAreNotFolded() {
        // A million calls spread over four orders of magnitude.
        var random = SeededGenerator(seed: 9)
        var histogram = LatencyHistogram()
        for _ in 0..<1_000_000 { histogram.record(random.latency(low: 1, octaves: 13)) }
        same(histogram.isFolded, false)
        same(histogram.bytes <= LatencyHistogram.bytesMax, true)
    }

    @Test func theWorkedExampleHolds() {
        same(LatencyHistogram.bucket(of: 12.5), 868)
        same(LatencyHistogram.lowerEdge(868), 12.5)
        same(LatencyHistogram.lowerEdge(869), 12.625)
    }

    @Test func cumulativeCountsAscend() {
        var histogram = LatencyHistogram()
        for value in [1, 2, 3, 100, 5_000] { histogram.record(Double(value)) }
        same(histogram.cumulativeCounts([0.5, 2.1, 50, 200, 10_000]), [0, 2, 3, 4, 5])
    }
}
