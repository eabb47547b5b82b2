internal import LogBytes

/// `| running_stats by (f) sum(n) as total`, `| total_stats …`: rows keep their fields and get statistics of the rows of their
/// group: of those up to them by time, or of all.
struct RunningStatsPipe: Pipe {
    let keys: [String]
    let results: [StatsPipe.Result]
    /// Whether each row gets what is known up to it, or every one what is known at the end.
    let isRunning: Bool

    var ordering: PipeOrdering { .makesOrder }

    var description: String {
        let by =
            keys.isEmpty ? "" : "by (\(keys.map(Quoting.word).joined(separator: ", "))) "
        return (isRunning ? "running_stats " : "total_stats ") + by
            + results.map(\.description).joined(separator: ", ")
    }

    func outputFields(_ input: [String]?) -> [String]? {
        input.map { input in input + results.map(\.name).filter { !input.contains($0) } }
    }

    func inputFields(_ output: Set<String>?) -> Set<String>? {
        guard var fields = output else { return nil }
        fields.subtract(results.map(\.name))
        fields.formUnion(keys + ["_time"])
        for result in results {
            guard let names = result.call.inputFields else { return nil }
            fields.formUnion(names)
            if let condition = result.condition { fields.formUnion(condition.fieldNames) }
        }
        return fields
    }

    func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        let stats = try StatsPipe(keys: [], results: results).prepared(preparation)
        return with((stats as? StatsPipe)?.results ?? results)
    }

    func restricted(by filters: [Filter]) -> any Pipe {
        let stats = StatsPipe(keys: [], results: results).restricted(by: filters)
        return with((stats as? StatsPipe)?.results ?? results)
    }

    private func with(_ results: [StatsPipe.Result]) -> RunningStatsPipe {
        RunningStatsPipe(keys: keys, results: results, isRunning: isRunning)
    }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        RunningStatsStage(self, next, budget)
    }
}

extension PipeSyntax {
    static let runningStats = PipeSyntax(
        "running_stats", synopsis: "running_stats by (f) sum(n) as total, …",
        summary: "statistics of the rows up to each one, by time"
    ) { (parser) throws(QueryError) in try parser.runningStats(isRunning: true) }

    static let totalStats = PipeSyntax(
        "total_stats", synopsis: "total_stats by (f) sum(n) as total, …",
        summary: "statistics of all rows, added to each one"
    ) { (parser) throws(QueryError) in try parser.runningStats(isRunning: false) }
}

extension QueryParser {
    fileprivate mutating func runningStats(isRunning: Bool) throws(QueryError) -> RunningStatsPipe {
        let place = token.offset
        let stats = try StatsPipe.parse(&self)
        if stats.keys.contains(where: { $0.bucket != nil }) {
            throw fault("rows keep their values here; put buckets into a stats before", at: place)
        }
        return RunningStatsPipe(
            keys: stats.keys.map(\.field), results: stats.results, isRunning: isRunning)
    }
}

/// Holds all rows: they come out in the order of time, and what is known of a group shows at the end at the earliest.
private final class RunningStatsStage: RowConsumer {
    private let pipe: RunningStatsPipe
    private let next: any RowConsumer
    private let sorter: SortStage
    private let added: AddedStatsStage

    init(_ pipe: RunningStatsPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        added = AddedStatsStage(pipe, next, budget)
        sorter = SortStage(
            SortPipe(
                keys: [SortPipe.Key(field: "_time", isDescending: false)], partition: [],
                offset: 0, limit: nil, rank: nil), added, budget)
    }

    func consume(_ slice: RowSlice) throws -> ScanControl { try sorter.consume(slice) }
    func finish() throws { try sorter.finish() }
}

/// Adds statistics to rows, which come in order.
private final class AddedStatsStage: RowConsumer {
    private let pipe: RunningStatsPipe
    private let next: any RowConsumer
    private let grouping: Grouping
    private let states: [StatisticsState]
    private var memory: MemoryShare
    /// The rows that wait for the end, and their groups.
    private var held: [(slice: RowSlice, groups: [Int32])] = []
    private var heldRows = 0
    private var isStopped = false

    /// What a held row costs with its share of its block, roughly.
    private static let rowBytes = 256

    init(_ pipe: RunningStatsPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        grouping = Grouping(pipe.keys.map { GroupKey(field: $0, bucket: nil) })
        states = pipe.results.map { $0.call.makeState($0.call) }
        memory = MemoryShare(budget, pipe: pipe.isRunning ? "running_stats" : "total_stats")
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let groups = try grouping.groups(slice.block, rows: slice.rows)
        let chosen = try pipe.results.map { Set(try slice.rows(matching: $0.condition)) }
        for state in states { state.resize(grouping.count) }
        let results = FieldResults(slice)
        for (index, row) in slice.rows.enumerated() {
            let group = [groups[index]]
            for (number, state) in states.enumerated() where chosen[number].contains(row) {
                try state.take(slice.block, rows: [row], groups: group)
            }
            if pipe.isRunning { add(results, row, groups[index]) }
        }
        if pipe.isRunning {
            let block = OverlayBlock(slice.block, try results.columns())
            isStopped = try next.consume(RowSlice(block: block, rows: slice.rows)) == .stop
            return isStopped ? .stop : .proceed
        }
        held.append((slice, groups))
        heldRows += slice.rows.count
        try memory.set(
            heldRows * Self.rowBytes + grouping.memoryBytes
                + states.reduce(0) { $0 + $1.memoryBytes })
        return .proceed
    }

    private func add(_ results: FieldResults, _ row: Int, _ group: Int32) {
        for (state, result) in zip(states, pipe.results) {
            var out = ByteWriter(capacity: 32)
            state.append(group: Int(group), into: &out)
            results.set(out.view, in: results.target(result.name), row: row)
        }
    }

    func finish() throws {
        for (slice, groups) in held where !isStopped {
            let results = FieldResults(slice)
            for (index, row) in slice.rows.enumerated() { add(results, row, groups[index]) }
            let block = OverlayBlock(slice.block, try results.columns())
            isStopped = try next.consume(RowSlice(block: block, rows: slice.rows)) == .stop
        }
        try next.finish()
    }
}
