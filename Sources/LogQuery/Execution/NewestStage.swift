/// Keeps the newest rows and gives them in the order of time at the end.
final class NewestStage: RowConsumer {
    private struct Held {
        let time: Int64
        let sequence: UInt64
        let block: any ColumnBlock
        let row: Int

        var place: (Int64, UInt64) { (time, sequence) }
    }

    private let limit: Int
    private let next: any RowConsumer
    private var held: [Held] = []
    private var memory: MemoryShare

    /// What a held row costs: its entry and its share of the block that it keeps alive, roughly.
    private static let rowBytes = 1_024

    init(_ limit: Int, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.limit = limit
        self.next = next
        memory = MemoryShare(budget, pipe: "the newest \(limit) rows")
    }

    /// The time before which no row is wanted any more; nil while any is.
    var oldestWanted: Int64? {
        if limit == 0 { return .max }
        return held.count >= limit ? oldestHeld : nil
    }

    private var oldestHeld: Int64 = .max

    func consume(_ slice: RowSlice) throws -> ScanControl {
        guard limit > 0 else { return .stop }
        if let oldest = oldestWanted, slice.block.timeBounds.last < oldest { return .proceed }
        let times = try slice.block.times()
        let sequences = try slice.block.sequences()
        for row in slice.rows {
            held.append(
                Held(time: times[row], sequence: sequences[row], block: slice.block, row: row))
        }
        if held.count > limit {
            held.sort { $0.place > $1.place }
            held.removeLast(held.count - limit)
        }
        oldestHeld = held.lazy.map(\.time).min() ?? .max
        try memory.set(held.count * Self.rowBytes)
        return .proceed
    }

    func finish() throws {
        held.sort { $0.place < $1.place }
        var start = 0
        while start < held.count {
            let block = held[start].block
            var end = start
            while end < held.count, held[end].block === block { end += 1 }
            let rows = held[start..<end].map(\.row)
            if try next.consume(RowSlice(block: block, rows: rows)) == .stop { break }
            start = end
        }
        try next.finish()
    }
}
