internal import LogMetrics

/// How a number comes out of the slots of a window.
enum RuleReading: BitwiseCopyable, Sendable {
    /// A counter, times a scale: 1, or one by the seconds of the window.
    case count(Int, scale: Double)
    /// Counter 1 for each of counter 0.
    case share
    /// What is missing of that to one.
    case complement
    /// The quantile of the samples in a lane.
    case quantile(word: Int, fraction: Double)
    /// The sum in a lane, times a scale; nothing where the counter is zero.
    case sum(word: Int, counter: Int, scale: Double)
    case mean(word: Int, counter: Int)
    case minimum(word: Int, counter: Int)
    case maximum(word: Int, counter: Int)
    case last(word: Int, counter: Int)
    /// The different values of the sets in a lane.
    case distinct(word: Int)
}

/// Which slots are read.
enum RuleSpan {
    /// The window that was closed last.
    case closed
    /// The baseline of that window.
    case baseline
    /// The slots from the first to the second, open ones included.
    case slots(Int64, Int64)
}

/// Reading windows.
extension RuleState {
    func counter(_ index: Int, _ number: Int, _ span: RuleSpan) -> UInt64 {
        let window = table.groups[number].window
        switch span {
        case .closed: return window.closed(index)
        case .baseline: return window.base(index, layout)
        case .slots(let first, let last):
            return window.sum(index, from: first, through: last, layout)
        }
    }

    private func forEachSlot(
        _ number: Int, _ span: RuleSpan, _ body: (UnsafeMutablePointer<UInt64>) -> Void
    ) {
        let window = table.groups[number].window
        let first: Int64
        let last: Int64
        switch span {
        case .closed:
            last = window.closedThrough
            first = last - slots.window + 1
        case .baseline:
            last = window.closedThrough - slots.window
            first = last - slots.baseline + 1
        case .slots(let from, let through): (first, last) = (from, through)
        }
        window.forEachSlot(from: first, through: last, layout, body)
    }

    /// The number that `reading` finds; NaN where there is none.
    func read(_ reading: RuleReading, _ number: Int, _ span: RuleSpan) -> Double {
        switch reading {
        case .count(let index, let scale):
            return Double(counter(index, number, span)) / scale
        case .share:
            return Double(counter(1, number, span)) / Double(counter(0, number, span))
        case .complement:
            let whole = Double(counter(0, number, span))
            return (whole - Double(counter(1, number, span))) / whole
        case .sum(let word, let index, let scale):
            guard counter(index, number, span) > 0 else { return .nan }
            return fold(word, number, span, 0, +) / scale
        case .mean(let word, let index):
            let count = counter(index, number, span)
            guard count > 0 else { return .nan }
            return fold(word, number, span, 0, +) / Double(count)
        case .minimum(let word, let index):
            guard counter(index, number, span) > 0 else { return .nan }
            return fold(word, number, span, .infinity, min)
        case .maximum(let word, let index):
            guard counter(index, number, span) > 0 else { return .nan }
            return fold(word, number, span, -.infinity, max)
        case .last(let word, let index):
            guard counter(index, number, span) > 0 else { return .nan }
            var result = Double.nan
            forEachSlot(number, span) { slot in
                let isSet = slot[word] != UInt64(bitPattern: .min)
                if isSet { result = Double(bitPattern: slot[word + 1]) }
            }
            return result
        case .quantile(let word, let fraction):
            return samples(word, number, span).quantile(fraction) ?? .nan
        case .distinct(let word): return distinct(word, number, span)
        }
    }

    private func fold(
        _ word: Int, _ number: Int, _ span: RuleSpan, _ start: Double,
        _ body: (Double, Double) -> Double
    ) -> Double {
        var result = start
        forEachSlot(number, span) { result = body(result, Double(bitPattern: $0[word])) }
        return result
    }

    /// All samples in a lane, put together anew: for whoever reads them rarely.
    func samples(_ word: Int, _ number: Int, _ span: RuleSpan) -> LatencyHistogram {
        var result = LatencyHistogram()
        forEachSlot(number, span) { slot in
            let count = slot[word]
            if count > 0 { result.record(Double(bitPattern: slot[word + 1])) }
            if count > 1 { result.record(Double(bitPattern: slot[word + 2])) }
            result.merge(GroupWindow.histogram(slot, word).pointee)
        }
        return result
    }

    private func distinct(_ word: Int, _ number: Int, _ span: RuleSpan) -> Double {
        let union = ValueSet(limit: .max)
        forEachSlot(number, span) { slot in
            if let set = GroupWindow.set(slot, word) { union.merge(set) }
        }
        return union.estimate
    }

