internal import CLogKernels
internal import LogBytes
internal import LogRecords

/// The lines of one partition on their way into a segment: columns in memory, blocks encoded as they fill.
///
/// Holds at most one block of lines as they are; blocks behind it are encoded. The writer counts `memoryBytes` against its
/// limit. Used by one thread.
final class SegmentBuilder {
    let key: PartitionKey
    private let shapes = SegmentShapes()
    private var blocks: [BlockEntry] = []
    private var firstArrival = Int64.max
    private var lastArrival = Int64.min
    private let blockRowsMax: Int
    private let memory: SegmentMemory
    /// Header and encoded blocks so far.
    private var data = ByteWriter(capacity: 1 << 12)
    private(set) var rowCount = 0
    /// The bytes of the lines, without newlines.
    private(set) var rawBytes = 0
    private(set) var firstSequence = UInt64.max
    private(set) var lastSequence: UInt64 = 0

    // The block that is being filled.
    private var rowShapes = Vector<Int64>(capacity: 64)
    private var times = Vector<Int64>(capacity: 64)
    private var sequences = Vector<Int64>(capacity: 64)
    private var blockBytes = 0
    private var columns: [ColumnBuffer] = []
    /// Where the next value of each column goes. What was put there counts in `columns` when it is taken.
    private var ends = Vector<weir_column_end>(capacity: 64)

    // Shapes of the segment, and where the shapes of the present table stand among them.
    private var shapeColumns = Vector<Int32>(capacity: 64)
    private var shapeIsWhole = Vector<Bool>(capacity: 16)
    private var shapeColumnsStart = Vector<Int32>(capacity: 16)
    private var table: ShapeTable?
    private var numbers = Vector<Int32>(capacity: 64)

    private var scratch = ByteWriter(capacity: 1 << 12)

    /// - Parameter memory: where the segment's memory is taken from at the first block.
    init(
        key: PartitionKey, blockRowsMax: Int = SegmentFormat.blockRowsMax,
        memory: SegmentMemory = SegmentMemory()
    ) {
        self.key = key
        self.blockRowsMax = blockRowsMax
        self.memory = memory
        SegmentEnds.appendHeader(into: &data)
    }

    /// An estimate of the memory held: encoded blocks, and twice the lines of the present one.
    var memoryBytes: Int { data.count + 2 * blockBytes }

    /// Adds neighbouring records of `batch`, with ascending sequence numbers.
    func append(_ rows: Range<Int>, of batch: RecordBatch, firstSequence first: UInt64) {
        guard !rows.isEmpty else { return }
        if table !== batch.table { adopt(batch.table) }
        firstSequence = min(firstSequence, first)
        lastSequence = max(lastSequence, first + UInt64(rows.count) - 1)
        firstArrival = min(firstArrival, batch.arrivalTime)
        lastArrival = max(lastArrival, batch.arrivalTime)
        rowCount += rows.count
        var sequence = Int64(bitPattern: first)
        for row in rows {
            append(batch.records[row], of: batch, sequence: sequence)
            sequence += 1
        }
    }

    /// Adds one record of `batch`.
    func append(_ row: Int, of batch: RecordBatch, sequence: UInt64) {
        append(row..<row + 1, of: batch, firstSequence: sequence)
    }

    @inline(__always)
    private func append(_ record: Record, of batch: RecordBatch, sequence: Int64) {
        // What stands in no line as it is, and what no other line is like, is stored whole.
        let isWhole = record.isJoined || RecordBatch.isLoose(record)
        let shape =
            isWhole
            ? known(shapes.wholeNumber(batch.format(record)))
            : number(of: Int(record.shape))
        appendValues(record, batch, shape: shape)
        times.append(record.time)
        sequences.append(sequence)
        rawBytes += Int(record.lineLength)
        blockBytes += Int(record.lineLength)
        if times.count >= blockRowsMax || blockBytes >= SegmentFormat.blockBytesMax {
            finishBlock()
        }
    }

    @inline(__always)
    private func appendValues(_ record: Record, _ batch: RecordBatch, shape: Int) {
        let start = Int(shapeColumnsStart[shape])
        let count =
            (shape + 1 < shapeColumnsStart.count
                ? Int(shapeColumnsStart[shape + 1]) : shapeColumns.count) - start
        rowShapes.append(Int64(shape))
        let columns = shapeColumns.base + start
        if shapeIsWhole[shape] { return append(batch.line(record), to: Int(columns[0])) }
        let values = batch.values.base + Int(record.firstValue)
        var field = 0
        while true {
            field += UnsafeRawPointer(values + field).withMemoryRebound(
                to: UInt32.self, capacity: 2 * (count - field)
            ) {
                weir_append_values(
                    batch.origin, $0, columns + field, count - field, batch.isPadded ? 1 : 0,
                    ends.base)
            }
            guard field < count else { return }
            append(
                ByteView(batch.origin + Int(values[field].start), values[field].length),
                to: Int(columns[field]))
            field += 1
        }
    }

    /// Adds a value to a column, making room for it.
    @inline(never)
    private func append(_ value: ByteView, to number: Int) {
        let column = columns[number]
        column.take(ends[number])
        column.append(value)
        ends[number] = column.makeEnd()
    }

    private func adopt(_ table: ShapeTable) {
        self.table = table
        numbers.removeAll()
    }

    @inline(__always)
    private func number(of tableShape: Int) -> Int {
        let known = tableShape < numbers.count ? Int(numbers[tableShape]) : -1
        return known >= 0 ? known : learn(tableShape)
    }

