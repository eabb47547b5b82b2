internal import LogBytes
internal import LogRecords

/// A block whose wanted lines are written already, by the thread that scanned it: whoever puts the rows of several blocks in
/// order only copies them.
final class WrittenLines: ColumnBlock {
    private let base: any ColumnBlock
    private let lines: ByteWriter
    /// Where each of the wanted lines ends in `lines`.
    private let ends: Vector<Int>
    /// For each row of the block how many wanted ones stand before it.
    private let places: RowRanks

    /// Writes the lines of `rows` of `base`.
    init(_ base: any ColumnBlock, rows: Bitmap) throws {
        self.base = base
        places = RowRanks(rows)
        var lines = ByteWriter(capacity: 1 << 16)
        var ends = Vector<Int>(capacity: places.count + 1)
        try base.appendLines(rows, into: &lines, ends: &ends)
        self.lines = lines
        self.ends = ends
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
        let place = places.rank(of: row)
        let start = place == 0 ? 0 : ends[place - 1]
        out.append(lines.view.slice(start..<ends[place]))
    }
}

/// For each row of a set how many of the set stand before it.
private struct RowRanks {
    private let rows: Bitmap
    /// For each word of 64 rows those before it.
    private let before: [UInt32]
    /// The rows of the set.
    let count: Int

    init(_ rows: Bitmap) {
        self.rows = rows
        var count = 0
        before = (0..<rows.wordCount).map { word in
            defer { count += rows.word(word).nonzeroBitCount }
            return UInt32(truncatingIfNeeded: count)
        }
        self.count = count
    }

    func rank(of row: Int) -> Int {
        let earlier = rows.word(row >> 6) & ((1 << UInt64(row & 63)) &- 1)
        return Int(before[row >> 6]) + earlier.nonzeroBitCount
    }
}
