internal import LogJSON
internal import LogSegments

/// Columns in figures.
struct ColumnStatisticsText {
    private let rows: [ColumnStatistics]
    private let storedBytes: Int

    init(_ rows: [ColumnStatistics]) {
        self.rows = rows
        storedBytes = rows.reduce(0) { $0 + $1.storedBytes }
    }

    var table: String {
        var table = TextTable([
            .text("column"), .text("kind"), .number("values"), .number("encoded"),
            .number("stored"), .number("share"), .text("codecs"),
        ])
        for row in rows {
            let name = Self.name(row.part)
            table.add([
                name.column, name.kind, Figure.count(row.values), Figure.bytes(row.encodedBytes),
                Figure.bytes(row.storedBytes), share(row), Self.codecs(row),
            ])
        }
        table.add([
            "(all)", "", "", Figure.bytes(rows.reduce(0) { $0 + $1.encodedBytes }),
            Figure.bytes(storedBytes), "", "",
        ])
        return table.lines(indent: 0).map { $0 + "\n" }.joined()
    }

    var json: String {
        rows.map { row in
            let name = Self.name(row.part)
            var object = JSONObjectWriter()
            object.add(row.part.isColumn ? "column" : "part", name.column)
            if !name.kind.isEmpty { object.add("kind", name.kind) }
            object.add("values", row.values)
            object.add("encoded_bytes", row.encodedBytes)
            object.add("stored_bytes", row.storedBytes)
            object.add("codecs", row.codecs)
            return object.line
        }.joined()
    }

    /// The name and the kind of a row. What is no path stands in brackets.
    private static func name(_ part: ColumnStatistics.Part) -> (column: String, kind: String) {
        switch part {
        case .column(let path, let kind): (path, kind)
        case .wholeLines: ("(whole lines)", "text")
        case .furtherColumns: ("(further columns)", "")
        case .shapes: ("(shapes)", "")
        case .times: ("(times)", "")
        case .sequences: ("(sequence numbers)", "")
        case .footers: ("(footers)", "")
        case .ends: ("(headers and trailers)", "")
        }
    }

    private func share(_ row: ColumnStatistics) -> String {
        Figure.percent(Double(row.storedBytes) / Double(max(storedBytes, 1)))
    }

    /// The codecs with their chunks, the commonest first: `dictionary 12, plain+lz4 3`.
    private static func codecs(_ row: ColumnStatistics) -> String {
        row.codecs.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
