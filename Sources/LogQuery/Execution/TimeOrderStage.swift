/// Puts rows in the order of time and sequence number, across blocks.
///
/// Blocks come in the order of their first time. So a row may go on once a block comes that begins behind it: only rows
/// of blocks that overlap are held. A heap of the held blocks, by their next row, gives runs of rows of one block.
final class TimeOrderStage: RowConsumer {
    /// A block that still has rows to give, and its rows in order.
    private struct Cursor {
        let block: any ColumnBlock
        let rows: [Int]
        let times: [Int64]
        let sequences: [UInt64]
        var next = 0

        var place: (Int64, UInt64) { (times[rows[next]], sequences[rows[next]]) }
    }

    private let next: any RowConsumer
    private var heap: [Cursor] = []
    private var heldRows = 0
    private var memory: MemoryShare
    private var isStopped = false

    /// What a held row costs: its number, time and sequence, and its share of the block, roughly.
    private static let rowBytes = 256

    init(_ next: any RowConsumer, _ budget: MemoryBudget) {
        self.next = next
        memory = MemoryShare(budget, pipe: "ordering by time")
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        if try release(before: slice.block.timeBounds.first) == .stop { return .stop }
        let times = try slice.block.times()
        let sequences = try slice.block.sequences()
        func place(_ row: Int) -> (Int64, UInt64) { (times[row], sequences[row]) }
        var rows = slice.rows
        let isSorted = zip(rows, rows.dropFirst()).allSatisfy { place($0) <= place($1) }
        if !isSorted { rows.sort { place($0) < place($1) } }
        push(Cursor(block: slice.block, rows: rows, times: times, sequences: sequences))
        heldRows += slice.block.rowCount
        try memory.set(heldRows * Self.rowBytes)
        return .proceed
    }

    func finish() throws {
        if !isStopped { _ = try release(before: nil) }
        try next.finish()
    }

    /// Gives on every row whose time is before `limit`.
    func release(before limit: Int64?) throws -> ScanControl {
        while let top = heap.first, limit.map({ top.place.0 < $0 }) ?? true {
            var cursor = pop()
            let start = cursor.next
            let rival = heap.first?.place
            repeat {
                cursor.next += 1
            } while cursor.next < cursor.rows.count
                && (limit.map { cursor.place.0 < $0 } ?? true)
                && (rival.map { cursor.place < $0 } ?? true)
            let run = Array(cursor.rows[start..<cursor.next])
            if cursor.next < cursor.rows.count {
                push(cursor)
            } else {
                heldRows -= cursor.block.rowCount
            }
            if try next.consume(RowSlice(block: cursor.block, rows: run)) == .stop {
                isStopped = true
                return .stop
            }
        }
        return .proceed
    }

    // MARK: Heap

    private func push(_ cursor: Cursor) {
        heap.append(cursor)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].place < heap[parent].place else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop() -> Cursor {
        heap.swapAt(0, heap.count - 1)
        let top = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].place < heap[least].place { least = child }
            }
            if least == parent { return top }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
