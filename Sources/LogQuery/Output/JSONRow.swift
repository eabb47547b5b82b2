internal import LogBytes
internal import LogJSON

/// A row as a JSON object whose values are all strings.
enum JSONRow {
    /// Appends `text` as a JSON string.
    static func quote(_ text: ByteView, into out: inout ByteWriter) {
        JSONText.quote(text, into: &out)
    }

    /// Appends row `row` of `block`; fields with the empty text are left out.
    static func append(
        _ block: any ColumnBlock, row: Int, into out: inout ByteWriter
    ) throws {
        let names = try block.queryFieldNames()
        append(names, try names.map { try block.queryColumn($0) }, row: row, into: &out)
    }

    /// Appends row `row` of `columns`, which are called `names`.
    static func append(
        _ names: [String], _ columns: [Column], row: Int, into out: inout ByteWriter
    ) {
        out.append(ASCII.openBrace)
        var isFirst = true
        for (name, column) in zip(names, columns) {
            column.withText(row: row) { text in
                if text.isEmpty { return }
                if !isFirst { out.append(ASCII.comma) }
                isFirst = false
                name.withView { JSONText.quote($0, into: &out) }
                out.append(ASCII.colon)
                JSONText.quote(text, into: &out)
            }
        }
        out.append(ASCII.closeBrace)
    }
}
