internal import LogBytes

/// `| stats by (service, _time:5m) count() as n, quantile(0.99, duration_ms) if (level:error)`.
public struct StatsPipe: Pipe {
    /// One statistic of each group.
    public struct Result: Sendable, CustomStringConvertible {
        /// What is computed.
        public let call: StatisticsCall
        /// Which rows count; nil for all.
        public let condition: Filter?
        /// The name of the result's field.
        public let name: String

        /// The name that a result has when none is given.
        static func standardName(_ call: StatisticsCall, _ condition: Filter?) -> String {
            "\(call)" + (condition.map { " if (\($0))" } ?? "")
        }

        /// The result in LogsQL.
        public var description: String {
            Self.standardName(call, condition) + " as " + Quoting.word(name)
        }
    }

    /// What rows are grouped by.
    public let keys: [GroupKey]
    /// What is computed of each group.
    public let results: [Result]

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .makesOrder }

    /// The pipe in LogsQL.
    public var description: String {
        let by = keys.isEmpty ? "" : "by (\(keys.map(\.description).joined(separator: ", "))) "
        return "stats \(by)\(results.map(\.description).joined(separator: ", "))"
    }

    /// The keys, then the results.
    public func outputFields(_ input: [String]?) -> [String]? {
        keys.map(\.field) + results.map(\.name)
    }

    /// What rows are grouped by, counted by and chosen by.
    public func inputFields(_ output: Set<String>?) -> Set<String>? {
        var fields = Set(keys.map(\.field))
        for result in results {
            guard let names = result.call.inputFields else { return nil }
            fields.formUnion(names)
            if let condition = result.condition { fields.formUnion(condition.fieldNames) }
        }
        return fields
    }

    /// The pipe with the answers of the queries in its conditions, and with the seconds that rates are of.
    public func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        let bucket = keys.first { $0.field == "_time" }?.bucket
        let seconds = bucket?.seconds ?? preparation.seconds
        return StatsPipe(
            keys: keys,
            results: try results.map { result in
                var call = result.call
                call.seconds = seconds
                return Result(
                    call: call, condition: try result.condition.map(preparation.prepared),
                    name: result.name)
            })
    }

    /// The pipe with `filters` put before the queries in its conditions.
    public func restricted(by filters: [Filter]) -> any Pipe {
        StatsPipe(
            keys: keys,
            results: results.map { result in
                Result(
                    call: result.call,
                    condition: result.condition?.restrictingSubqueries(by: filters),
                    name: result.name)
            })
    }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        StatsStage(self, next, budget)
    }

    /// The keys and what conditions look at, where all that is asked is how many rows there are.
    public var countedFields: Set<String>? {
        var fields = Set(keys.map(\.field))
        for result in results {
            guard result.call.countsRows else { return nil }
            if let condition = result.condition {
                guard condition.ignoresTime(within: (.min, .max)) else { return nil }
                fields.formUnion(condition.fieldNames)
            }
        }
        return fields.contains("_time") ? nil : fields
    }

    /// What is known of some rows can be added to what is known of others.
    public var isPartial: Bool { true }

    /// The pipe at work on some of the rows.
    public func makePartialStage(
        _ next: any RowConsumer, _ budget: MemoryBudget
    ) -> (any PartialStage)? {
        StatsStage(self, next, budget)
    }
}

/// Groups that are given on at once.
let groupsPerBlock = 8_192

private final class StatsStage: PartialStage {
    private let pipe: StatsPipe
    private let next: any RowConsumer
    private let grouping: Grouping
    /// One for each result.
    private let states: [StatisticsState]
    /// For each result whether another one before it looks at the same rows for it.
    private let isShared: [Bool]
    private var memory: MemoryShare

    init(_ pipe: StatsPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        grouping = Grouping(pipe.keys)
        let states = pipe.results.map { $0.call.makeState($0.call) }
        self.states = states
        isShared = pipe.results.indices.map { index in
            (0..<index).contains { before in
                pipe.results[before].condition == pipe.results[index].condition
                    && states[index].shares(with: states[before])
            }
        }
        memory = MemoryShare(budget, pipe: "stats")
        if pipe.keys.isEmpty {
            grouping.insertEmpty()
            for state in states { state.resize(1) }
        }
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let groups = try grouping.groups(slice.block, rows: slice.rows)
        for (index, result) in pipe.results.enumerated() where !isShared[index] {
            let state = states[index]
            state.resize(grouping.count)
            if let condition = result.condition {
                try update(state, slice, groups, condition)
            } else {
                try state.take(slice.block, rows: slice.rows, groups: groups)
            }
        }
        try memory.set(usedBytes)
        return .proceed
    }

    private var usedBytes: Int {
        zip(states, isShared).reduce(grouping.memoryBytes) { $1.1 ? $0 : $0 + $1.0.memoryBytes }
    }

    private func update(
        _ state: StatisticsState, _ slice: RowSlice, _ groups: [Int32], _ condition: Filter
    ) throws {
        var candidates = Bitmap(count: slice.block.rowCount, all: slice.isWholeBlock)
        if !slice.isWholeBlock { for row in slice.rows { candidates[row] = true } }
        let matching = try condition.evaluate(slice.block, within: candidates)
        if matching.isEmpty { return }
        var rows: [Int] = []
        var rowGroups: [Int32] = []
        if slice.isWholeBlock {
            // Row and place in the slice are the same.
            rows = matching.rows
            rowGroups = rows.map { groups[$0] }
        } else {
            for (row, group) in zip(slice.rows, groups) where matching[row] {
                rows.append(row)
                rowGroups.append(group)
            }
        }
        try state.take(slice.block, rows: rows, groups: rowGroups)
    }

    func merge(_ other: any PartialStage) throws {
        guard let other = other as? StatsStage else { return }
        let groups = (0..<other.grouping.count).map { grouping.adopt(other.grouping, $0) }
        for (index, state) in states.enumerated() where !isShared[index] {
            state.resize(grouping.count)
            state.merge(other.states[index], groups: groups)
        }
        try memory.set(usedBytes)
    }

    func finish() throws {
        let order = grouping.sorted()
        var start = 0
        while start < order.count {
            let groups = Array(order[start..<min(start + groupsPerBlock, order.count)])
            start += groups.count
            let columns = zip(states, pipe.results).map { state, result in
                var builder = ColumnBuilder()
                for group in groups { builder.append { state.append(group: group, into: &$0) } }
                return (name: result.name, column: builder.column())
            }
            let block = grouping.block(groups, extra: columns)
            if try next.consume(RowSlice(block: block, rows: Array(0..<groups.count))) == .stop {
                break
            }
        }
        try next.finish()
    }
}