    // MARK: Conditions

    /// The value of a group over a span: what is compared with the thresholds.
    func value(_ number: Int, _ span: RuleSpan) -> Double {
        guard let expression else { return read(readings[0], number, span) }
        return expression.value.evaluate { read(readings[$0], number, span) }
    }

    /// The value for people. A quantile is on the side of the threshold that the counts say.
    func shownValue(_ number: Int, _ span: RuleSpan, level: Int) -> Double {
        guard case .quantile(let word, let fraction) = readings[0], expression == nil else {
            let value = value(number, span)
            return value.isFinite ? value : 0
        }
        let limit = rule.levels[level].limit
        guard limit.baseline == 0 else { return value(number, span) }
        let isAbove = limit.comparison.rises == quantileHolds(level, number, span)
        return samples(word, number, span)
            .quantile(fraction, isAbove: isAbove, limit.value) ?? 0
    }

    /// What the value is compared with at `level`.
    func threshold(_ number: Int, level: Int) -> Double {
        let limit = rule.levels[level].limit
        guard limit.baseline > 0 else { return limit.value }
        return usual(number).map { $0 * limit.value } ?? 0
    }

    /// Whether the condition of `level` holds over a span. An empty window is no data, not a zero.
    func holds(_ level: Int, _ number: Int, _ span: RuleSpan) -> Bool {
        if case .absent = rule.condition.measure { return isAbsent(number) }
        let limit = rule.levels[level].limit
        if limit.baseline > 0 { return holdsAgainstBaseline(limit, number) }
        guard counter(0, number, span) >= samplesMin else { return false }
        if let expression {
            return expression.test?.holds { read(readings[$0], number, span) } ?? true
        }
        if case .quantile = readings[0] { return quantileHolds(level, number, span) }
        return limit.comparison.holds(read(readings[0], number, span), limit.value)
    }

    /// A quantile needs no histogram to be compared. Let n values lie in the window and r = `LatencyHistogram.rank(φ, of: n)`
    /// be the nearest rank, so that the quantile is the r-th smallest value. Let k be the number of values that stand in the
    /// condition's relation to the threshold, each compared exactly as it came:
    ///
    ///     pφ > T     holds  ⟺  at most r − 1 values are ≤ T  ⟺  n − k < r
    ///     pφ < T     holds  ⟺  at least r values are < T     ⟺  k ≥ r
    ///
    /// and likewise with ≥ and ≤. Example, p95 of 40 values: r = 38, so that three values above T make it true and two do
    /// not.
    private func quantileHolds(_ level: Int, _ number: Int, _ span: RuleSpan) -> Bool {
        guard case .quantile(_, let fraction) = readings[0] else { return false }
        let whole = counter(0, number, span)
        guard whole > 0 else { return false }
        let part = counter(1 + level, number, span)
        let rank = LatencyHistogram.rank(fraction, of: whole)
        return rule.levels[level].limit.comparison.rises ? whole &- part < rank : part >= rank
    }

    /// Whether nothing came for a whole window since the group is known.
    private func isAbsent(_ number: Int) -> Bool {
        let window = table.groups[number].window
        return window.closed(0) == 0
            && window.closedThrough - slots.window >= table.memory(number).firstSlot - 1
    }

    // MARK: Baselines

    /// The value that the baseline leads to expect, nil when it is too short to tell or has too few records.
    ///
    /// It counts from the oldest record in it, since a system that has just started has no past; that must lie in its older
    /// half. Counts are scaled from the length of the baseline to that of the window.
    func usual(_ number: Int) -> Double? {
        let window = table.groups[number].window
        let last = window.closedThrough - slots.window
        guard !window.isEmpty else { return nil }
        let covered = last - window.number(0, layout) + 1
        guard covered * 2 >= slots.baseline, counter(0, number, .baseline) >= samplesMin else {
            return nil
        }
        let value = value(number, .baseline)
        guard value.isFinite else { return nil }
        return scalesWithTime ? value * Double(slots.window) / Double(covered) : value
    }

    private func holdsAgainstBaseline(_ limit: Condition.Limit, _ number: Int) -> Bool {
        guard let usual = usual(number) else { return false }
        // A count of nothing is a zero here: that all requests stay away is what people want to hear of.
        guard scalesWithTime || counter(0, number, .closed) >= samplesMin else { return false }
        return limit.comparison.holds(value(number, .closed), usual * limit.value)
    }
}
