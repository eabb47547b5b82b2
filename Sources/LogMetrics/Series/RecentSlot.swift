/// How many records, and the sum of what they brought.
struct RecentSum: Equatable {
    var count: UInt64 = 0
    var amount: Double = 0
}

/// What a slot of recent sums holds. All bits are zero in a slot of nothing.
protocol RecentSlot: BitwiseCopyable {
    /// Records.
    var count: UInt32 { get }
    /// The sum of what they brought.
    var amount: Double { get }

    /// A slot that a snapshot tells of; nil for one that cannot be.
    init?(count: UInt32, amount: Double)

    mutating func add(_ other: Self)
}

/// Records, and how many of them are of one kind, in 8 bytes: one addition counts both.
struct CountSlot: RecentSlot {
    /// The lower half counts all, the upper one those of the kind.
    private var both: UInt64

    init(isPart: Bool) { both = isPart ? 1 << 32 | 1 : 1 }

    init?(count: UInt32, amount: Double) {
        guard let part = UInt32(exactly: amount) else { return nil }
        both = UInt64(part) << 32 | UInt64(count)
    }

    var count: UInt32 { UInt32(truncatingIfNeeded: both) }
    var amount: Double { Double(both >> 32) }

    @inline(__always)
    mutating func add(_ other: CountSlot) { both &+= other.both }
}

/// Records and a sum in 12 bytes: as a `Double`, the sum would make them 16.
struct SumSlot: RecentSlot {
    private var low: UInt32
    private var high: UInt32
    private(set) var count: UInt32

    init(_ amount: Double) {
        low = UInt32(truncatingIfNeeded: amount.bitPattern)
        high = UInt32(truncatingIfNeeded: amount.bitPattern >> 32)
        count = 1
    }

    init?(count: UInt32, amount: Double) {
        self.init(amount)
        self.count = count
    }

    var amount: Double { Double(bitPattern: UInt64(high) << 32 | UInt64(low)) }

    @inline(__always)
    mutating func add(_ other: SumSlot) {
        let sum = SumSlot(amount + other.amount)
        low = sum.low
        high = sum.high
        count &+= other.count
    }
}
