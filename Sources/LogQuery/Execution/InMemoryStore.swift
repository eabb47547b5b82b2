public import LogBytes
public import LogRecords

/// Records in memory: small stores, and the oracle of tests. One thread uses it.
public final class InMemoryStore: LogStore {
    /// A buffer and the batch over it; the batch relies on the buffer.
    private struct Part {
        let chunk: ByteChunk
        let block: BatchBlock
    }

    private var parts: [Part] = []
    private var nextSequence: UInt64 = 0

    /// A store without records.
    public init() {}

    /// Adds lines, which end in newlines, as one block of each class.
    ///
    /// - Parameters:
    ///   - arrivalTime: the time of lines without one, nanoseconds since the epoch.
    ///   - className: the class of a record.
    public func append(
        _ lines: ByteView, arrivalTime: Int64,
        className: (Record, RecordBatch) -> String = { _, _ in "production" }
    ) {
        let chunk = ByteChunk(capacity: lines.count, spareBytes: lines.count)
        chunk.append(lines)
        let batch = RecordBatch()
        batch.reset(over: chunk, arrivalTime: arrivalTime)
        batch.appendLines(chunk.view, readable: chunk.readableEnd)
        var classes: [String: [Int]] = [:]
        for row in 0..<batch.records.count {
            classes[className(batch.records[row], batch), default: []].append(row)
        }
        let first = nextSequence
        nextSequence += UInt64(batch.records.count)
        for (name, rows) in classes.sorted(by: { $0.key < $1.key }) {
            let block = BatchBlock(
                batch: batch, rows: rows, sequences: rows.map { first + UInt64($0) },
                className: name)
            if let block { parts.append(Part(chunk: chunk, block: block)) }
        }
    }

    /// The blocks that have a row in the request's range. There are no faults.
    public func parts(_ request: ScanRequest) -> ScanParts {
        var blocks = parts.map(\.block).filter {
            request.timeRange.overlaps(first: $0.timeBounds.first, last: $0.timeBounds.last)
        }
        switch request.order {
        case .oldestFirst: blocks.sort { $0.timeBounds.first < $1.timeBounds.first }
        case .newestFirst: blocks.sort { $0.timeBounds.last > $1.timeBounds.last }
        }
        return ScanParts(parts: blocks.map(BlockPart.init))
    }
}

/// A block that is in memory already.
private struct BlockPart: ScanPart, @unchecked Sendable {
    let block: BatchBlock

    var timeBounds: (first: Int64, last: Int64) { block.timeBounds }
    var rowCount: Int { block.rowCount }
    var storedBytes: Int { 0 }
    var isJournal: Bool { false }
    var isThreadBound: Bool { true }
    func blocks() -> [any ColumnBlock] { [block] }
}
