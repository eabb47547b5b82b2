internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSystem

/// The rows of a segment that stay when it is written again.
struct KeptRows {
    /// For each block of the segment, its rows that stay.
    let blocks: [Bitmap]
    /// For each shape of the segment, whether a row that stays has it. The others go: keys may name somebody as values do.
    let shapes: [Bool]
}

/// Writes the lines of other segments of a partition, in the order of their sequence numbers, as one cold segment.
///
/// Holds the rows of one block; what is encoded goes to the file at once. The file has a temporary name until `publish`. Used
/// by one thread.
final class ColdSegmentWriter {
    private let key: PartitionKey
    private let fileSystem: any FileSystem
    private let temporary: String
    private let file: any OpenFile
    private var offset = 0
    private let shapes = SegmentShapes()
    private var blocks: [BlockEntry] = []
    private var arrivals: ClosedRange<Int64>?
    private let rows = ColdRows()
    private let encoder = ColdBlockEncoder(deflater: Deflater())
    private var out = ByteWriter(capacity: 1 << 16)
    /// Called between blocks: whoever shares a processor may wait there.
    private let pause: () throws -> Void

    /// The number of lines so far.
    private(set) var lineCount = 0
    /// The bytes of the lines so far.
    private(set) var rawBytes = 0

    init(
        key: PartitionKey, temporary: String, fileSystem: any FileSystem,
        pause: @escaping () throws -> Void
    ) throws(FileError) {
        self.key = key
        self.fileSystem = fileSystem
        self.temporary = temporary
        self.pause = pause
        file = try fileSystem.open(temporary, .readWrite)
        try file.truncate(to: 0)
        SegmentEnds.appendHeader(into: &out)
        try flush()
    }

    /// Adds the lines of `reader`, or those that `keeps` names.
    func append(_ reader: SegmentReader, keeps: KeptRows? = nil) throws {
        let footer = reader.footer
        let lower = min(arrivals?.lowerBound ?? .max, footer.arrivals.lowerBound)
        arrivals = lower...max(arrivals?.upperBound ?? .min, footer.arrivals.upperBound)
        var numbers: [Int] = []
        // Both segments' shapes name the same columns in the same order.
        var targets = [Int?](repeating: nil, count: footer.columns.count)
        for (index, stored) in footer.shapes.enumerated() {
            if let keeps, !keeps.shapes[index] {
                numbers.append(-1)
                continue
            }
            guard let number = shapes.number(of: stored) else {
                throw StoreError.tooManyShapes(file: reader.path)
            }
            numbers.append(number)
            for (column, target) in zip(stored.columns, shapes.shapes[number].columns) {
                targets[column] = target
            }
        }
        while rows.columns.count < shapes.columns.count { rows.columns.append(ColumnBuffer()) }
        for (index, entry) in footer.blocks.enumerated() {
            let isLarge =
                rows.count + entry.rows > SegmentFormat.coldBlockRowsMax
                || rows.rawBytes + entry.rawBytes > SegmentFormat.coldBlockBytesMax
            if isLarge { try finishBlock() }
            let block = SegmentBlock(reader: reader, entry: entry)
            try append(block, numbers, targets, keep: keeps?.blocks[index])
        }
    }

    private func append(
        _ block: SegmentBlock, _ shapeNumbers: [Int], _ targets: [Int?], keep: Bitmap?
    ) throws {
        // What is written is all that will be left: what does not fit together must show now.
        if keep != nil { try block.loadLines() }
        let shapesOfRows = try block.rowShapes()
        let times = try block.times()
        let sequences = try block.sequences()
        var removedBytes = 0
        for row in 0..<block.rowCount {
            if let keep, !keep[row] {
                var line = ByteWriter(capacity: 256)
                try block.appendLine(row: row, into: &line)
                removedBytes += line.count
                continue
            }
            rows.shapes.append(Int64(shapeNumbers[Int(shapesOfRows[row])]))
            rows.times.append(times[row])
            rows.sequences.append(Int64(bitPattern: sequences[row]))
        }
        for number in block.storedColumns {
            guard let place = targets[number] else { continue }
            let column = try block.storedColumn(number)
            let has = block.hasColumn(number)
            let target = rows.columns[place]
            var value = 0
            for row in 0..<block.rowCount where has[Int(shapesOfRows[row])] {
                if keep?[row] ?? true { column.withText(row: value) { target.append($0) } }
                value += 1
            }
        }
        rows.rawBytes += block.rawBytes - removedBytes
    }

    private func finishBlock() throws {
        guard rows.count > 0 else { return }
        let chunks = encoder.encode(rows, shapeColumns: shapes.shapes.map(\.columns))
        var block = BlockEntry(
            rows: rows.count, rawBytes: rows.rawBytes, firstTime: rows.times.buffer.min() ?? 0,
            lastTime: rows.times.buffer.max() ?? 0, chunks: [])
        for chunk in chunks {
            block.chunks.append(
                ChunkEntry(
                    role: chunk.role, valueCount: chunk.valueCount, offset: offset + out.count,
                    storedBytes: chunk.bytes.count, rawBytes: chunk.bytes.count, method: .none,
                    codec: chunk.codec, checksum: chunk.bytes.withView { Checksum.crc32c($0) }))
            chunk.bytes.withView { out.append($0) }
        }
        try flush()
        blocks.append(block)
        lineCount += rows.count
        rawBytes += rows.rawBytes
        rows.removeAll()
        try pause()
    }

    private func flush() throws(FileError) {
        try file.write(out.view, at: offset)
        offset += out.count
        out.removeAll()
    }

    /// Ends the file and gives it the name `path`, durably; the bytes of the file.
    func publish(as path: String, in directory: String) throws -> Int {
        try finishBlock()
        let footer = SegmentFooter(
            key: key, arrivals: arrivals ?? 0...0, shapes: shapes, blocks: blocks)
        SegmentEnds.append(footer, at: offset, into: &out)
        try flush()
        try file.synchronize()
        try fileSystem.rename(temporary, to: path)
        try fileSystem.synchronizeDirectory(directory)
        return offset
    }

    /// Removes what was written so far.
    func abandon() { try? fileSystem.remove(temporary) }
}
