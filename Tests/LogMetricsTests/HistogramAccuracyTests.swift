import LogMetrics
import TestSupport
import Testing

/// What a histogram promises: quantiles within 1 % from 1 µs to 1 h, in at most 2 KB.
@Suite struct HistogramAccuracyTests {
    private static let quantiles = [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1]
    /// A microsecond and an hour, in milliseconds.
    private static let least = 0.001
    private static let most = 3_600_000.0

    /// Latencies of the kinds that systems have.
    private enum Shape: CaseIterable, CustomTestStringConvertible {
        case everySizeAlike, heavyTail, twoHumps, timeouts, whole

        var testDescription: String { "\(self)" }

        func value(_ random: inout SeededGenerator) -> Double {
            let part = Double.random(in: 0..<1, using: &random)
            switch self {
            case .everySizeAlike: return Self.power(least: least, most: most, part)
            // Pareto with the exponent 0.8, which has no mean.
            case .heavyTail: return min(0.5 * Self.root(1 - part), most)
            case .twoHumps: return random.below(5) == 0 ? 900 + 400 * part : 2 + part
            case .timeouts: return random.below(50) == 0 ? 30_000 : 5 * (1 + part)
            case .whole: return Double(1 + random.below(2_000))
            }
        }

        /// A value between `least` and `most`, all magnitudes alike.
        private static func power(least: Double, most: Double, _ part: Double) -> Double {
            var value = least
            // 31.75 doublings lie between a microsecond and an hour.
            let doublings = part * 31.75
            for _ in 0..<Int(doublings) { value *= 2 }
            return min(value * (1 + (doublings - doublings.rounded(.down))), most)
        }

        /// The power -1/0.8 = -1.25 of `x`, by roots.
        private static func root(_ x: Double) -> Double {
            1 / (x * x.squareRoot().squareRoot())
        }
    }

    private func check(
        _ histogram: borrowing LatencyHistogram, _ values: [Double], _ what: String,
        _ quantiles: [Double] = HistogramAccuracyTests.quantiles
    ) {
        let sorted = values.sorted()
        for fraction in quantiles {
            let rank = Int(LatencyHistogram.rank(fraction, of: UInt64(sorted.count)))
            let want = sorted[rank - 1]
            let got = histogram.quantile(fraction) ?? 0
            #expect(
                abs(got - want) <= want * 0.01 || want < Self.least,
                "\(what) \(fraction): \(got), \(want)")
        }
        #expect(histogram.bytes <= 2_048, "\(what)")
        #expect(histogram.count == UInt64(values.count))
    }

    @Test(arguments: Shape.allCases) private func quantilesAreWithinOnePercent(_ shape: Shape) {
        var random = SeededGenerator(seed: 11)
        for count in [1, 2, 33, 1_000, 30_000] {
            var histogram = LatencyHistogram()
            var values: [Double] = []
            for _ in 0..<count {
                let value = shape.value(&random)
                values.append(value)
                histogram.record(value)
            }
            // 31 octaves fill more than 2 KB: the lowest three are folded, and it says so.
            let isFolded = histogram.isFolded
            #expect(isFolded == (shape == .everySizeAlike && count >= 1_000))
            check(
                histogram, values, "\(shape) \(count)",
                isFolded ? Self.quantiles.filter { $0 >= 0.25 } : Self.quantiles)
        }
    }

    /// After a billion values counters have grown wide and the lowest buckets were folded. Where values spread over some
    /// octaves the quantiles that people look at do not notice; of values over twenty octaves only the highest stay right.
    @Test(arguments: [Shape.heavyTail, .twoHumps, .timeouts, .whole])
    private func quantilesOfABillionValues(_ shape: Shape) {
        var random = SeededGenerator(seed: 17)
        var histogram = LatencyHistogram()
        var values: [Double] = []
        for _ in 0..<20_000 {
            values.append(shape.value(&random))
            histogram.record(values[values.count - 1])
        }
        for _ in 0..<16 {
            let copy = histogram.copy()
            histogram.merge(copy)
        }
        let count = histogram.count
        #expect(count == 20_000 << 16)
        let sorted = values.sorted()
        let isFolded = histogram.isFolded
        #expect(isFolded || shape != .heavyTail)
        for fraction in shape == .heavyTail ? [0.999] : [0.5, 0.9, 0.95, 0.99, 0.999] {
            let want = sorted[Int(LatencyHistogram.rank(fraction, of: 20_000)) - 1]
            let got = histogram.quantile(fraction) ?? 0
            #expect(abs(got - want) <= want * 0.01, "\(shape) \(fraction): \(got), \(want)")
        }
        let bytes = histogram.bytes
        #expect(bytes <= LatencyHistogram.bytesMax)
    }

    @Test(arguments: Shape.allCases) private func mergingIsAsRecordingAll(_ shape: Shape) {
        var random = SeededGenerator(seed: 13)
        var merged = LatencyHistogram()
        var values: [Double] = []
        for part in 0..<40 {
            var histogram = LatencyHistogram()
            for _ in 0..<(part * part % 97) {
                let value = shape.value(&random)
                values.append(value)
                histogram.record(value)
            }
            merged.merge(histogram)
        }
        guard !merged.isFolded else { return }
        check(merged, values, "\(shape)")
    }

    /// Each size from 1 µs to 1 h on its own.
    @Test func everyMagnitude() {
        var value = Self.least
        while value <= Self.most {
            var histogram = LatencyHistogram()
            // The middle one of three is no extreme, which is kept exactly.
            for factor in [0.5, 1, 2] { histogram.record(value * factor) }
            let got = histogram.quantile(0.5) ?? 0
            #expect(abs(got - value) <= value * 0.01, "\(value)")
            value *= 1.037
        }
    }

    @Test func countsUpToABoundIncludeTheLargestValue() {
        var histogram = LatencyHistogram()
        for value in [3.0, 500, 60_000] { histogram.record(value) }
        #expect(histogram.cumulativeCounts([1, 10, 60_000, 120_000]) == [0, 1, 3, 3])
    }
}
