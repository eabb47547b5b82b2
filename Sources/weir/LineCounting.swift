internal import LogBytes
internal import LogQuery

/// `-c`: how many rows come out of a query.
struct LineCounting {
    private let query: Query
    private let newest: Int?

    init(_ query: Query, newest: Int?) throws {
        var query = query
        query.pipes += try QueryParser.parse("* | stats count() as lines", now: 0).pipes
        self.query = query
        self.newest = newest
    }

    /// Prints the number; nothing found, as grep has it, when it is 0.
    func answer(_ run: QueryRun, _ data: DataOptions) throws {
        try run.answer(from: data) { stores, recorder in
            let sink = CountSink()
            var report = try QueryExecutor.run(
                query, store: stores, recorder: recorder, into: sink)
            let count = min(sink.count, newest ?? .max)
            try "\(count)\n".withView { try run.write($0) }
            report.rowsGiven = count
            return report
        }
    }
}

/// Reads the number out of the one row that the query gives.
private final class CountSink: RowConsumer {
    private(set) var count = 0

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let column = try slice.block.column("lines")
        for row in slice.rows { count = column.withText(row: row) { Int($0.text) } ?? 0 }
        return .proceed
    }

    func finish() {}
}
