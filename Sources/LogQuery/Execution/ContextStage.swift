internal import LogBytes

/// Takes all rows in the order of time and gives on the matches with their neighbours, class by class.
final class ContextStage: RowConsumer {
    private struct Row {
        let block: any ColumnBlock
        let number: Int
    }

    /// What is known of a class at the present row.
    private struct ClassState {
        /// The last rows that were not given, at most as many as are wanted before a match.
        var before: [Row] = []
        /// How many of the next rows are wanted.
        var behindLeft = 0
        /// The number of the open group, which the next rows still touch.
        var group: Int?
    }

    /// Rows that touch each other.
    private struct Group {
        var rows: [Row] = []
        var isClosed = false
    }

    private let context: ContextLines
    private let sink: any RowConsumer
    private var memory: MemoryShare
    private var classes: [String: ClassState] = [:]
    /// Groups by number, from `firstGroup` on; the first of them is written as its rows come.
    private var groups: [Group] = []
    private var firstGroup = 0
    private var heldRows = 0
    private var hasGiven = false
    /// The rows of each block that match, until its last row has come.
    private var matches: [ObjectIdentifier: (rows: Bitmap, left: Int)] = [:]
    private var run: (block: any ColumnBlock, rows: [Int])?
    /// The block whose rows were written last, and whether it could be read.
    private var loaded: (block: any ColumnBlock, isReadable: Bool)?
    /// What of the neighbours could not be read.
    private(set) var faults: [ScanFault] = []

    /// What a held row costs: its share of the block that it keeps, roughly.
    private static let rowBytes = 256

    init(_ context: ContextLines, _ sink: any RowConsumer, _ budget: MemoryBudget) {
        self.context = context
        self.sink = sink
        memory = MemoryShare(budget, pipe: "lines around matches")
    }

    /// Says which rows of a block match that is about to come, and how many rows of it will.
    func expect(_ block: any ColumnBlock, matches rows: Bitmap, rows count: Int) {
        if count > 0 { matches[ObjectIdentifier(block)] = (rows, count) }
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let key = ObjectIdentifier(slice.block)
        guard let (bitmap, left) = matches[key] else { return .proceed }
        let className = slice.block.className
        var state = classes.removeValue(forKey: className) ?? ClassState()
        for number in slice.rows {
            let row = Row(block: slice.block, number: number)
            if bitmap[number] {
                for earlier in state.before { try give(earlier, &state) }
                state.before = []
                try give(row, &state)
                state.behindLeft = context.behind
            } else if state.behindLeft > 0 {
                state.behindLeft -= 1
                try give(row, &state)
            } else {
                state.before.append(row)
                if state.before.count > context.before {
                    state.before.removeFirst()
                    try close(&state)
                }
            }
        }
        classes[className] = state
        matches[key] = left > slice.rows.count ? (bitmap, left - slice.rows.count) : nil
        try flushRun()
        return .proceed
    }

    func finish() throws {
        for name in Array(classes.keys) {
            var state = classes[name] ?? ClassState()
            try close(&state)
            classes[name] = state
        }
        try flushRun()
        try sink.finish()
    }

    // MARK: Groups

    private func give(_ row: Row, _ state: inout ClassState) throws {
        let number = state.group ?? firstGroup + groups.count
        if state.group == nil {
            groups.append(Group())
            state.group = number
            if number == firstGroup { try begin() }
        }
        if number == firstGroup {
            try write(row)
        } else {
            groups[number - firstGroup].rows.append(row)
            heldRows += 1
            try memory.set(heldRows * Self.rowBytes)
        }
    }

    /// A row that is not given stands behind the group: nothing can touch it any more.
    private func close(_ state: inout ClassState) throws {
        guard let number = state.group else { return }
        state.group = nil
        groups[number - firstGroup].isClosed = true
        while let head = groups.first, head.isClosed {
            groups.removeFirst()
            firstGroup += 1
            guard let next = groups.first else { return }
            try begin()
            for row in next.rows { try write(row) }
            heldRows -= next.rows.count
            groups[0].rows = []
        }
    }

    private func begin() throws {
        defer { hasGiven = true }
        guard hasGiven else { return }
        try flushRun()
        try (sink as? any GroupedOutput)?.separate()
    }

    // MARK: Writing

    private func write(_ row: Row) throws {
        if let run, run.block === row.block {
            self.run?.rows.append(row.number)
            return
        }
        try flushRun()
        run = (row.block, [row.number])
    }

    private func flushRun() throws {
        guard let (block, rows) = run else { return }
        run = nil
        if loaded?.block !== block {
            do {
                try block.loadLines()
                loaded = (block, true)
            } catch let fault as ScanFault {
                if !faults.contains(fault) { faults.append(fault) }
                loaded = (block, false)
            }
        }
        if loaded?.isReadable == true {
            _ = try sink.consume(RowSlice(block: block, rows: rows))
        }
    }
}
