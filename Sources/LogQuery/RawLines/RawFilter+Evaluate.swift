internal import LogBytes

extension RawFilter {
    /// The rows of `candidates` whose lines pass.
    func evaluate(_ block: any ColumnBlock, within candidates: Bitmap) throws -> Bitmap {
        if candidates.isEmpty { return candidates }
        // What is damaged shows before a row has gone on.
        try block.load(nil)
        var rows = Bitmap(count: candidates.count)
        var line = ByteWriter(capacity: 1 << 12)
        try candidates.visit { row in
            line.removeAll()
            try block.appendLine(row: row, into: &line)
            if matches(line.view) { rows[row] = true }
        }
        return rows
    }
}
