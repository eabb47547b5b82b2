internal import LogBytes

/// `| uniq with hits limit N`: rows that are alike in all fields once.
struct UniqRowsPipe: Pipe {
    let limit: Int?
    let hitsName: String?

    var ordering: PipeOrdering { .needsOrder }

    var description: String {
        "uniq" + (hitsName.map { " with hits as \(Quoting.word($0))" } ?? "")
            + (limit.map { " limit \($0)" } ?? "")
    }

    func outputFields(_ input: [String]?) -> [String]? {
        input.map { $0 + (hitsName.map { [$0] } ?? []) }
    }

    func inputFields(_ output: Set<String>?) -> Set<String>? { nil }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        UniqRowsStage(self, next, budget)
    }
}

private final class UniqRowsStage: RowConsumer {
    private let pipe: UniqRowsPipe
    private let next: any RowConsumer
    private let keys = ByteTable()
    private var hits: [Int] = []
    private let rows = CollectedRows()
    private var memory: MemoryShare

    init(_ pipe: UniqRowsPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        memory = MemoryShare(budget, pipe: "uniq")
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        // Blocks may have the same fields in another order.
        let names = try slice.block.queryFieldNames().sorted()
        let writer = try RowWriter(slice.block, names: names)
        var fresh: [Int] = []
        for row in slice.rows {
            let (number, isNew) = writer.json(row: row).withView { keys.insert($0) }
            if isNew {
                fresh.append(row)
                hits.append(0)
            }
            hits[number] += 1
        }
        if !fresh.isEmpty { try rows.append(RowSlice(block: slice.block, rows: fresh)) }
        try memory.set(keys.memoryBytes + rows.memoryBytes + hits.capacity * 8)
        if pipe.hitsName == nil, let limit = pipe.limit, rows.count >= limit { return .stop }
        return .proceed
    }

    func finish() throws {
        let order = Array((0..<rows.count).prefix(pipe.limit ?? .max))
        if let name = pipe.hitsName {
            try rows.give(order[...], to: NumberedStage(name, order.map { hits[$0] }, next))
        } else {
            try rows.give(order[...], to: next)
        }
        try next.finish()
    }
}
