internal import LogBytes
internal import LogQuery

/// The rows of a segment that a filter matches: one bit a row; of the columns one block at a time is in memory.
struct SegmentMatches {
    private let reader: SegmentReader
    /// For each block its matching rows.
    private var blocks: [Bitmap] = []
    /// The number of matching rows.
    private(set) var count = 0

    /// Asks `filter` of each block of `reader`. Throws a `ScanFault` where a column that it needs is damaged.
    init(_ filter: Filter, in reader: SegmentReader) throws {
        self.reader = reader
        let range = filter.timeRange
        for entry in reader.footer.blocks {
            guard range.overlaps(first: entry.firstTime, last: entry.lastTime) else {
                blocks.append(Bitmap(count: entry.rows))
                continue
            }
            let block = SegmentBlock(reader: reader, entry: entry)
            // The filter may do without, but an erasure cannot: a count says what one would find damaged.
            _ = try block.layout()
            let matching = try filter.evaluate(block)
            count += matching.population
            blocks.append(matching)
        }
    }

    /// Whether no row is left.
    var areAll: Bool { count == reader.footer.rows }

    /// The rows that stay, and what has to stay with them.
    func kept() throws -> KeptRows {
        var shapes = [Bool](repeating: false, count: reader.footer.shapes.count)
        var kept: [Bitmap] = []
        for (matching, entry) in zip(blocks, reader.footer.blocks) {
            var rows = matching
            rows.invert()
            if !rows.isEmpty {
                let shapesOfRows = try reader.layout(of: entry).shapes()
                rows.visit { shapes[Int(shapesOfRows[$0])] = true }
            }
            kept.append(rows)
        }
        return KeptRows(blocks: kept, shapes: shapes)
    }
}
