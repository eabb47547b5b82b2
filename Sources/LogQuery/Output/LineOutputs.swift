internal import LogBytes
internal import LogRecords

extension OutputFormat {
    static let raw = OutputFormat(
        "raw", summary: "the very bytes of each line; rows that a pipe made, as JSON"
    ) { options, write in LineSink(options, isRaw: true, write) }

    static let json = OutputFormat(
        "json", summary: "a JSON object a line, all values as strings"
    ) { options, write in LineSink(options, isRaw: false, write) }
}

/// An output that can show where one group of lines that belong together ends and another begins.
protocol GroupedOutput: AnyObject {
    /// Writes what stands between two groups.
    func separate() throws
}

/// Writes a line for each row: its very bytes, or an object of JSON.
private final class LineSink: RowConsumer, GroupedOutput {
    private let isRaw: Bool
    private let isLive: Bool
    private let painter: LinePainter
    private var buffer: OutputBuffer
    private var scratch = ByteWriter(capacity: 1 << 12)

    init(_ options: OutputOptions, isRaw: Bool, _ write: @escaping OutputWriter) {
        self.isRaw = isRaw
        isLive = options.isLive
        painter = LinePainter(options.style)
        buffer = OutputBuffer(write)
    }

    var wantsLines: Bool { isRaw && !painter.wantsLevel }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let levels = painter.wantsLevel ? try slice.block.queryColumn("level") : nil
        if isRaw, slice.block.rowsAreLines {
            for row in slice.rows {
                try append(row, levels) { try slice.block.appendLine(row: row, into: &$0) }
            }
        } else {
            let names = try slice.block.queryFieldNames()
            let columns = try names.map { try slice.block.queryColumn($0) }
            let keys = JSONRow.keys(names)
            for row in slice.rows {
                try append(row, levels) { JSONRow.append(keys, columns, row: row, into: &$0) }
            }
        }
        if isLive { try buffer.flush() }
        return .proceed
    }

    private func append(
        _ row: Int, _ levels: Column?, _ line: (inout ByteWriter) throws -> Void
    ) throws {
        if painter.isPlain {
            try line(&buffer.bytes)
        } else {
            scratch.removeAll()
            try line(&scratch)
            let level = levels?.withText(row: row) { LogLevel(text: $0) } ?? .unknown
            painter.append(scratch.view, level: level, into: &buffer.bytes)
        }
        buffer.bytes.append(ASCII.newline)
        try buffer.flushIfFull()
    }

    func separate() throws {
        // A reader of JSON takes objects only.
        if isRaw { buffer.bytes.append(ByteView("--\n")) }
    }

    func finish() throws { try buffer.flush() }
}
