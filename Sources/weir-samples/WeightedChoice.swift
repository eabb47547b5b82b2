/// Picks indexes by weight, with one look-up and no comparison.
struct WeightedChoice {
    /// 2^14 slots: shares down to one in 10,000 keep a slot of their own.
    private static let slotCount = 1 << 14

    private let slots: [UInt8]

    /// Index `i` gets its share of `weights[i]`. At most 256 weights, at least one positive.
    init(weights: [Int]) {
        let total = weights.reduce(0, +)
        var slots: [UInt8] = []
        slots.reserveCapacity(Self.slotCount)
        var sum = 0
        for (index, weight) in weights.enumerated() {
            sum += weight
            let end = sum * Self.slotCount / total
            slots.append(
                contentsOf: repeatElement(UInt8(index), count: max(0, end - slots.count)))
        }
        self.slots = slots
    }

    /// Weights 1, 1/2, 1/3, …: how popular things usually are.
    static func zipf(count: Int) -> WeightedChoice {
        WeightedChoice(weights: (1...count).map { 1_000_000 / $0 })
    }

    /// An index.
    func pick(using random: inout RandomSource) -> Int {
        Int(slots[random.below(Self.slotCount)])
    }
}
