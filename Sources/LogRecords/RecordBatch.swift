internal import CLogKernels
public import LogBytes
public import LogJSON

/// Where a value's bytes stand in the buffer of its batch, and whether they hold JSON escapes.
@frozen
public struct ValueSpan: BitwiseCopyable, Sendable {
    /// The offset of the first byte in the batch's buffer.
    public let start: UInt32
    @usableFromInline let lengthAndFlag: UInt32

    /// A value of `length` bytes at `start`.
    @inlinable @inline(__always)
    public init(_ start: Int, _ length: Int, escaped: Bool) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.lengthAndFlag =
            UInt32(truncatingIfNeeded: length) << 1 | (escaped ? 1 : 0)
    }

    /// The number of bytes.
    @inlinable @inline(__always)
    public var length: Int { Int(lengthAndFlag >> 1) }

    /// Whether the bytes are JSON string content with a backslash in it.
    @inlinable @inline(__always)
    public var isEscaped: Bool { lengthAndFlag & 1 == 1 }
}

/// One line of a batch: its place, shape, time and class. A view: the bytes are the batch's.
@frozen
public struct Record: BitwiseCopyable, Sendable {
    /// The offset of the line in the batch's buffer.
    public var lineStart: UInt32
    /// The number of bytes of the line.
    public var lineLength: UInt32
    /// The number of the first value in the batch's tape.
    public var firstValue: UInt32
    /// The number of the shape in the batch's table.
    public var shape: UInt32
    /// The record's time, nanoseconds since the epoch.
    public var time: Int64
    /// Whether `time` is the line's own, and not that of its arrival.
    public var hasOwnTime: Bool
    /// Set when the line's own time lies more than a day ahead of the clock and was therefore not taken.
    public var isSkewed: Bool
    /// The severity.
    public var level: LogLevel
    /// The number of the retention class; filled in by whoever classifies.
    public var classIndex: UInt8
    /// Whether the line is several lines, the parts of one: its values do not stand in it but in a joined copy.
    public var isJoined = false
}

/// Many records over one buffer: the unit that moves through the pipeline.
///
/// The buffer belongs to somebody else (a source's chunk, a decompressed journal frame) and outlives the batch. One thread
/// at a time uses a batch.
public final class RecordBatch {
    /// The start of the buffer.
    public private(set) var origin: UnsafePointer<UInt8>
    /// The chunk that is the buffer, when the batch is to keep it.
    private var owner: ByteChunk?
    /// The lines, in arrival order.
    public var records = Vector<Record>(capacity: 4_096)
    /// The values of all lines, one line's behind the other's.
    public private(set) var values = Vector<ValueSpan>(capacity: 1 << 16)
    /// The table that the records' shapes are numbered in.
    public private(set) var table: ShapeTable
    /// Lines taken as text because they are no JSON object, by reason.
    public private(set) var unparsed: [JSONError.Code: Int] = [:]
    /// What was wrong with the latest line that was taken as text, and where in it.
    public private(set) var latestFault = JSONError(.unexpectedByte, offset: 0)
    /// When the lines arrived, nanoseconds since the epoch: the time of lines without one.
    public private(set) var arrivalTime: Int64 = 0

    /// How often the batch was reset: its contents are what they were while this and the number of records are.
    public private(set) var age = 0

    /// A line's own time may lie this far ahead of its arrival; beyond, the arrival's is taken (nanoseconds).
    public static let skewMax = Timestamp.day

    /// The format of all lines that are appended from now on; nil: each line's own.
    public var format: LineFormat?

    /// Whether the shapes of plain lines become known; else such lines stay loose. For lines that have no shapes in common.
    public var learnsShapes = true

    /// The lines without a shape of their own, and what each means; the table keeps the meanings.
    var loose = LooseLines()
    var looseMeanings = Vector<Unmanaged<LooseMeaning>>(capacity: 1)
    /// Where loose lines are scanned with all care, when somebody asks for their shapes.
    var carefulTable: ShapeTable?
    /// The names that somebody asks for, line by line.
    private(set) var registered: [String] = []

    /// The minute of the latest time that was read.
    private var minute = weir_minute()

    /// An empty batch that numbers shapes in `table`.
    public init(table: ShapeTable = ShapeTable()) {
        self.table = table
        self.origin = ByteView.empty.start
    }

