internal import LogBytes

extension OutputFormat {
    static let table = OutputFormat(
        "table", summary: "aligned columns for a terminal; control characters are shown escaped"
    ) { options, write in GridSink(TableWriter(width: options.width), options, write) }

    static let csv = OutputFormat(
        "csv", summary: "comma-separated values with a header (RFC 4180)"
    ) { options, write in GridSink(CSVWriter(), options, write) }
}

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
private final class GridSink: RowConsumer {
    /// Rows that are looked at before the columns are fixed.
    private static let sampleMax = 1_000

    private let writer: any GridWriter
    private var names: [String]
    private var isFixed: Bool
    private var hasBegun = false
    private var hasRest = false
    private var sample: [(cells: [String], rest: [String: String])] = []
    private var buffer: OutputBuffer

    init(_ writer: any GridWriter, _ options: OutputOptions, _ write: @escaping OutputWriter) {
        self.writer = writer
        names = options.fields ?? []
        isFixed = options.fields != nil
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
        return .proceed
    }

    private func begin() {
        hasBegun = true
        hasRest = !isFixed
        // The column for what comes later is only written where columns were guessed and rows may still come.
        if sample.count < Self.sampleMax { hasRest = false }
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

private final class CSVWriter: GridWriter {
    func begin(_ names: [String], sample: [[String]], into out: inout ByteWriter) {
        append(names, into: &out)
    }

    func append(_ cells: [String], into out: inout ByteWriter) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { out.append(ASCII.comma) }
            let isQuoted = cell.utf8.contains { byte in
                byte == ASCII.comma || byte == ASCII.quote || byte == ASCII.newline
                    || byte == ASCII.carriageReturn
            }
            guard isQuoted else {
                out.append(cell)
                continue
            }
            out.append(ASCII.quote)
            for byte in cell.utf8 {
                if byte == ASCII.quote { out.append(ASCII.quote) }
                out.append(byte)
            }
            out.append(ASCII.quote)
        }
        out.append(ByteView("\r\n"))
    }
}

/// Columns as wide as the widest cell of the first rows, at most `columnMax`; longer cells are cut.
private final class TableWriter: GridWriter {
    /// The widest column but the last: messages and identifiers stay readable beside each other.
    private static let columnMax = 60

    private let width: Int?
    private var widths: [Int] = []

    init(width: Int?) { self.width = width }

    func begin(_ names: [String], sample: [[String]], into out: inout ByteWriter) {
        let header = names.map(TerminalText.escaped)
        widths = header.map(TerminalText.width)
        for row in sample {
            for (index, cell) in row.enumerated() {
                widths[index] = max(
                    widths[index],
                    min(TerminalText.width(TerminalText.escaped(cell)), Self.columnMax))
            }
        }
        write(header, into: &out)
        write(widths.map { String(repeating: "-", count: $0) }, into: &out)
    }

    func append(_ cells: [String], into out: inout ByteWriter) {
        write(cells.map(TerminalText.escaped), into: &out)
    }

    private func write(_ cells: [String], into out: inout ByteWriter) {
        var line = ""
        var left = width ?? .max
        for (index, cell) in cells.enumerated() where left > 0 {
            let isLast = index == cells.count - 1
            let room = min(isLast && width == nil ? .max : isLast ? left : widths[index], left)
            let shown = TerminalText.cut(cell, to: room)
            line += shown
            left -= TerminalText.width(shown)
            if isLast || left <= 0 { break }
            let padding = min(max(widths[index] - TerminalText.width(shown), 0) + 2, left)
            line += String(repeating: " ", count: padding)
            left -= padding
        }
        while line.last == " " { line.removeLast() }
        out.append(line)
        out.append(ASCII.newline)
    }
}