    /// The number in this segment of shape `tableShape` of the present table.
    @inline(never)
    private func learn(_ tableShape: Int) -> Int {
        guard let table else { preconditionFailure("BUG: a record without a table") }
        while numbers.count <= tableShape { numbers.append(-1) }
        let shape = table.shapes[tableShape]
        let number = known(shapes.number(of: shape) ?? shapes.wholeNumber(shape.format))
        numbers[tableShape] = Int32(number)
        return number
    }

    /// The same number, after taking over what the segment's shapes have that the hot path does not know yet.
    private func known(_ number: Int) -> Int {
        while shapeIsWhole.count < shapes.shapes.count {
            let stored = shapes.shapes[shapeIsWhole.count]
            shapeColumnsStart.append(Int32(shapeColumns.count))
            shapeIsWhole.append(stored.isWhole)
            for column in stored.columns { shapeColumns.append(Int32(column)) }
        }
        while columns.count < shapes.columns.count {
            let buffer = ColumnBuffer()
            columns.append(buffer)
            ends.append(buffer.makeEnd())
        }
        return number
    }

    // MARK: Blocks

    /// Encodes the lines gathered so far as a block.
    private func finishBlock() {
        guard times.count > 0 else { return }
        if blocks.isEmpty { takeMemory() }
        var block = BlockEntry(
            rows: times.count, rawBytes: blockBytes, firstTime: times.buffer.min() ?? 0,
            lastTime: times.buffer.max() ?? 0, chunks: [])
        for (role, values) in [
            (ChunkRole.shapes, rowShapes.buffer), (.times, times.buffer),
            (.sequences, sequences.buffer),
        ] {
            scratch.removeAll()
            IntegerPacking.encode(values, into: &scratch)
            block.chunks.append(
                storeScratch(role, valueCount: values.count, codec: 0) {
                    Compression.append(scratch.view, into: &data)
                })
        }
        for (index, column) in columns.enumerated() {
            column.take(ends[index])
            guard column.count > 0 else { continue }
            let codec = encode(column)
            block.chunks.append(store(column, codec, .column(index)))
            column.removeAll()
            ends[index] = column.makeEnd()
        }
        blocks.append(block)
        rowShapes.removeAll()
        times.removeAll()
        sequences.removeAll()
        blockBytes = 0
    }

    private func takeMemory() {
        var room = memory.take()
        room.append(data.view)
        swap(&data, &room)
    }

    /// Gives the memory of the segment, which is written, to the next one of its kind. The builder is of no use afterwards.
    func giveMemory() {
        var empty = ByteWriter(capacity: 1)
        swap(&data, &empty)
        memory.give(empty)
    }

    /// Encodes a column into `scratch` by the first codec that suits; its number.
    private func encode(_ column: ColumnBuffer) -> UInt8 {
        let context = EncodeContext(
            times: column.count == times.count ? times.buffer : nil, deflater: nil)
        for codec in ColumnCodecs.fresh {
            scratch.removeAll()
            if codec.encode(column, context, into: &scratch) { return codec.id }
        }
        preconditionFailure("BUG: the plain codec takes every column")
    }

    /// Stores a column that `codec` has encoded into `scratch`.
    private func store(_ column: ColumnBuffer, _ codec: UInt8, _ role: ChunkRole) -> ChunkEntry {
        storeScratch(role, valueCount: column.count, codec: codec) {
            switch codec {
            // Packed identifiers are as good as random: LZ4 would only search them.
            case HexCodec().id: Compression.appendPlain(scratch.view, into: &data)
            case PlainCodec().id:
                Compression.append(texts: column, endOf: &scratch, into: &data)
            default: Compression.append(scratch.view, into: &data)
            }
        }
    }

    private func storeScratch(
        _ role: ChunkRole, valueCount: Int, codec: UInt8, pack: () -> Compression.Method
    ) -> ChunkEntry {
        let offset = data.count
        let method = pack()
        let stored = ByteView(data.base + offset, data.count - offset)
        return ChunkEntry(
            role: role, valueCount: valueCount, offset: offset, storedBytes: stored.count,
            rawBytes: scratch.count, method: method, codec: codec,
            checksum: Checksum.crc32c(stored))
    }

    /// Encodes what is left and calls `body` with the whole file. The builder is of no use afterwards, except for another
    /// call of `finish`, which gives the same bytes.
    func finish<Result, Failure: Error>(
        _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        finishBlock()
        let end = data.count
        defer { data.truncate(end) }
        let footer = SegmentFooter(
            key: key, arrivals: firstArrival...max(firstArrival, lastArrival), shapes: shapes,
            blocks: blocks)
        SegmentEnds.append(footer, at: end, into: &data)
        return try body(data.view)
    }
}

/// The memory of a segment that was written, for the next one of its class: it need not grow step by step to the size that
/// such segments have, and the system need not clear it again.
final class SegmentMemory {
    private var spare = ByteWriter(capacity: 1)
    private var usualBytes = 0

    /// Memory with room for a segment somewhat larger than the last one, empty.
    func take() -> ByteWriter {
        var taken = ByteWriter(capacity: 1)
        swap(&spare, &taken)
        taken.removeAll()
        taken.reserve(usualBytes + usualBytes / 8)
        return taken
    }

    /// Takes back the memory of a segment, as it was written. What has become far too large is not kept.
    func give(_ memory: consuming ByteWriter) {
        usualBytes = memory.count
        let isFitting = memory.count >= memory.capacity / 4
        if isFitting, memory.capacity > spare.capacity { spare = memory }
    }
}
