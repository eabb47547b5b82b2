internal import LogBytes
internal import LogRecords
internal import LogSystem

/// One frame's making: batches in, the bytes of a frame out.
struct FrameWriter: ~Copyable {
    /// Class names by the records' `classIndex`.
    let classNames: [String]
    private var payload = ByteWriter(capacity: 1 << 16)

    init(classNames: [String]) { self.classNames = classNames }

    /// Appends the frame of all lines of `batches`, at least one, to `out`; returns its header.
    ///
    /// - Parameter positions: how far sources have been read with these lines.
    /// - Parameter packs: whether the payload is compressed.
    mutating func append(
        _ batches: [RecordBatch], positions: [SourcePosition] = [], firstSequence: UInt64,
        packs: Bool, into out: inout ByteWriter
    ) -> FrameHeader {
        let start = out.count
        out.reserve(JournalFormat.frameHeaderBytes)
        out.advance(JournalFormat.frameHeaderBytes)
        var header = FrameHeader()
        header.hasPositions = !positions.isEmpty
        if packs {
            payload.removeAll()
            Self.appendPayload(batches, positions, classNames, &header, into: &payload)
            header.rawBytes = UInt32(payload.count)
            header.method = Compression.append(
                payload.view, acceleration: Compression.journalAcceleration, into: &out)
        } else {
            Self.appendPayload(batches, positions, classNames, &header, into: &out)
            header.rawBytes = UInt32(out.count - start - JournalFormat.frameHeaderBytes)
        }
        let stored = out.count - start - JournalFormat.frameHeaderBytes
        header.storedBytes = UInt32(stored)
        header.firstSequence = firstSequence
        header.payloadChecksum = Checksum.crc32c(
            ByteView(out.base + start + JournalFormat.frameHeaderBytes, stored))
        let end = out.count
        out.truncate(start)
        header.append(into: &out)
        out.advance(end - out.count)
        return header
    }

    private static func appendPayload(
        _ batches: [RecordBatch], _ positions: [SourcePosition], _ classNames: [String],
        _ header: inout FrameHeader, into out: inout ByteWriter
    ) {
        if !positions.isEmpty { PositionTable.append(positions, into: &out) }
        out.append(length: classNames.count)
        for name in classNames { name.withView { out.append(lengthPrefixed: $0) } }
        appendRuns(batches, into: &out)
        header.firstTime = .max
        header.lastTime = .min
        var bytes = 0
        for batch in batches {
            for record in batch.records.buffer {
                out.append(length: Int(record.lineLength))
                bytes += Int(record.lineLength)
                header.firstTime = min(header.firstTime, record.time)
                header.lastTime = max(header.lastTime, record.time)
                header.lineCount += 1
            }
            header.arrivalTime = batch.arrivalTime
        }
        out.reserve(bytes)
        for batch in batches {
            for record in batch.records.buffer { out.append(batch.line(record)) }
        }
    }

    /// The class and the format of all lines. A format that was found once stays, whatever a later release would find.
    private static func appendRuns(_ batches: [RecordBatch], into payload: inout ByteWriter) {
        var current: LineRun?
        for batch in batches {
            for record in batch.records.buffer {
                let format = batch.format(record)
                if let run = current, run.classIndex == Int(record.classIndex), run.format == format
                {
                    current?.length += 1
                    continue
                }
                current?.append(into: &payload)
                current = LineRun(
                    classIndex: Int(record.classIndex), format: format, length: 1)
            }
        }
        current?.append(into: &payload)
    }
}

/// Lines behind each other that have the same class and format.
struct LineRun {
    /// An index into the class names of the frame.
    let classIndex: Int
    let format: LineFormat
    var length: Int

    func append(into out: inout ByteWriter) {
        out.append(length: classIndex)
        out.append(format.rawValue)
        out.append(length: length)
    }
}

