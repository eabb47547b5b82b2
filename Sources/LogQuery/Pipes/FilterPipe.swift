internal import LogBytes

/// `| filter n:>10`: only rows that match go on.
public struct FilterPipe: Pipe {
    /// Which rows go on.
    public let filter: Filter

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .rowwise }
    /// The pipe in LogsQL.
    public var description: String { "filter \(filter)" }
    /// The same fields.
    public func outputFields(_ input: [String]?) -> [String]? { input }

    /// The fields of the filter, too.
    public func inputFields(_ output: Set<String>?) -> Set<String>? {
        output.map { $0.union(filter.fieldNames) }
    }

    /// The pipe with the answers of the queries in its filter.
    public func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        FilterPipe(filter: try preparation.prepared(filter))
    }

    /// The pipe with `filters` put before the queries in its filter.
    public func restricted(by filters: [Filter]) -> any Pipe {
        FilterPipe(filter: filter.restrictingSubqueries(by: filters))
    }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        FilterStage(filter, next)
    }
}

extension PipeSyntax {
    static let filter = PipeSyntax(
        "filter", "where", synopsis: "filter FILTER", summary: "keep the rows that match"
    ) { (parser) throws(QueryError) in
        if parser.isAtEnd || parser.isNext("|") { throw parser.fault("filter needs a filter") }
        return FilterPipe(filter: try parser.orFilter(field: ""))
    }
}

private final class FilterStage: RowConsumer {
    private let filter: Filter
    private let next: any RowConsumer

    init(_ filter: Filter, _ next: any RowConsumer) {
        self.filter = filter
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        var candidates = Bitmap(count: slice.block.rowCount)
        for row in slice.rows { candidates[row] = true }
        let matching = try filter.evaluate(slice.block, within: candidates)
        let rows = slice.rows.filter { matching[$0] }
        return rows.isEmpty ? .proceed : try next.consume(RowSlice(block: slice.block, rows: rows))
    }

    func finish() throws { try next.finish() }
}
