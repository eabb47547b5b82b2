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
        var found = Bitmap(count: rows.count)
        var batch = Bitmap(count: rows.count)
        var numbers = Vector<Int>(capacity: Self.batchMax)
        var lines = ByteWriter(capacity: 1 << 12)
        var ends = Vector<Int>(capacity: Self.batchMax)
        func look() throws {
            lines.removeAll()
            ends.removeAll()
            try block.appendLines(batch, into: &lines, ends: &ends)
            var start = 0
            for index in 0..<numbers.count {
                found[numbers[index]] = matches(lines.view.slice(start..<ends[index]))
                batch[numbers[index]] = false
                start = ends[index]
            }
            numbers.removeAll()
        }
        try rows.visit { row in
            batch[row] = true
            numbers.append(row)
            if numbers.count == Self.batchMax { try look() }
        }
        try look()
        return found
    }

    /// This share of a block's lines are few.
    private static let fewShare = 16

    /// So many lines are written before they are looked at: about what a second-level cache holds.
    private static let batchMax = 512

    /// The rows of `candidates` whose lines hold what a match needs.
    private func possibleRows(
        _ block: any ColumnBlock, within candidates: Bitmap
    ) throws -> Bitmap {
        if requiredLiterals.isEmpty { return candidates }
        var possible = Bitmap(count: candidates.count)
        for way in requiredLiterals {
            var rows = candidates
            // Long texts are rare ones.
            for literal in way.sorted(by: { $0.count > $1.count }) {
                rows = try block.rows(containing: literal, within: rows) ?? rows
                // So few lines are looked at sooner than all columns are asked for another text.
                if rows.population < candidates.count / Self.fewShare { break }
            }
            possible.formUnion(rows)
        }
        return possible
    }
}
