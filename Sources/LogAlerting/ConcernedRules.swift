internal import LogBytes
internal import LogMetrics

/// Which rules some records concern, by the filters that they may match: most records concern few of many rules.
///
/// A set of rules is words of 64 bits, one bit a rule, in the order of the rules.
struct ConcernedRules: ~Copyable {
    let words: Int
    /// The set that `find` made last.
    let rules: UnsafeMutablePointer<UInt64>
    /// Rules that every record concerns, as far as filters go.
    private var always = Vector<UInt64>(capacity: 1)
    /// For each term of a filter the rules that it lets records through to.
    private var byTerm = Vector<UInt64>(capacity: 1)
    private let termWords: Int

    /// The rules of `plans`, which ask `inputs`.
    init(_ plans: [RulePlan], _ inputs: borrowing RecordInputs) {
        words = max((plans.count + 63) / 64, 1)
        termWords = inputs.termWords
        rules = .allocate(capacity: words)
        rules.initialize(repeating: 0, count: words)
        for _ in 0..<words { always.append(0) }
        for _ in 0..<termWords * 64 * words { byTerm.append(0) }
        for (index, plan) in plans.enumerated() {
            let bit = UInt64(1) << UInt64(index & 63)
            guard let filters = plan.filters else {
                always[index >> 6] |= bit
                continue
            }
            for filter in filters {
                let terms = inputs.terms(of: filter)
                for term in 0..<64 where terms.mask >> UInt64(term) & 1 != 0 {
                    byTerm[(terms.word << 6 + term) * words + index >> 6] |= bit
                }
            }
        }
    }

    deinit { rules.deallocate() }

    /// Finds the rules for records that may match `terms`.
    @inline(__always)
    func find(_ terms: UnsafePointer<UInt64>) {
        for word in 0..<words { rules[word] = always[word] }
        for termWord in 0..<termWords {
            var rest = terms[termWord]
            while rest != 0 {
                let term = termWord << 6 + rest.trailingZeroBitCount
                rest &= rest &- 1
                for word in 0..<words { rules[word] |= byTerm[term * words + word] }
            }
        }
    }
}
