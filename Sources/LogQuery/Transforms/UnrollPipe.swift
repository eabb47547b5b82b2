internal import LogBytes
internal import LogRecords

/// `| unroll by (f, g)`: a row for each element of the JSON arrays in the fields; several arrays are walked side by side.
struct UnrollPipe: Pipe {
    var condition: Filter?
    let fields: [String]

    var ordering: PipeOrdering { .rowwise }

    var description: String {
        "unroll \(Filter.conditionText(condition))by (\(fields.map(Quoting.word).joined(separator: ", ")))"
    }

    func outputFields(_ input: [String]?) -> [String]? {
        input.map { input in input + fields.filter { !input.contains($0) } }
    }

    func inputFields(_ output: Set<String>?) -> Set<String>? {
        output.map { $0.union(fields).union(condition?.fieldNames ?? []) }
    }

    func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        UnrollPipe(condition: try condition.map(preparation.prepared), fields: fields)
    }

    func restricted(by filters: [Filter]) -> any Pipe {
        UnrollPipe(condition: condition?.restrictingSubqueries(by: filters), fields: fields)
    }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        UnrollStage(self, next)
    }
}

extension PipeSyntax {
    static let unroll = PipeSyntax(
        "unroll", synopsis: "unroll by (f, g)", summary: "a row for each element of JSON arrays"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        _ = parser.accept("by")
        return UnrollPipe(
            condition: condition, fields: try parser.fieldNames(context: "unroll"))
    }
}

private final class UnrollStage: RowConsumer {
    private let pipe: UnrollPipe
    private let next: any RowConsumer

    init(_ pipe: UnrollPipe, _ next: any RowConsumer) {
        self.pipe = pipe
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let concerned = Set(try slice.rows(matching: pipe.condition))
        let columns = try pipe.fields.map { try slice.block.queryColumn($0) }
        var source: [UInt32] = []
        // For each field and row its value; nil keeps the one that it has.
        var values: [[[UInt8]?]] = Array(repeating: [], count: columns.count)
        for row in slice.rows {
            guard concerned.contains(row) else {
                source.append(UInt32(row))
                for index in columns.indices { values[index].append(nil) }
                continue
            }
            let lists = columns.map { column in
                column.withText(row: row) { JSONParts.elements($0) } ?? []
            }
            // A row without an array stays, with nothing in the field.
            for place in 0..<max(1, lists.map(\.count).max() ?? 0) {
                source.append(UInt32(row))
                for (index, list) in lists.enumerated() {
                    values[index].append(place < list.count ? list[place] : [])
                }
            }
        }
        let block = SelectedBlock(slice.block, rows: source)
        let results = FieldResults(RowSlice(block: block, rows: Array(0..<source.count)))
        for (name, list) in zip(pipe.fields, values) {
            let target = results.target(name)
            for (row, value) in list.enumerated() {
                guard let value else { continue }
                value.withView { results.set($0, in: target, row: row) }
            }
        }
        return try next.consume(
            RowSlice(
                block: OverlayBlock(block, try results.columns()), rows: Array(0..<source.count)))
    }

    func finish() throws { try next.finish() }
}

/// Rows of a block, in any order and number.
final class SelectedBlock: NamedColumns {
    private let base: any ColumnBlock
    private let rows: [UInt32]
    /// Whether the rows are given as the lines that they are.
    let hasLines: Bool

    init(_ base: any ColumnBlock, rows: [UInt32], hasLines: Bool = false) {
        self.base = base
        self.rows = rows
        self.hasLines = hasLines
    }

    var rowCount: Int { rows.count }
    var timeBounds: (first: Int64, last: Int64) { base.timeBounds }
    var className: String { base.className }

    func times() throws -> [Int64] {
        let times = try base.times()
        return rows.map { times[Int($0)] }
    }

    func sequences() throws -> [UInt64] {
        let sequences = try base.sequences()
        return rows.map { sequences[Int($0)] }
    }

    func lineFormat(row: Int) throws -> LineFormat { try base.lineFormat(row: Int(rows[row])) }
    func fieldNames() throws -> [String] { try base.queryFieldNames() }
    func column(_ name: String) throws -> Column { try base.queryColumn(name).selecting(rows) }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        if hasLines { return try base.appendLine(row: Int(rows[row]), into: &out) }
        try JSONRow.append(self, row: row, into: &out)
    }
}
