internal import LogBytes
internal import LogRecords

/// Rows that a pipe made: named columns, no lines.
final class DerivedBlock: NamedColumns {
    private let names: [String]
    private let columns: [String: Column]
    let rowCount: Int

    /// The columns `columns`, each of `rowCount` rows, by name and in order.
    init(columns: [(name: String, column: Column)], rowCount: Int) {
        self.names = columns.map(\.name)
        self.columns = Dictionary(
            columns.map { ($0.name, $0.column) }, uniquingKeysWith: { _, last in last })
        self.rowCount = rowCount
    }

    var hasLines: Bool { false }
    let className = ""

    /// All of time: the rows' `_time`, if they have one, is a column like the others.
    var timeBounds: (first: Int64, last: Int64) { (.min, .max) }

    func times() throws -> [Int64] {
        guard let column = columns["_time"] else { return Array(repeating: .min, count: rowCount) }
        return (0..<rowCount).map { row in
            column.withText(row: row) { Timestamp.parse($0) } ?? .min
        }
    }

    func sequences() throws -> [UInt64] { (0..<rowCount).map(UInt64.init) }

    func column(_ name: String) throws -> Column {
        columns[name] ?? .constant([], rowCount: rowCount)
    }

    func fieldNames() throws -> [String] { names }

    func lineFormat(row: Int) -> LineFormat { .json }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        try JSONRow.append(self, row: row, into: &out)
    }
}

/// Builds a column from values in row order.
struct ColumnBuilder: ~Copyable {
    private var bytes = ByteWriter(capacity: 1 << 10)
    private var ends: [Int] = []

    /// Adds a row with the value `text`.
    mutating func append(_ text: ByteView) {
        bytes.append(text)
        ends.append(bytes.count)
    }

    /// Adds a row whose value `body` writes.
    mutating func append(_ body: (inout ByteWriter) -> Void) {
        body(&bytes)
        ends.append(bytes.count)
    }

    /// The column.
    func column() -> Column {
        bytes.isEmpty
            ? .constant([], rowCount: ends.count) : .plain(bytes: Array(bytes.view), ends: ends)
    }
}