    /// Forgets everything and makes ready for lines in the buffer at `origin`, which arrived at `arrivalTime`. A shape
    /// table that has grown large is replaced by an empty one.
    public func reset(origin: UnsafePointer<UInt8>, arrivalTime: Int64) {
        owner = nil
        age += 1
        self.origin = origin
        self.arrivalTime = arrivalTime
        records.removeAll()
        values.removeAll()
        unparsed.removeAll(keepingCapacity: true)
        loose.removeAll()
        looseMeanings.removeAll()
        if table.isLarge || table.names.registered.count < registered.count {
            table = ShapeTable(registered: registered)
        }
        table.memory.forgetLines()
    }

    /// As `reset(origin:arrivalTime:)`, for lines in `chunk`, which the batch keeps until its next reset.
    public func reset(over chunk: ByteChunk, arrivalTime: Int64) {
        reset(origin: UnsafePointer(chunk.base), arrivalTime: arrivalTime)
        owner = chunk
    }

    /// Whether `ByteChunk.paddingBytes` behind every line and value may be loaded.
    public var isPadded: Bool { owner != nil }

    /// The bytes of a record's line.
    @inlinable @inline(__always)
    public func line(_ record: Record) -> ByteView {
        ByteView(origin + Int(record.lineStart), Int(record.lineLength))
    }

    /// The text and the values behind which no more is asked for: most lines are far shorter.
    private static let aheadMax = 1 << 15

    /// Asks for the lines of `rows`, or those of them that there are, which somebody looks at soon. Whoever works on a batch after
    /// others finds it further away than they left it; and since only parts of lines are looked at, the processor does not see
    /// what comes next.
    public func prefetch(_ rows: Range<Int>) {
        let rows = rows.clamped(to: 0..<records.count)
        guard let first = rows.first, let last = rows.last else { return }
        let start = Int(records[first].lineStart)
        let end = Int(records[last].lineStart) + Int(records[last].lineLength)
        let text = UnsafeMutablePointer(mutating: origin)
        for offset in stride(from: start, to: min(end, start + Self.aheadMax), by: 64) {
            (text + offset).prefetch()
        }
        let firstValue = Int(records[first].firstValue)
        let lastValue = min(Int(records[last].firstValue), firstValue + Self.aheadMax / 8)
        for value in stride(from: firstValue, to: lastValue, by: 8) {
            (values.base + value).prefetch()
        }
    }

    /// The shape of a record's line. Those of loose lines are made when they are asked for.
    public func shape(_ record: Record) -> Shape {
        LooseLines.isLoose(record.shape) ? looseShape(record) : table.shapes[Int(record.shape)]
    }

    /// The format of a record's line.
    public func format(_ record: Record) -> LineFormat {
        // The loose walk takes no other.
        LooseLines.isLoose(record.shape) ? .json : table.formats[Int(record.shape)]
    }

    /// The bytes of value `field` of a record, as they stand in the line.
    @inlinable @inline(__always)
    public func raw(_ record: Record, _ field: Int) -> ByteView {
        let span = values[Int(record.firstValue) + field]
        return ByteView(origin + Int(span.start), span.length)
    }

    /// A number for the field `name`, by which `slot(_:registered:)` finds it at less cost than by its name; the same for the
    /// same name.
    public func register(_ name: String) -> Int {
        if let known = registered.firstIndex(of: name) { return known }
        registered.append(name)
        return registered.count - 1
    }

    /// Scans the line at `line`, inside the buffer, and adds its record. Never fails: a line in no format that weir knows
    /// becomes text, counted in `unparsed`. Bytes up to `readable`, at least 8 behind the line, may be loaded.
    ///
    /// - Parameter format: the format that the line was found to be in when it was read before; nil: `self.format`.
    public func append(
        line: ByteView, readable: UnsafePointer<UInt8>, as format: LineFormat? = nil
    ) {
        let format = format ?? self.format
        if format == nil || format == .docker || format == .cri,
            line.firstIndex(of: ASCII.newline) != nil,
            append(parts: line, as: format)
        {
            return
        }
        scan(line, readable: readable, as: format)
    }

    /// Adds the record of a line that is several parts of one. False when it is not, or there is no room for a copy.
    private func append(parts: ByteView, as format: LineFormat?) -> Bool {
        guard let spare = owner?.makeSpare(parts.count),
            let count = WrappedLine.join(parts, into: spare)
        else { return false }
        let joined = ByteView(spare, count)
        scan(joined, readable: spare + count + ByteChunk.paddingBytes, as: format)
        let index = records.count - 1
        var record = records[index]
        record.lineStart = UInt32(parts.start - origin)
        record.lineLength = UInt32(parts.count)
        record.isJoined = true
        records[index] = record
        return true
    }

