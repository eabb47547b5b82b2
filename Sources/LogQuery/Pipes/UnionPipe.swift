internal import LogBytes

/// `| union (QUERY)`: the rows so far, and behind them those of another query.
struct UnionPipe: Pipe {
    /// The other query; nil where the rows are known otherwise.
    let query: Query?
    /// Its rows, once it was answered.
    let rows: PreparedRows?

    /// Not row by row: several threads would each append the other rows.
    var ordering: PipeOrdering { .needsOrder }
    var description: String { "union (\(query?.description ?? "*"))" }

    func outputFields(_ input: [String]?) -> [String]? {
        guard let input, let other = query?.outputFields else { return nil }
        return input + other.filter { !input.contains($0) }
    }

    func inputFields(_ output: Set<String>?) -> Set<String>? { output }

    func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        guard rows == nil, let query else { return self }
        return UnionPipe(query: query, rows: try preparation.rows(of: query))
    }

    func restricted(by filters: [Filter]) -> any Pipe {
        UnionPipe(query: query?.restricted(by: filters), rows: rows)
    }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        UnionStage(rows, next)
    }
}

extension PipeSyntax {
    static let union = PipeSyntax(
        "union", synopsis: "union (QUERY)", summary: "append the rows of another query"
    ) { (parser) throws(QueryError) in
        UnionPipe(query: try parser.subquery("after union"), rows: nil)
    }
}

private final class UnionStage: RowConsumer {
    private let rows: PreparedRows?
    private let next: any RowConsumer
    private var isStopped = false

    init(_ rows: PreparedRows?, _ next: any RowConsumer) {
        self.rows = rows
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        isStopped = try next.consume(slice) == .stop
        return isStopped ? .stop : .proceed
    }

    func finish() throws {
        if !isStopped { try rows?.give(to: next) }
        try next.finish()
    }
}
