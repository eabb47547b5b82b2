internal import LogBytes
internal import LogRecords

/// Lines of partitions that have no builder of their own, held as they are until they are sealed.
///
/// A builder costs tens of kilobytes before its first line. Lines spread over years of days would open thousands, and be sealed
/// as thousands of tiny segments every few megabytes; here a line costs its bytes and 40 more.
final class StrayLines {
    private struct Entry: BitwiseCopyable {
        let partition: Int32
        let chunk: Int32
        let offset: Int32
        let length: Int32
        let sequence: UInt64
        let arrival: Int64
        let format: LineFormat
    }

    private var chunks: [ByteChunk] = []
    private var entries = Vector<Entry>(capacity: 64)
    private var keys: [PartitionKey] = []
    private var numbers: [PartitionKey: Int32] = [:]
    private var chunkBytes = 0

    private static let chunkSize = 1 << 20

    var isEmpty: Bool { keys.isEmpty }

    /// The memory held.
    var memoryBytes: Int { chunkBytes + entries.count * MemoryLayout<Entry>.stride }

    /// Whether lines of this partition are here.
    func contains(_ key: PartitionKey) -> Bool { numbers[key] != nil }

    /// Copies a line of `batch`.
    func append(_ record: Record, of batch: RecordBatch, _ key: PartitionKey, sequence: UInt64) {
        let line = batch.line(record)
        if chunks.last.map({ $0.capacity - $0.count < line.count }) ?? true {
            let size = max(Self.chunkSize, line.count)
            chunks.append(ByteChunk(capacity: size, spareBytes: 0))
            chunkBytes += size
        }
        let number = number(of: key)
        let chunk = chunks[chunks.count - 1]
        entries.append(
            Entry(
                partition: number, chunk: Int32(chunks.count - 1), offset: Int32(chunk.count),
                length: Int32(line.count), sequence: sequence, arrival: batch.arrivalTime,
                format: batch.format(record)))
        chunk.append(line)
    }

    private func number(of key: PartitionKey) -> Int32 {
        if let known = numbers[key] { return known }
        let number = Int32(keys.count)
        keys.append(key)
        numbers[key] = number
        return number
    }

    /// Calls `body` with a builder of each partition's lines, by day and class, one at a time. A partition for which `body` has
    /// returned is gone from here.
    func drain<Failure: Error>(
        blockRowsMax: Int, _ body: (SegmentBuilder) throws(Failure) -> Void
    ) throws(Failure) {
        let batch = RecordBatch()
        var rows = [[Int32]](repeating: [], count: keys.count)
        for (row, entry) in entries.buffer.enumerated() {
            rows[Int(entry.partition)].append(Int32(row))
        }
        for key in numbers.keys.sorted() {
            guard let number = numbers[key] else { continue }
            let builder = SegmentBuilder(key: key, blockRowsMax: blockRowsMax)
            append(rows[Int(number)], to: builder, batch)
            try body(builder)
            numbers[key] = nil
        }
        chunks = []
        chunkBytes = 0
        entries.removeAll()
        keys = []
    }

    /// Scans lines again, those that arrived together in one batch: their arrival is the time of those that say none.
    private func append(_ rows: [Int32], to builder: SegmentBuilder, _ batch: RecordBatch) {
        let size = rows.reduce(0) { $0 + Int(entries[Int($1)].length) }
        let buffer = ByteChunk(capacity: size, spareBytes: size)
        var start = 0
        while start < rows.count {
            let arrival = entries[Int(rows[start])].arrival
            batch.reset(over: buffer, arrivalTime: arrival)
            var end = start
            while end < rows.count, entries[Int(rows[end])].arrival == arrival {
                let entry = entries[Int(rows[end])]
                let offset = buffer.count
                buffer.append(
                    ByteView(
                        chunks[Int(entry.chunk)].base + Int(entry.offset), Int(entry.length)))
                batch.append(
                    line: ByteView(buffer.base + offset, Int(entry.length)),
                    readable: buffer.readableEnd, as: entry.format)
                end += 1
            }
            for index in start..<end {
                builder.append(
                    index - start, of: batch, sequence: entries[Int(rows[index])].sequence)
            }
            start = end
        }
    }
}
