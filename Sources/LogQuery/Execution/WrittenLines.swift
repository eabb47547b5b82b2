internal import LogBytes
internal import LogRecords

/// A block whose wanted lines are written already, by the thread that scanned it: whoever puts the rows of several blocks in
/// order only copies them.
final class WrittenLines: ColumnBlock {
    private let base: any ColumnBlock
    private let bytes: [UInt8]
    /// For each row of the block where its line ends in `bytes`; of rows that are not wanted, where the line before does.
    private let ends: [Int]

    /// Writes the lines of `rows` of `base`.
    init(_ base: any ColumnBlock, rows: Bitmap) throws {
        var out = ByteWriter(capacity: 1 << 16)
        var ends = [Int](repeating: 0, count: base.rowCount)
        var filled = 0
        try rows.visit { row in
            while filled < row {
                ends[filled] = out.count
                filled += 1
            }
            try base.appendLine(row: row, into: &out)
            ends[row] = out.count
            filled = row + 1
        }
        self.base = base
        self.ends = ends
        bytes = Array(out.view)
    }

    var rowCount: Int { base.rowCount }
    var timeBounds: (first: Int64, last: Int64) { base.timeBounds }
    var className: String { base.className }
    var origin: BlockOrigin { base.origin }
    func times() throws -> [Int64] { try base.times() }
    func sequences() throws -> [UInt64] { try base.sequences() }
    func column(_ name: String) throws -> Column { try base.column(name) }
    func fieldNames() throws -> [String] { try base.fieldNames() }
    func lineFormat(row: Int) throws -> LineFormat { try base.lineFormat(row: row) }

    func appendLine(row: Int, into out: inout ByteWriter) {
        bytes.withView { out.append($0.slice((row == 0 ? 0 : ends[row - 1])..<ends[row])) }
    }
}
