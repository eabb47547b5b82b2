internal import LogBytes

extension OutputFormat {
    static let raw = OutputFormat(
        "raw", summary: "the very bytes of each line; rows that a pipe made, as JSON"
    ) { _, write in RawSink(write) }

    static let json = OutputFormat(
        "json", summary: "a JSON object a line, all values as strings"
    ) { _, write in JSONSink(write) }
}

private final class RawSink: RowConsumer {
    private var buffer: OutputBuffer

    init(_ write: @escaping OutputWriter) { buffer = OutputBuffer(write) }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        guard slice.block.rowsAreLines else {
            try JSONSink.append(slice, to: &buffer)
            return .proceed
        }
        for row in slice.rows {
            try slice.block.appendLine(row: row, into: &buffer.bytes)
            buffer.bytes.append(ASCII.newline)
            try buffer.flushIfFull()
        }
        return .proceed
    }

    func finish() throws { try buffer.flush() }
}

private final class JSONSink: RowConsumer {
    private var buffer: OutputBuffer

    init(_ write: @escaping OutputWriter) { buffer = OutputBuffer(write) }

    static func append(_ slice: RowSlice, to buffer: inout OutputBuffer) throws {
        let names = try slice.block.queryFieldNames()
        let columns = try names.map { try slice.block.queryColumn($0) }
        let keys = JSONRow.keys(names)
        for row in slice.rows {
            JSONRow.append(keys, columns, row: row, into: &buffer.bytes)
            buffer.bytes.append(ASCII.newline)
            try buffer.flushIfFull()
        }
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        try Self.append(slice, to: &buffer)
        return .proceed
    }

    func finish() throws { try buffer.flush() }
}