    @inline(__always)
    private func scan(_ line: ByteView, readable: UnsafePointer<UInt8>, as format: LineFormat?) {
        let firstValue = values.count
        var scanner = JSONScanner(end: line.end, readable: readable)
        let shape = table.scan(
            line, as: format, scanner: &scanner, origin: origin, values: &values)
        add(line, shape, firstValue, scanner)
    }

    /// Adds the record of a line that has been scanned; `scanned` is its shape or, of no format that weir knows, −1.
    @inline(__always)
    private func add(
        _ line: ByteView, _ scanned: Int, _ firstValue: Int, _ scanner: borrowing JSONScanner
    ) {
        var shape = scanned
        if shape < 0 {
            unparsed[scanner.fault, default: 0] += 1
            latestFault = JSONError(
                scanner.fault,
                offset: min(max(scanner.faultPosition - line.start, 0), line.count))
            values.truncate(firstValue)
            values.append(ValueSpan(line.start - origin, line.count, escaped: false))
            shape = ShapeTable.textShape
        }
        let eager = Unmanaged.passUnretained(table)._withUnsafeGuaranteedRef {
            $0.eagerFields[shape]
        }
        add(
            weir_line(
                start: UInt32(line.start - origin), length: UInt32(line.count),
                shape: UInt32(shape), values: 0),
            firstValue, time: eager.time, level: eager.level)
    }

    /// Adds the record of a line; `time` and `level` are the packed slots where they may stand, −1 for none.
    @inline(__always)
    private func add(_ line: weir_line, _ firstValue: Int, time: Int32, level: Int32) {
        var record = Record(
            lineStart: line.start, lineLength: line.length,
            firstValue: UInt32(truncatingIfNeeded: firstValue), shape: line.shape,
            time: arrivalTime, hasOwnTime: false, isSkewed: false, level: .unknown, classIndex: 0)
        if time >= 0, let own = self.time(of: record, at: time) {
            if own > arrivalTime &+ Self.skewMax {
                record.isSkewed = true
            } else {
                record.time = own
                record.hasOwnTime = true
            }
        }
        if level >= 0 { record.level = self.level(of: record, at: level) }
        records.append(record)
    }

    /// The time that `text` stands for; the commonest spelling first.
    @inline(__always)
    func time(_ text: ByteView) -> Int64? {
        var time: Int64 = 0
        if weir_read_time(text.start, text.count, &minute, &time) != 0 { return time }
        return Timestamp.parse(text)
    }

    /// Adds the records of all lines of `chunk`, over which the batch is.
    public func appendLines(of chunk: ByteChunk) {
        var start = 0
        for range in chunk.oneLineRanges {
            appendLines(
                chunk.view.prefix(range.lowerBound).dropFirst(start), readable: chunk.readableEnd)
            append(
                line: chunk.view.prefix(range.upperBound - 1).dropFirst(range.lowerBound),
                readable: chunk.readableEnd)
            start = range.upperBound
        }
        appendLines(chunk.view.dropFirst(start), readable: chunk.readableEnd)
    }

    /// Splits `view`, inside the buffer, at newlines and adds a record for each line, or for several lines that are the parts
    /// of one. A last line without newline counts when it has bytes.
    public func appendLines(_ view: ByteView, readable: UnsafePointer<UInt8>) {
        var rest = view
        while !rest.isEmpty {
            var structure: ShapeTable.Structure?
            if format == nil || format == .json {
                let plain = appendPlain(rest, readable: readable)
                rest = rest.dropFirst(plain.bytes)
                structure = plain.leftStructure
            }
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst(appendFirst(of: rest, readable: readable))
            if let structure {
                table.learn(structure, shape: Int(records[records.count - 1].shape))
            }
        }
    }

    /// Adds the records of the first lines of `lines`, as far as they need not be scanned one by one.
    ///
    /// - Returns: the bytes that they have taken, and the structure of the line behind them when it is to be learned.
    @inline(__always)
    private func appendPlain(
        _ lines: ByteView, readable: UnsafePointer<UInt8>
    ) -> (bytes: Int, leftStructure: ShapeTable.Structure?) {
        var bytes = 0
        while bytes < lines.count {
            var firstValue = values.count
            // Uncounted: the table stays while the batch does not let go of it.
            let scanned = Unmanaged.passUnretained(table)._withUnsafeGuaranteedRef {
                $0.scanLines(
                    lines.dropFirst(bytes), readable: readable, origin: origin, values: &values,
                    loose: &loose, learns: learnsShapes)
            }
            add(scanned.lines, firstValue: &firstValue)
            bytes += scanned.bytes
            if scanned.isNextLeft { return (bytes, scanned.leftStructure) }
        }
        return (bytes, nil)
    }

