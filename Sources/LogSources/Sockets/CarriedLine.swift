internal import LogBytes

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The beginning of a line whose rest has not come yet. It owns its memory, has none while it is empty, and keeps within the
/// limit of a line and the budget that all share; the line is cut where it would not.
struct CarriedLine: ~Copyable {
    private let budget: CarryBudget
    /// The longest line; there is always room for one byte more, its newline.
    private let limit: Int
    private var base: UnsafeMutablePointer<UInt8>?
    private var capacity = 0
    private(set) var count = 0
    /// Bytes of the line that were dropped: from the first on, nothing more is kept of it.
    private(set) var cutBytes = 0

    /// The first allocation: most lines fit (bytes).
    private static let firstCapacity = 256

    init(limit: Int, budget: CarryBudget) {
        self.limit = limit
        self.budget = budget
    }

    deinit {
        budget.give(Self.charge(capacity))
        free(base)
    }

    /// Whether nothing of a line has come.
    var isEmpty: Bool { count == 0 && cutBytes == 0 }

    /// What is kept, valid until the next change.
    var view: ByteView {
        base.map { ByteView($0, count) } ?? .empty
    }

    /// Adds what fits of `bytes`, and counts the rest as cut.
    mutating func append(_ bytes: ByteView) {
        guard cutBytes == 0 else {
            cutBytes += bytes.count
            return
        }
        let wanted = min(bytes.count, limit - count)
        let kept = max(min(wanted, room(wanted)), 0)
        if kept > 0, let base {
            (base + count).update(from: bytes.start, count: kept)
            count += kept
        }
        cutBytes = bytes.count - kept
    }

    /// Ends the line with a newline.
    mutating func end() {
        // The first allocation has room for more than that, and every later one keeps a byte for it.
        guard room(0) >= 0, let base else { return }
        base[count] = ASCII.newline
        count += 1
    }

    /// Drops the last byte of what is kept.
    mutating func dropLast() { count -= 1 }

    /// Forgets the line and gives its memory back.
    mutating func removeAll() {
        budget.give(Self.charge(capacity))
        free(base)
        base = nil
        capacity = 0
        count = 0
        cutBytes = 0
    }

    /// Makes room for `wanted` bytes and a newline, or as many as there may be; the number of bytes, −1 without memory.
    private mutating func room(_ wanted: Int) -> Int {
        if count + wanted + 1 > capacity { grow(to: count + wanted + 1) }
        return capacity - count - 1
    }

    private mutating func grow(to least: Int) {
        let doubled = min(max(least, capacity * 2, Self.firstCapacity), limit + 1)
        // Where the budget does not give twice as much, it may give just enough.
        for wanted in [max(doubled, least), least, CarryBudget.ownBytes] where wanted > capacity {
            let charge = Self.charge(wanted) - Self.charge(capacity)
            guard budget.take(charge) else { continue }
            guard let larger = realloc(base, wanted) else {
                budget.give(charge)
                return
            }
            base = larger.assumingMemoryBound(to: UInt8.self)
            capacity = wanted
            return
        }
    }

    /// What a connection's memory takes from the budget.
    private static func charge(_ capacity: Int) -> Int {
        max(capacity - CarryBudget.ownBytes, 0)
    }
}
