import LogBytes
import LogQuery
import LogRecords
import TestSupport

/// Lines in memory of their own, scanned.
final class Lines {
    let chunk: ByteChunk
    let batch: RecordBatch

    init(_ lines: [String], arrivalTime: Int64) {
        chunk = ByteChunk(holding: lines.joined(separator: "\n") + "\n")
        batch = RecordBatch()
        batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: arrivalTime)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
    }

    struct NoRows: Error {}

    func block(className: String = "production") throws -> BatchBlock {
        let rows = Array(0..<batch.records.count)
        guard
            let block = BatchBlock(
                batch: batch, rows: rows, sequences: rows.map(UInt64.init), className: className)
        else { throw NoRows() }
        return block
    }
}
