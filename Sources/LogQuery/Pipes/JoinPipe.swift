internal import LogBytes

/// `| join by (f) (QUERY) inner prefix "x."`: each row with the fields of the rows of another query that have the same
/// values in some fields.
struct JoinPipe: Pipe {
    let fields: [String]
    let query: Query
    /// Whether rows without a counterpart go.
    let isInner: Bool
    let prefix: String
    /// The other query's rows, once it was answered.
    let table: JoinTable?

    var ordering: PipeOrdering { .rowwise }

    var description: String {
        "join by (\(fields.map(Quoting.word).joined(separator: ", "))) (\(query))"
            + (isInner ? " inner" : "")
            + (prefix.isEmpty ? "" : " prefix \(Quoting.quoted(prefix))")
    }

    func outputFields(_ input: [String]?) -> [String]? {
        guard let input, let other = query.outputFields else { return nil }
        return input
            + other.filter { !fields.contains($0) }.map { prefix + $0 }
            .filter { !input.contains($0) }
    }

    func inputFields(_ output: Set<String>?) -> Set<String>? { output.map { $0.union(fields) } }

    func prepared(_ preparation: QueryPreparation) throws -> any Pipe {
        let rows = try preparation.rows(of: query)
        return with(query, try JoinTable(rows, by: fields, prefix: prefix))
    }

    func restricted(by filters: [Filter]) -> any Pipe {
        with(query.restricted(by: filters), table)
    }

    private func with(_ query: Query, _ table: JoinTable?) -> JoinPipe {
        JoinPipe(fields: fields, query: query, isInner: isInner, prefix: prefix, table: table)
    }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        JoinStage(self, next)
    }
}

extension PipeSyntax {
    static let join = PipeSyntax(
        "join", synopsis: "join by (f) (QUERY) inner prefix \"x.\"",
        summary: "the fields of another query's rows that have the same values in some fields"
    ) { (parser) throws(QueryError) in
        _ = parser.accept("by", "on")
        guard parser.isNext("(") else {
            throw parser.fault("expected '(' after join by, found \(parser.found)")
        }
        let fields = try parser.fieldNames(context: "join by")
        let query = try parser.subquery("behind the fields of join")
        let isInner = parser.accept("inner")
        let prefix = parser.accept("prefix") ? try parser.text("a prefix") : ""
        return JoinPipe(
            fields: fields, query: query, isInner: isInner || parser.accept("inner"),
            prefix: prefix, table: nil)
    }
}

/// Rows by the values of the fields that they are joined by. Immutable.
final class JoinTable: @unchecked Sendable {
    /// The fields that rows bring along.
    let names: [String]
    private let keys = ByteTable()
    /// For each key the rows that have it; for each row its values.
    private var rows: [[[[UInt8]]]] = []

    init(_ source: PreparedRows, by fields: [String], prefix: String) throws {
        let keys = keys
        var names: [String] = []
        var numbers: [String: Int] = [:]
        for slice in try source.slices() {
            let keyColumns = try fields.map { try slice.block.queryColumn($0) }
            let known = try slice.block.queryFieldNames().filter { !fields.contains($0) }
            let columns = try known.map { try slice.block.queryColumn($0) }
            for name in known where numbers[name] == nil {
                numbers[name] = names.count
                names.append(name)
            }
            for row in slice.rows {
                var values = [[UInt8]](repeating: [], count: names.count)
                for (name, column) in zip(known, columns) {
                    guard let number = numbers[name] else { continue }
                    values[number] = column.withText(row: row) { Array($0) }
                }
                let key = Self.key(keyColumns, row: row)
                let (number, isNew) = key.withView { keys.insert($0) }
                if isNew { rows.append([]) }
                rows[number].append(values)
            }
        }
        self.names = names.map { prefix + $0 }
    }

    /// The rows that have the values of `columns` in `row`.
    func rows(_ columns: [Column], row: Int) -> [[[UInt8]]] {
        let number = Self.key(columns, row: row).withView { keys.find($0) }
        return number.map { rows[$0] } ?? []
    }

    private static func key(_ columns: [Column], row: Int) -> [UInt8] {
        var key = ByteWriter(capacity: 64)
        for column in columns { column.withText(row: row) { key.append(lengthPrefixed: $0) } }
        return Array(key.view)
    }
}

private final class JoinStage: RowConsumer {
    private let pipe: JoinPipe
    private let next: any RowConsumer

    init(_ pipe: JoinPipe, _ next: any RowConsumer) {
        self.pipe = pipe
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        guard let table = pipe.table else { return try next.consume(slice) }
        let columns = try pipe.fields.map { try slice.block.queryColumn($0) }
        var source: [UInt32] = []
        var partners: [[[UInt8]]] = []
        for row in slice.rows {
            let found = table.rows(columns, row: row)
            if found.isEmpty, !pipe.isInner {
                source.append(UInt32(row))
                partners.append([])
            }
            for partner in found {
                source.append(UInt32(row))
                partners.append(partner)
            }
        }
        if source.isEmpty { return .proceed }
        let block = SelectedBlock(slice.block, rows: source)
        let rows = Array(0..<source.count)
        let results = FieldResults(RowSlice(block: block, rows: rows))
        let targets = table.names.map { results.target($0) }
        for (row, partner) in partners.enumerated() {
            for (target, value) in zip(targets, partner) where !value.isEmpty {
                value.withView { results.set($0, in: target, row: row) }
            }
        }
        return try next.consume(
            RowSlice(block: OverlayBlock(block, try results.columns()), rows: rows))
    }

    func finish() throws { try next.finish() }
}
