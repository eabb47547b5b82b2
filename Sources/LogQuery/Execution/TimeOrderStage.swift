/// Puts rows in the order of time and sequence number, across blocks.
///
/// Parts of a store come in the order of their first time. So a row may go on once a part comes that begins behind it, which
/// `release` is told before the part's blocks are given: only rows of parts that overlap are held. A heap of the held blocks, by
/// their next row, gives runs of rows of one block.
final class TimeOrderStage: RowConsumer {
    /// A block that still has rows to give, and its rows in order.
    private struct Cursor {
        let block: any ColumnBlock
        let rows: [Int]
        let times: [Int64]
        var next = 0

        var time: Int64 { times[rows[next]] }
    }

    /// What of the blocks' sequence numbers could not be read when times were equal: those rows are given in any order.
    private(set) var faults: [ScanFault] = []
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
        let times = try slice.block.times()
        var rows = slice.rows
        let isSorted = zip(rows, rows.dropFirst()).allSatisfy { times[$0] < times[$1] }
        if !isSorted {
            let sequences = try slice.block.sequences()
            rows.sort { (times[$0], sequences[$0]) < (times[$1], sequences[$1]) }
        }
        try push(Cursor(block: slice.block, rows: rows, times: times))
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
        while let top = heap.first, limit.map({ top.time < $0 }) ?? true {
            var cursor = try pop()
            let start = cursor.next
            let rival = heap.first
            repeat {
                cursor.next += 1
            } while try cursor.next < cursor.rows.count
                && (limit.map { cursor.time < $0 } ?? true)
                && (rival.map { try precedes(cursor, $0) } ?? true)
            let run = Array(cursor.rows[start..<cursor.next])
            if cursor.next < cursor.rows.count {
                try push(cursor)
            } else {
                heldRows -= cursor.block.rowCount
            }
            if try next.consume(slice(cursor.block, run)) == .stop {
                isStopped = true
                return .stop
            }
        }
        return .proceed
    }

    /// A run of a block is handed on as a block of its own when it is this much smaller: what pipes and outputs do for a slice may
    /// take as long as its block has rows, and the runs of blocks that overlap are short.
    private static let smallShare = 8

    private func slice(_ block: any ColumnBlock, _ run: [Int]) -> RowSlice {
        if next.wantsLines || run.count * Self.smallShare > block.rowCount {
            return RowSlice(block: block, rows: run)
        }
        return RowSlice(
            wholeBlock: SelectedBlock(
                block, rows: run.map { UInt32($0) }, hasLines: block.rowsAreLines))
    }

    /// Whether the next row of `left` comes before that of `right`. Sequence numbers are read only where times are equal.
    private func precedes(_ left: Cursor, _ right: Cursor) throws -> Bool {
        if left.time != right.time { return left.time < right.time }
        return try sequence(left) < sequence(right)
    }

    private func sequence(_ cursor: Cursor) throws -> UInt64 {
        do {
            return try cursor.block.sequences()[cursor.rows[cursor.next]]
        } catch let fault as ScanFault {
            if !faults.contains(fault) { faults.append(fault) }
            return 0
        }
    }

    // MARK: Heap

    private func push(_ cursor: Cursor) throws {
        heap.append(cursor)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard try precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop() throws -> Cursor {
        heap.swapAt(0, heap.count - 1)
        let top = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if try precedes(heap[child], heap[least]) { least = child }
            }
            if least == parent { return top }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
