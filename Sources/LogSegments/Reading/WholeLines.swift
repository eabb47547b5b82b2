internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The lines of a block that are stored whole, scanned; in row order.
final class WholeLines {
    let block: BatchBlock?
    /// The fields that the lines were scanned for. Others are found, too, at more cost.
    let names: Set<String>

    init(_ lines: Column, formats: [LineFormat], className: String, names: Set<String>) {
        self.names = names
        var size = 0
        for row in 0..<lines.rowCount { lines.withText(row: row) { size += $0.count + 1 } }
        let chunk = ByteChunk(capacity: size, spareBytes: size)
        let batch = RecordBatch()
        batch.learnsShapes = false
        for name in names.sorted() { _ = batch.register(name) }
        batch.reset(over: chunk, arrivalTime: 0)
        // Where the lines begin that are plain JSON and can be scanned in one go.
        var start = 0
        func scanPlain() {
            batch.format = .json
            batch.appendLines(
                ByteView(chunk.base + start, chunk.count - start), readable: chunk.readableEnd)
            start = chunk.count
        }
        for row in 0..<lines.rowCount {
            lines.withText(row: row) { line in
                let isPlain =
                    formats[row] == .json && !line.isEmpty
                    && line.firstIndex(of: ASCII.newline) == nil
                if !isPlain { scanPlain() }
                let lineStart = chunk.count
                chunk.append(line)
                chunk.append(ByteView("\n"))
                if isPlain { return }
                batch.append(
                    line: ByteView(chunk.base + lineStart, line.count),
                    readable: chunk.readableEnd, as: formats[row])
                start = chunk.count
            }
        }
        scanPlain()
        block = BatchBlock(
            batch: batch, rows: Array(0..<lines.rowCount), sequences: [],
            className: className)
    }

    func column(_ name: String) -> Column {
        block?.column(name) ?? .constant([], rowCount: 0)
    }
}
