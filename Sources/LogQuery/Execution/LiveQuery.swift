internal import LogBytes

/// A query over lines as they arrive: each row goes through the filter and the pipes on its own. Used by one thread.
public final class LiveQuery {
    private let filter: Filter
    private let raw: RawFilter?
    private let fields: Set<String>?
    private let first: any RowConsumer
    private let byTime: Bool
    private let hidden: Set<String>

    /// The first pipe of `query` that cannot be answered for one row at a time, as LogsQL; such a query cannot be followed.
    public static func hindrance(_ query: Query) -> String? {
        if query.filter.hasSubqueries { return "filter \(query.filter)" }
        return query.pipes.first { $0.ordering != .rowwise || $0 is JoinPipe }.map { "\($0)" }
    }

    /// Answers `query`, all of whose pipes are row by row, into `sink`.
    ///
    /// - Parameters:
    ///   - store: what queries inside the query are answered from, once.
    ///   - now: the time at which following begins: times up to then, as `_time:5m` asks for, go on without end.
    ///   - byTime: order the rows that come at once by time, and not by arrival: they come from several stores.
    ///   - hiddenClasses: classes that are seen only when the filter names `_class`.
    public init(
        _ query: Query, store: any LogStore, now: Int64, byTime: Bool = false,
        hiddenClasses: Set<String>, into sink: any RowConsumer
    ) throws {
        let budget = MemoryBudget()
        let preparation = QueryPreparation(query, store: store, budget: budget, threads: 1)
        let query = try preparation.prepared(query)
        filter = query.filter.followed(from: now)
        raw = query.raw
        fields = query.inputFields
        self.byTime = byTime
        hidden = filter.fieldNames.contains("_class") ? [] : hiddenClasses
        first = query.pipes.reversed().reduce(sink) { $1.makeStage($0, budget) }
    }

    /// Gives on what matches of `slices`, in the order of arrival across all of them.
    public func consume(_ slices: [RowSlice]) throws {
        var matches: [(place: (Int64, UInt64), slice: Int, row: Int)] = []
        for (number, slice) in slices.enumerated() where !hidden.contains(slice.block.className) {
            let block = slice.block
            let found = try filter.evaluate(block)
            let rows = try raw?.evaluate(block, within: found) ?? found
            if rows.isEmpty { continue }
            try block.load(fields, rows: rows)
            let sequences = try block.sequences()
            let times = byTime ? try block.times() : []
            for row in slice.rows where rows[row] {
                matches.append(((byTime ? times[row] : 0, sequences[row]), number, row))
            }
        }
        matches.sort { $0.place < $1.place }
        var rest = matches[...]
        while let head = rest.first {
            let run = rest.prefix { $0.slice == head.slice }
            rest = rest.dropFirst(run.count)
            _ = try first.consume(
                RowSlice(block: slices[head.slice].block, rows: run.map(\.row)))
        }
    }

    /// Ends the answer.
    public func finish() throws { try first.finish() }
}

extension Filter {
    /// The filter for lines that arrive from `now` on: what asked for times up to now asks for all that follow.
    func followed(from now: Int64) -> Filter {
        switch self {
        case .all, .leaf, .fields: return self
        case .not(let filter): return .not(filter.followed(from: now))
        case .and(let filters): return .and(filters.map { $0.followed(from: now) })
        case .or(let filters): return .or(filters.map { $0.followed(from: now) })
        case .time(let time):
            // Clocks of the query's parser and of the caller differ by a moment.
            guard time.range.end != .max, time.range.end >= now - 1_000_000_000,
                time.range.start <= now
            else { return self }
            return .time(
                TimeFilter(
                    range: TimeRange(start: time.range.start), syntax: time.syntax,
                    schedule: time.schedule))
        }
    }
}
