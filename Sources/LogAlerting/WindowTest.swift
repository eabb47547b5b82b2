internal import LogMetrics

/// What the two counts of a window decide: whether a condition holds, without looking at a value.
///
/// A quantile needs no histogram to be compared. Let n values lie in the window and r = `LatencyHistogram.rank(φ, of: n)` be
/// the nearest rank, so that the quantile is the r-th smallest value. Let k be the number of values that stand in the
/// condition's relation to the threshold, each compared exactly as it came:
///
///     pφ > T     holds  ⟺  at most r − 1 values are ≤ T  ⟺  n − k < r
///     pφ < T     holds  ⟺  at least r values are < T     ⟺  k ≥ r
///
/// and likewise with ≥ and ≤. Example, p95 of 40 values: r = 38, so that three values above T make it true and two do not.
struct WindowTest: BitwiseCopyable {
    /// How the value comes out of a window.
    enum Kind: UInt8 {
        case count, errorRate, quantile
    }

    let kind: Kind
    private let comparison: Comparison
    private let threshold: Double
    private let samplesMin: UInt64
    private let fraction: Double
    /// What a count is divided by: the seconds of the window for rates, else 1.
    private let scale: Double

    init(_ condition: Condition) {
        comparison = condition.comparison
        threshold = condition.threshold
        samplesMin = UInt64(max(condition.samplesMin, 1))
        scale = condition.measure == .rate ? Double(condition.window) / 1e9 : 1
        switch condition.measure {
        case .count, .rate:
            kind = .count
            fraction = 0
        case .errorRate:
            kind = .errorRate
            fraction = 0
        case .quantile(let share, _):
            kind = .quantile
            fraction = share
        }
    }

    /// Whether a value counts as part of the whole.
    @inline(__always)
    func isPart(_ value: Double) -> Bool { comparison.holds(value, threshold) }

    /// Whether the condition holds for a window with these counts. An empty window is no data, not a zero.
    func holds(_ counts: CountPair) -> Bool {
        guard counts.whole >= samplesMin else { return false }
        if kind == .quantile { return quantileHolds(counts) }
        return comparison.holds(ratio(counts), threshold)
    }

    private func quantileHolds(_ counts: CountPair) -> Bool {
        let rank = LatencyHistogram.rank(fraction, of: counts.whole)
        return comparison.rises ? counts.whole - counts.part < rank : counts.part >= rank
    }

    /// True when a window whose part is zero can satisfy the condition.
    var holdsWithoutPart: Bool {
        switch kind {
        case .quantile: false
        case .errorRate: comparison.holds(0, threshold)
        // Every record that is counted is part.
        case .count: false
        }
    }

    private func ratio(_ counts: CountPair) -> Double {
        kind == .count ? value(count: counts.part) : Double(counts.part) / Double(counts.whole)
    }

    /// The value of a count or rate.
    func value(count: UInt64) -> Double { Double(count) / scale }

    /// The value of a window that has just been closed, for people; 0 when it is empty. A quantile is right to 0.78 %, and
    /// on the side of the threshold that the counts say.
    func value(_ window: borrowing SlidingWindow) -> Double {
        let counts = window.closed
        guard counts.whole > 0 else { return 0 }
        guard kind == .quantile else { return ratio(counts) }
        let isAbove = comparison.rises == quantileHolds(counts)
        return window.closedSamples().quantile(fraction, isAbove: isAbove, threshold) ?? 0
    }

    /// The least count that satisfies a condition on counts or rates.
    var least: UInt64 {
        let guess = (threshold * scale).rounded(.down)
        guard guess < 1e18 else { return .max }
        var count = UInt64(max(guess - 1, 0))
        while !comparison.holds(value(count: count), threshold) { count += 1 }
        return max(count, 1)
    }
}
