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
        append(keys(names), try names.map { try block.queryColumn($0) }, row: row, into: &out)
    }

    /// The names as they stand before the values: quoted, with a colon.
    static func keys(_ names: [String]) -> [[UInt8]] {
        names.map { name in
            var out = ByteWriter(capacity: 32)
            name.withView { JSONText.quote($0, into: &out) }
            out.append(ASCII.colon)
            return Array(out.view)
        }
    }

    /// Appends row `row` of `columns`, whose names are `keys`.
    static func append(
        _ keys: [[UInt8]], _ columns: [Column], row: Int, into out: inout ByteWriter
    ) {
        out.append(ASCII.openBrace)
        var isFirst = true
        for index in columns.indices {
            columns[index].withText(row: row) { text in
                if text.isEmpty { return }
                if !isFirst { out.append(ASCII.comma) }
                isFirst = false
                keys[index].withView { out.append($0) }
                JSONText.quote(text, into: &out)
            }
        }
        out.append(ASCII.closeBrace)
    }
}
