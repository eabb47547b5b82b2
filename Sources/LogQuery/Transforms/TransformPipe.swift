internal import LogBytes

/// A pipe that looks at each row by itself and gives some of its fields new values.
protocol TransformPipe: Pipe {
    /// Which rows it concerns; nil for all.
    var condition: Filter? { get set }
    /// The fields that it reads; nil: all.
    var sources: Set<String>? { get }
    /// The fields that each row has afterwards; nil where the rows tell.
    var targets: [String]? { get }
    /// Whether it replaces the targets in every row, whatever they were.
    var overwrites: Bool { get }
    /// Computes the values of `rows`, which are rows of `block`.
    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws
    /// When a field keeps its value.
    var rule: KeepRule { get }
}

extension TransformPipe {
    var rule: KeepRule { KeepRule() }

    var overwrites: Bool { condition == nil && rule == KeepRule() }

    var ordering: PipeOrdering { .rowwise }

    func outputFields(_ input: [String]?) -> [String]? {
        guard let input, let targets else { return nil }
        var seen = Set(input)
        return input + targets.filter { seen.insert($0).inserted }
    }

    func inputFields(_ output: Set<String>?) -> Set<String>? {
        guard let output, let sources else { return nil }
        var input = output
        if let targets, overwrites { input.subtract(targets) }
        return input.union(sources).union(condition?.fieldNames ?? [])
    }

    func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        var pipe = self
        pipe.condition = try condition.map(preparation.prepared)
        return pipe
    }

    func restricted(by filters: [Filter]) -> any Pipe {
        var pipe = self
        pipe.condition = condition?.restrictingSubqueries(by: filters)
        return pipe
    }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        TransformStage(self, next)
    }
}

private final class TransformStage: RowConsumer {
    private let pipe: any TransformPipe
    private let next: any RowConsumer

    init(_ pipe: any TransformPipe, _ next: any RowConsumer) {
        self.pipe = pipe
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let rows = try slice.rows(matching: pipe.condition)
        let results = FieldResults(slice, rule: pipe.rule)
        for name in pipe.targets ?? [] { _ = results.target(name) }
        if !rows.isEmpty { try pipe.transform(slice.block, rows: rows, into: results) }
        let block = OverlayBlock(slice.block, try results.columns())
        return try next.consume(RowSlice(block: block, rows: slice.rows))
    }

    func finish() throws { try next.finish() }
}

extension RowSlice {
    /// The rows that match; all where there is no filter.
    func rows(matching filter: Filter?) throws -> [Int] {
        guard let filter else { return rows }
        var candidates = Bitmap(count: block.rowCount)
        for row in rows { candidates[row] = true }
        let matching = try filter.evaluate(block, within: candidates)
        return rows.filter { matching[$0] }
    }
}
