internal import LogBytes

extension RawFilter {
    /// The rows of `candidates` whose lines pass.
    func evaluate(_ block: any ColumnBlock, within candidates: Bitmap) throws -> Bitmap {
        if candidates.isEmpty { return candidates }
        if let plainText, let found = try block.rows(containing: plainText, within: candidates) {
            if !options.isInverted { return found }
            var rest = candidates
            rest.subtract(found)
            return rest
        }
        let rows = try possibleRows(block, within: candidates)
        if rows.isEmpty { return rows }
        // What is damaged shows before a row has gone on.
        try block.load(nil, rows: rows)
        var line = ByteWriter(capacity: 1 << 12)
        return try rows.filter { row in
            line.removeAll()
            try block.appendLine(row: row, into: &line)
            return matches(line.view)
        }
    }

    /// The rows of `candidates` whose lines hold what a match needs.
    private func possibleRows(
        _ block: any ColumnBlock, within candidates: Bitmap
    ) throws -> Bitmap {
        if requiredLiterals.isEmpty { return candidates }
        var possible = Bitmap(count: candidates.count)
        for way in requiredLiterals {
            var rows = candidates
            // Long texts are rare ones.
            for literal in way.sorted(by: { $0.count > $1.count }) where !rows.isEmpty {
                rows = try block.rows(containing: literal, within: rows) ?? rows
            }
            possible.formUnion(rows)
        }
        return possible
    }
}
