/// `| limit 10`, `| offset 10`: the first rows only, or all but them.
public struct LimitPipe: Pipe {
    /// The rows that are passed over.
    public let offset: Int
    /// The rows that go on; nil for all.
    public let limit: Int?

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .needsOrder }
    /// The pipe in LogsQL.
    public var description: String { limit.map { "limit \($0)" } ?? "offset \(offset)" }
    /// The same fields.
    public func outputFields(_ input: [String]?) -> [String]? { input }

    /// The same fields.
    public func inputFields(_ output: Set<String>?) -> Set<String>? { output }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        LimitStage(offset: offset, limit: limit, next)
    }
}

extension PipeSyntax {
    static let limit = PipeSyntax(
        "limit", "head", synopsis: "limit N", summary: "the first N rows; 10 when N is left out"
    ) { (parser) throws(QueryError) in
        let isDefault = parser.isAtEnd || parser.isNext("|")
        return LimitPipe(offset: 0, limit: isDefault ? 10 : try parser.count("limit"))
    }

    static let offset = PipeSyntax(
        "offset", "skip", synopsis: "offset N", summary: "all rows but the first N"
    ) { (parser) throws(QueryError) in
        LimitPipe(offset: try parser.count("offset"), limit: nil)
    }
}

/// Passes over the first rows and stops after the last that is wanted.
final class LimitStage: RowConsumer {
    private var toSkip: Int
    private var left: Int?
    private let next: any RowConsumer

    init(offset: Int, limit: Int?, _ next: any RowConsumer) {
        self.toSkip = offset
        self.left = limit
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        if left == 0 { return .stop }
        var rows = slice.rows[...]
        if toSkip > 0 {
            let skipped = min(toSkip, rows.count)
            rows = rows.dropFirst(skipped)
            toSkip -= skipped
        }
        if let left {
            rows = rows.prefix(left)
            self.left = left - rows.count
        }
        if !rows.isEmpty,
            try next.consume(RowSlice(block: slice.block, rows: Array(rows))) == .stop
        {
            return .stop
        }
        return left == 0 ? .stop : .proceed
    }

    func finish() throws { try next.finish() }
}