/// One frame's content, scanned into a batch.
final class JournalFrame {
    let header: FrameHeader
    /// The lines; keeps their bytes.
    let batch: RecordBatch
    /// The class of each line, an index into `classNames`.
    let lineClasses: [Int]
    let classNames: [String]
    /// How far sources had been read.
    let positions: [SourcePosition]

    /// Decodes the stored payload that belongs to `header`, whose checksums have been compared, numbering shapes in `table`.
    /// Nil when the payload does not decode.
    init?(header: FrameHeader, payload: ByteView, table: ShapeTable) {
        // Lines in parts are joined in the spare room; it costs nothing while nobody writes there.
        let bytes = ByteChunk(capacity: Int(header.rawBytes), spareBytes: Int(header.rawBytes))
        bytes.count = Compression.unpack(
            payload, method: header.method,
            into: UnsafeMutableBufferPointer(start: bytes.base, count: bytes.capacity))
        guard bytes.count == bytes.capacity else { return nil }
        guard let layout = try? PayloadLayout(bytes.view, header) else {
            return nil
        }
        let batch = RecordBatch(table: table)
        batch.reset(over: bytes, arrivalTime: header.arrivalTime)
        var start = layout.linesStart
        var number = 0
        for run in layout.runs {
            for length in layout.lineLengths[number..<number + run.length] {
                batch.append(
                    line: ByteView(bytes.base + start, length), readable: bytes.readableEnd,
                    as: run.format)
                start += length
            }
            number += run.length
        }
        self.header = header
        self.batch = batch
        self.lineClasses = layout.runs.flatMap { run in
            repeatElement(run.classIndex, count: run.length)
        }
        self.classNames = layout.classNames
        self.positions = layout.positions
    }
}

extension JournalFrame {
    /// Leaves in `batch` what came in, with its classes as `policy` numbers them: what weir itself wrote about it, alerts and
    /// audit, stands behind it. Lines of a class that the policy does not have any more are of its last.
    func leaveInputOnly(_ policy: RetentionPolicy) {
        let own = [RetentionPolicy.alertsClass, RetentionPolicy.auditClass]
        let rest = policy.classes.count - 1
        let indices = classNames.map { UInt8(clamping: policy.index(of: $0) ?? rest) }
        var count = batch.records.count
        while count > 0, own.contains(classNames[lineClasses[count - 1]]) { count -= 1 }
        batch.records.truncate(count)
        for row in 0..<count { batch.records[row].classIndex = indices[lineClasses[row]] }
    }
}

/// Where the lines of a payload stand, their classes and formats.
private struct PayloadLayout {
    var positions: [SourcePosition] = []
    var classNames: [String] = []
    var runs: [LineRun] = []
    var lineLengths: [Int] = []
    var linesStart = 0

    init(_ payload: ByteView, _ header: FrameHeader) throws(MalformedBytes) {
        let lineCount = Int(header.lineCount)
        var reader = ByteReader(payload)
        if header.hasPositions { positions = try PositionTable.read(&reader) }
        for _ in 0..<(try reader.length(atMost: RetentionPolicy.classesMax, "class names")) {
            classNames.append(try reader.lengthPrefixed("class name").text)
        }
        guard lineCount <= payload.count else { throw reader.malformed("number of lines") }
        var covered = 0
        while covered < lineCount {
            let index = try reader.length(atMost: classNames.count - 1, "class of lines")
            guard let format = LineFormat(rawValue: try reader.fixed(UInt8.self, "format of lines"))
            else { throw reader.malformed("format of lines") }
            let length = try reader.length(atMost: lineCount - covered, "run of lines")
            guard length > 0 else { throw reader.malformed("run of lines") }
            runs.append(LineRun(classIndex: index, format: format, length: length))
            covered += length
        }
        var total = 0
        for _ in 0..<lineCount {
            lineLengths.append(try reader.length(atMost: payload.count, "line length"))
            total += lineLengths[lineLengths.count - 1]
        }
        linesStart = reader.offset
        guard total == reader.remaining else { throw reader.malformed("lines") }
    }
}
