internal import LogBytes

extension OutputFormat {
    static let csv = OutputFormat(
        "csv", summary: "comma-separated values with a header (RFC 4180)"
    ) { options, write in GridSink(CSVWriter(), options, write) }
}

/// Cells between commas; those with commas, quotes or breaks of lines in quotes.
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
