internal import LogBytes

/// What has to be done before a query can look at rows: the queries that stand in it are answered, `join` and `union` get
/// their rows, `rate` its seconds. One thread uses it.
public final class QueryPreparation {
    private let store: any LogStore
    private let budget: MemoryBudget
    private let threads: Int
    private var memory: MemoryShare
    private var heldBytes = 0
    /// The times that the query asks for.
    private let timeRange: TimeRange
    /// The parser's clock.
    private let now: Int64?
    /// What could not be read while the inner queries were answered.
    private(set) var faults: [ScanFault] = []

    init(_ query: Query, store: any LogStore, budget: MemoryBudget, threads: Int) {
        self.threads = threads
        self.store = store
        self.budget = budget
        timeRange = query.filter.timeRange
        now = query.now
        memory = MemoryShare(budget, pipe: "subquery")
    }

    /// The seconds that the query asks for; nil when its range has no beginning. An open range ends now.
    var seconds: Double? {
        var end = timeRange.end
        if end == .max, let now { end = now.addingClamped(1) }
        guard timeRange.start > .min, end < .max, end > timeRange.start else { return nil }
        return (Double(end) - Double(timeRange.start)) / 1e9
    }

    /// `query` with all inner queries answered.
    func prepared(_ query: Query) throws -> Query {
        var query = query
        query.filter = try prepared(query.filter)
        if let context = query.pipes.first as? StreamContextPipe {
            let rows = try context.rows(around: query.filter, self)
            // The rows are known; the scan that is left finds nothing.
            query.filter = .time(TimeFilter(range: TimeRange(start: 0, end: 0), syntax: "offset"))
            query.pipes[0] = UnionPipe(query: nil, rows: rows)
        }
        query.pipes = try query.pipes.map { try $0.prepared(self) }
        return query
    }

    /// `filter` with the values that its inner queries give.
    func prepared(_ filter: Filter) throws -> Filter {
        guard filter.hasSubqueries else { return filter }
        return try filter.mapLeaves { _, predicate in
            guard let matcher = predicate.matcher as? SubqueryMatcher else { return predicate }
            return ValuePredicate(matcher.matcher(try values(of: matcher.query)))
        }
    }

    /// The distinct values of the one field that `query` gives.
    private func values(of query: Query) throws -> [String] {
        let field = query.outputFields?.first ?? ""
        let table = ByteTable()
        try run(query) { slice in
            let column = try slice.block.queryColumn(field)
            for row in slice.rows { column.withText(row: row) { _ = table.insert($0) } }
            try self.hold(table.memoryBytes)
            return .proceed
        }
        try keep(table.memoryBytes)
        return (0..<table.count).map { table.key($0).text }
    }

    /// All rows that `query` gives.
    func rows(of query: Query) throws -> PreparedRows {
        let rows = CollectedRows()
        try run(query) { slice in
            try rows.append(slice)
            try self.hold(rows.memoryBytes)
            return .proceed
        }
        try keep(rows.memoryBytes)
        return PreparedRows(rows, chunks: [Array(0..<rows.count)])
    }

    /// Answers `query` and gives its rows to `body`, in order.
    func run(_ query: Query, _ body: @escaping (RowSlice) throws -> ScanControl) throws {
        let report = try QueryExecutor.run(
            query, store: store, memoryBytesMax: budget.limitBytes, threads: threads,
            into: ClosureConsumer(body))
        faults += report.faults
    }

    /// Charges `bytes` for what is being gathered.
    func hold(_ bytes: Int) throws { try memory.set(heldBytes + bytes) }

    /// Charges `bytes` for what stays as long as the query runs.
    func keep(_ bytes: Int) throws {
        heldBytes += bytes
        try memory.set(heldBytes)
    }
}

/// Gives the rows of an inner query to a function.
private final class ClosureConsumer: RowConsumer {
    private let body: (RowSlice) throws -> ScanControl

    init(_ body: @escaping (RowSlice) throws -> ScanControl) { self.body = body }

    func consume(_ slice: RowSlice) throws -> ScanControl { try body(slice) }
    func finish() {}
}

/// Rows that an inner query gave. Nobody changes them any more, so any thread may read them.
final class PreparedRows: @unchecked Sendable {
    private let rows: CollectedRows
    /// The rows in the order in which they are given, in groups with a line of `---` between them.
    private let chunks: [[Int]]

    init(_ rows: CollectedRows, chunks: [[Int]]) {
        self.rows = rows
        self.chunks = chunks
    }

    /// Gives the rows to `next`.
    func give(to next: any RowConsumer) throws {
        let consumer = StopWatcher(next)
        for (index, chunk) in chunks.enumerated() where !consumer.isStopped {
            if index > 0, let last = chunks[index - 1].last {
                var time = ByteWriter(capacity: 32)
                NumberFormat.append(time: rows.place(last).time, into: &time)
                _ = try consumer.consume([
                    ("_time", [Array(time.view)]), ("_msg", [Array("---".utf8)]),
                ])
            }
            if !consumer.isStopped { try rows.give(chunk[...], to: consumer) }
        }
    }

    /// All rows as slices.
    func slices() throws -> [RowSlice] {
        let gathered = GatheringConsumer()
        for chunk in chunks { try rows.give(chunk[...], to: gathered) }
        return gathered.slices
    }
}

/// Knows whether the consumer behind it has enough.
private final class StopWatcher: RowConsumer {
    private let next: any RowConsumer
    private(set) var isStopped = false

    init(_ next: any RowConsumer) { self.next = next }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let answer = try next.consume(slice)
        isStopped = isStopped || answer == .stop
        return answer
    }

    func finish() {}
}

private final class GatheringConsumer: RowConsumer {
    private(set) var slices: [RowSlice] = []

    func consume(_ slice: RowSlice) -> ScanControl {
        slices.append(slice)
        return .proceed
    }

    func finish() {}
}

extension Query {
    /// The query with `filters` before its own, and before those of the queries in it, as a range of time that comes from
    /// outside. A query with `options(ignore_global_time_filter=true)` stays as it is; what it says holds for those in it,
    /// unless they say otherwise.
    public func restricted(by filters: [Filter]) -> Query {
        if filters.isEmpty { return self }
        var query = self
        let own = options.ignoresGlobalTimeFilter == true ? [] : filters
        query.filter = .matching(all: own + [filter.restrictingSubqueries(by: filters)])
        query.pipes = pipes.map { $0.restricted(by: filters) }
        return query
    }
}

extension Filter {
    /// The filter with `filters` put before the queries in it.
    func restrictingSubqueries(by filters: [Filter]) -> Filter {
        guard hasSubqueries else { return self }
        return mapLeaves { _, predicate in
            guard let matcher = predicate.matcher as? SubqueryMatcher else { return predicate }
            return ValuePredicate(matcher.restricted(by: filters))
        }
    }
}