    /// Adds the records of plain lines, the values of the first of which begin at `firstValue`; that moves behind the last.
    @inline(__always)
    private func add(_ lines: UnsafeBufferPointer<weir_line>, firstValue: inout Int) {
        records.reserve(lines.count)
        let eagerFields = Unmanaged.passUnretained(table)._withUnsafeGuaranteedRef {
            UnsafePointer($0.eagerFields.base)
        }
        let (origin, latestTime) = (origin, arrivalTime &+ Self.skewMax)
        var next = records.base + records.count
        for line in lines {
            let (timeSlot, levelSlot) =
                LooseLines.isLoose(line.shape)
                ? looseSlots(LooseLines.number(line.shape))
                : (eagerFields[Int(line.shape)].time, eagerFields[Int(line.shape)].level)
            // A time and a level in their usual places; everything else goes the long way.
            let spans = UnsafePointer(values.base + firstValue)
            var time: Int64 = 0
            var level = LogLevel.unknown
            if timeSlot >= 0, (timeSlot | levelSlot) & (FieldSlot.transformLimit - 1) == 0 {
                let timeSpan = spans[Int(timeSlot >> FieldSlot.transformBits)]
                let levelSpan = spans[Int(levelSlot >> FieldSlot.transformBits)]
                let isRead = weir_read_time(
                    origin + Int(timeSpan.start), timeSpan.length, &minute, &time)
                if isRead != 0, time <= latestTime {
                    level = LogLevel(
                        text: ByteView(origin + Int(levelSpan.start), levelSpan.length))
                }
            }
            if level != .unknown {
                next.initialize(
                    to: Record(
                        lineStart: line.start, lineLength: line.length,
                        firstValue: UInt32(truncatingIfNeeded: firstValue), shape: line.shape,
                        time: time, hasOwnTime: true, isSkewed: false, level: level,
                        classIndex: 0))
                next += 1
            } else {
                records.advance(next - (records.base + records.count))
                add(line, firstValue, time: timeSlot, level: levelSlot)
                next = records.base + records.count
            }
            firstValue &+= Int(line.values)
        }
        records.advance(next - (records.base + records.count))
    }

    /// Where time and level of loose line `number` stand, whose meaning is remembered.
    @inline(never)
    private func looseSlots(_ number: Int) -> (time: Int32, level: Int32) {
        let meaning = meaning(number)
        looseMeanings.append(meaning)
        let (time, level) = meaning._withUnsafeGuaranteedRef { ($0.time, $0.level) }
        return (looseSlot(number, time), looseSlot(number, level))
    }

    /// Adds the record of the first line of `lines`, inside the buffer and not empty, or of the parts that it begins.
    ///
    /// - Returns: the number of bytes that the record has taken, its newline included.
    @inline(__always)
    public func appendFirst(of lines: ByteView, readable: UnsafePointer<UInt8>) -> Int {
        var length = 0
        let firstValue = values.count
        var scanner = JSONScanner(end: lines.end, readable: readable)
        if format == nil,
            // Uncounted: the table stays while the batch does not let go of it.
            let shape = Unmanaged.passUnretained(table)._withUnsafeGuaranteedRef({
                $0.scanFirst(
                    of: lines, length: &length, scanner: &scanner, origin: origin, values: &values)
            })
        {
            add(lines.prefix(length), shape, firstValue, scanner)
        } else {
            length = lines.firstIndex(of: ASCII.newline) ?? lines.count
            scan(lines.prefix(length), readable: readable, as: format)
        }
        let isPart = Unmanaged.passUnretained(table)._withUnsafeGuaranteedRef {
            $0.eagerFields[Int(records[records.count - 1].shape)].mayBePart
        }
        if isPart,
            let joined = joinParts(lines, first: length)
        {
            return min(joined + 1, lines.count)
        }
        return min(length + 1, lines.count)
    }

    /// Replaces the record of a first part of `first` bytes by that of all parts; their number of bytes, nil when there is
    /// nothing to be joined.
    private func joinParts(_ lines: ByteView, first: Int) -> Int? {
        guard WrappedLine.isPart(lines.prefix(first)),
            let joined = WrappedLine.joinedLength(lines, limit: Self.joinedBytesMax),
            append(parts: lines.prefix(joined), as: format)
        else { return nil }
        let last = records.count - 1
        records[last - 1] = records[last]
        records.truncate(last)
        return joined
    }

    /// Parts are joined up to so many bytes; beyond, each is a record of its own.
    private static let joinedBytesMax = 16 << 20
}
