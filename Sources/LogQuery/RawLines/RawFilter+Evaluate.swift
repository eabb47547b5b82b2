internal import LogBytes

extension RawFilter {
    /// The rows of `candidates` whose lines pass.
    func evaluate(_ block: any ColumnBlock, within candidates: Bitmap) throws -> Bitmap {
        if candidates.isEmpty { return candidates }
        // What is damaged shows before a row has gone on.
        try block.load(nil, rows: candidates)
        var line = ByteWriter(capacity: 1 << 12)
        return try candidates.filter { row in
            line.removeAll()
            try block.appendLine(row: row, into: &line)
            return matches(line.view)
        }
    }
}
