/// What a rule keeps for each slot of a group's window: words of 64 bits, the same number for every slot.
///
///     word 0            the low half of the slot's number; above it counter 0, of all records that concern the rule
///     words 1 … n − 1   the other of n counters
///     further words     lanes: sums, extremes, samples, sets; each takes as many words as its kind needs
///
/// Rules that only count, which most do, have one word a slot. Counter 0 stands still at 2³² − 1 records in one slot.
///
/// Counters are whole numbers, so that what a window held before leaves no trace when it is taken out again. Lanes are put
/// together anew whenever somebody reads a window.
///
/// A plain value, which the loop over records copies without counting references; its owner frees it with `destroy`.
struct WindowLayout: BitwiseCopyable {
    /// What a lane keeps of the values that fell into its slot.
    enum LaneKind: UInt8, BitwiseCopyable {
        /// One word: their sum.
        case sum
        /// One word: the smallest.
        case minimum
        /// One word: the greatest.
        case maximum
        /// Two words: a time and the value that came with it.
        case last
        /// Four words: how many, the first two, and a histogram of the others.
        case samples
        /// One word: where a `ValueSet` stands, 0 for none.
        case set

        var words: Int {
            switch self {
            case .sum, .minimum, .maximum, .set: 1
            case .last: 2
            case .samples: 4
            }
        }
    }

    struct Lane: BitwiseCopyable {
        let kind: LaneKind
        /// The first word.
        let word: Int
    }

    /// Counters of a slot; a record names those that it counts in by the bits of a mask.
    static let countersMax = 32

    /// Lanes of a layout: one for each aggregate of an expression.
    static let lanesMax = 16

    private(set) var counters: Int
    private(set) var laneCount = 0
    private let lanes: UnsafeMutablePointer<Lane>
    /// Words of a slot.
    private(set) var stride: Int
    /// True when a second sum of counters is kept: over the slots before the window.
    let hasBaseline: Bool
    /// Whether slots own memory.
    private(set) var hasObjects = false

    init(hasBaseline: Bool) {
        counters = 1
        self.hasBaseline = hasBaseline
        stride = 1
        lanes = .allocate(capacity: Self.lanesMax)
    }

    /// Frees the memory.
    func destroy() { lanes.deallocate() }

    /// Words in front of the slots: the sums of the counters.
    var totals: Int { hasBaseline ? 2 * counters : counters }

    /// Lane `index`.
    func lane(_ index: Int) -> Lane { lanes[index] }

    /// Sets the number of counters, before any lane.
    mutating func setCounters(_ count: Int) {
        precondition(laneCount == 0 && count <= Self.countersMax, "BUG: counters behind lanes")
        counters = count
        stride = count
    }

    /// Adds a lane; its first word.
    mutating func add(_ kind: LaneKind) -> Int {
        precondition(laneCount < Self.lanesMax, "BUG: more lanes than a rule has aggregates")
        let word = stride
        (lanes + laneCount).initialize(to: Lane(kind: kind, word: word))
        laneCount += 1
        stride += kind.words
        if kind == .samples || kind == .set { hasObjects = true }
        return word
    }
}
