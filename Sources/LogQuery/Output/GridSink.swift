internal import LogBytes

/// Writes a grid: a header and rows of as many cells.
protocol GridWriter: AnyObject {
    /// The header; `sample` are the first rows, which will be written next.
    func begin(_ names: [String], sample: [[String]], into out: inout ByteWriter)
    /// One row.
    func append(_ cells: [String], into out: inout ByteWriter)
}

/// Decides on the columns from the query or from the first rows, then writes every row with these.
///
/// A row that has a field which none of the first rows had gets it written into the last column, `…`, as JSON: nothing is
/// left out in silence.
final class GridSink: RowConsumer {
    /// Rows that are looked at before the columns are fixed.
    private static let sampleMax = 1_000

    private let writer: any GridWriter
    private var names: [String]
    private var isFixed: Bool
    private var hasBegun = false
    private var hasRest = false
    private var sample: [(cells: [String], rest: [String: String])] = []
    private var buffer: OutputBuffer
    private let isLive: Bool

    init(_ writer: any GridWriter, _ options: OutputOptions, _ write: @escaping OutputWriter) {
        self.writer = writer
        names = options.fields ?? []
        isFixed = options.fields != nil
        isLive = options.isLive
        buffer = OutputBuffer(write)
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let blockNames = try slice.block.queryFieldNames()
        let columns = try blockNames.map { try slice.block.queryColumn($0) }
        for row in slice.rows {
            var values: [String: String] = [:]
            for (name, column) in zip(blockNames, columns) {
                column.withText(row: row) { if !$0.isEmpty { values[name] = $0.text } }
            }
            if hasBegun {
                write(values)
                try buffer.flushIfFull()
            } else {
                if !isFixed {
                    for name in blockNames where values[name] != nil && !names.contains(name) {
                        names.append(name)
                    }
                }
                sample.append(([], values))
                if sample.count >= Self.sampleMax { begin() }
            }
        }
        if isLive {
            if !hasBegun { begin() }
            try buffer.flush()
        }
        return .proceed
    }

    private func begin() {
        hasBegun = true
        hasRest = !isFixed
        // The column for what comes later is only written where columns were guessed and rows may still come.
        if sample.count < Self.sampleMax, !isLive { hasRest = false }
        let rows = sample.map(\.rest)
        sample = []
        let cells = rows.map { row in names.map { row[$0] ?? "" } }
        writer.begin(hasRest ? names + ["…"] : names, sample: cells, into: &buffer.bytes)
        for row in rows { write(row) }
    }

    private func write(_ values: [String: String]) {
        var cells = names.map { values[$0] ?? "" }
        if hasRest {
            let rest = values.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
            var json = ByteWriter(capacity: 64)
            for (name, value) in rest {
                json.append(json.isEmpty ? ASCII.openBrace : ASCII.comma)
                name.withView { JSONRow.quote($0, into: &json) }
                json.append(ASCII.colon)
                value.withView { JSONRow.quote($0, into: &json) }
            }
            if !rest.isEmpty { json.append(ASCII.closeBrace) }
            cells.append(json.view.text)
        }
        writer.append(cells, into: &buffer.bytes)
    }

    func finish() throws {
        if !hasBegun, isFixed || !sample.isEmpty { begin() }
        try buffer.flush()
    }
}
