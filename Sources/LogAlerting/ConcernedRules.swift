internal import LogBytes

/// Which rules a record concerns, by the filters that it may match: most records concern few of many rules.
///
/// A set of rules is words of 64 bits, one bit a rule, in the order of the rules.
struct ConcernedRules: ~Copyable {
    let words: Int
    /// The set that `find` made last.
    let rules: UnsafeMutablePointer<UInt64>
    /// Rules that every record concerns, as far as filters go.
    private var always = Vector<UInt64>(capacity: 1)
    /// For each filter the rules that it lets records through to.
    private var byFilter = Vector<UInt64>(capacity: 1)
    private let filterWords: Int

    /// The rules of `plans`, whose filters have numbers below `filterCount`.
    init(_ plans: [RulePlan], filterCount: Int) {
        words = max((plans.count + 63) / 64, 1)
        filterWords = (filterCount + 63) / 64
        rules = .allocate(capacity: words)
        rules.initialize(repeating: 0, count: words)
        for _ in 0..<words { always.append(0) }
        for _ in 0..<filterCount * words { byFilter.append(0) }
        for (index, plan) in plans.enumerated() {
            let bit = UInt64(1) << UInt64(index & 63)
            guard let filters = plan.filters else {
                always[index >> 6] |= bit
                continue
            }
            for filter in filters { byFilter[Int(filter) * words + index >> 6] |= bit }
        }
    }

    deinit { rules.deallocate() }

    /// Finds the rules for a record that may match `filters`.
    @inline(__always)
    func find(_ filters: UnsafePointer<UInt64>) {
        for word in 0..<words { rules[word] = always[word] }
        for filterWord in 0..<filterWords {
            var rest = filters[filterWord]
            while rest != 0 {
                let filter = filterWord << 6 + rest.trailingZeroBitCount
                rest &= rest &- 1
                for word in 0..<words { rules[word] |= byFilter[filter * words + word] }
            }
        }
    }
}
