internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSystem

/// Lines of one file in ascending order of their sequence numbers, some of them in memory at a time. Used by one thread.
protocol LineCursor: AnyObject {
    /// The number of the next line; before `open` no line of the file has a smaller one. Nil at the end.
    var next: UInt64? { get }
    /// Whether `next` is a line's own number, and the line can be taken.
    var isOpen: Bool { get }
    /// Makes the first line ready. Throws `LineCursorVanished` when the file is no longer there.
    func open() throws
    /// Calls `body` with the next line, valid during the call, and goes on to the one behind it.
    func take(_ body: (ByteView, StoredTime) throws -> Void) throws
}

/// A file was dropped or merged between being listed and being opened.
struct LineCursorVanished: Error {}

/// Where cursors leave word of what they could not read; each fault once.
final class FaultList {
    private(set) var faults: [ScanFault] = []

    func add(_ fault: ScanFault) {
        if !faults.contains(fault) { faults.append(fault) }
    }
}

/// Lines with their numbers: what a cursor has in memory.
private struct LineBuffer: ~Copyable {
    // As good as nothing until the first line: there is a buffer for each segment of the store.
    private var bytes = ByteWriter(capacity: 1)
    private var ends = Vector<Int>(capacity: 1)
    private var numbers = Vector<UInt64>(capacity: 1)
    private var times = Vector<StoredTime>(capacity: 1)
    private var position = 0

    var byteCount: Int { bytes.count }
    var next: UInt64? { position < numbers.count ? numbers[position] : nil }
    var lineCount: Int { numbers.count }

    mutating func removeAll() {
        bytes.removeAll()
        ends.removeAll()
        numbers.removeAll()
        times.removeAll()
        position = 0
    }

    mutating func append(
        _ number: UInt64, _ time: StoredTime, _ line: (inout ByteWriter) throws -> Void
    ) rethrows {
        try line(&bytes)
        times.append(time)
        ends.append(bytes.count)
        numbers.append(number)
    }

    mutating func take(_ body: (ByteView, StoredTime) throws -> Void) rethrows {
        let start = position == 0 ? 0 : ends[position - 1]
        let end = ends[position]
        let time = times[position]
        position += 1
        try body(ByteView(bytes.base + start, end - start), time)
    }
}

/// The lines of one segment.
///
/// A block is decoded, as many of its lines as may be kept are, and the block is let go; where many segments are open at
/// once it is decoded again for the next ones.
final class SegmentCursor: LineCursor {
    private let file: SegmentFile
    private let fileSystem: any FileSystem
    private let range: TimeRange
    private let bufferBytesMax: Int
    private let needsTimes: Bool
    private let faults: FaultList
    private var reader: SegmentReader?
    private var block = 0
    private var row = 0
    private var buffer = LineBuffer()
    private(set) var isOpen = false

    /// The lines of `file` whose times lie in `range`, about `bufferBytesMax` bytes of them in memory.
    ///
    /// - Parameter needsTimes: whether the times of the lines are wanted; otherwise all are 0.
    init(
        file: SegmentFile, fileSystem: any FileSystem, range: TimeRange, bufferBytesMax: Int,
        needsTimes: Bool, faults: FaultList
    ) {
        self.needsTimes = needsTimes
        self.file = file
        self.fileSystem = fileSystem
        self.range = range
        self.bufferBytesMax = bufferBytesMax
        self.faults = faults
    }

    var next: UInt64? { isOpen ? buffer.next : file.id.sequences.lowerBound }

    func open() throws {
        isOpen = true
        do throws(StoreError) {
            reader = try SegmentReader(path: file.path, fileSystem: fileSystem)
        } catch {
            if case .file(let cause) = error, cause.isMissing { throw LineCursorVanished() }
            faults.add(
                ScanFault(error, file: file.path, loss: "the lines of this segment are left out"))
            return
        }
        fill()
    }

    func take(_ body: (ByteView, StoredTime) throws -> Void) throws {
        try buffer.take(body)
        if buffer.next == nil { fill() }
    }

    /// Replaces what is in memory by the lines that follow; nothing when there are none.
    private func fill() {
        buffer.removeAll()
        guard let reader else { return }
        while block < reader.footer.blocks.count {
            let entry = reader.footer.blocks[block]
            if range.overlaps(first: entry.firstTime, last: entry.lastTime) {
                do {
                    try fill(entry, reader)
                } catch {
                    buffer.removeAll()
                    row = entry.rows
                    faults.add(
                        error as? ScanFault
                            ?? ScanFault(file: file.path, offset: 0, message: "\(error)"))
                }
            } else {
                row = entry.rows
            }
            if row >= entry.rows {
                block += 1
                row = 0
            }
            if buffer.lineCount > 0 { return }
        }
        // What is behind needs neither file nor memory.
        self.reader = nil
        buffer = LineBuffer()
    }

    private func fill(_ entry: BlockEntry, _ reader: SegmentReader) throws {
        let block = SegmentBlock(reader: reader, entry: entry)
        try block.loadLines()
        let numbers = try block.sequences()
        let isWhole = range.covers(first: entry.firstTime, last: entry.lastTime)
        let times = isWhole && !needsTimes ? [] : try block.times()
        var lines = ByteWriter(capacity: 1 << 16)
        var ends = Vector<Int>(capacity: Self.batchMax)
        while row < entry.rows, buffer.byteCount < bufferBytesMax {
            let fitting = (bufferBytesMax - buffer.byteCount) / max(entry.rawBytes / entry.rows, 1)
            let batch = row..<min(row + min(max(fitting, 1), Self.batchMax), entry.rows)
            var rows = Bitmap(count: entry.rows)
            for row in batch where isWhole || range.contains(times[row]) { rows[row] = true }
            lines.removeAll()
            ends.removeAll()
            try block.appendLines(rows, into: &lines, ends: &ends)
            var written = 0
            var start = 0
            for row in batch where rows[row] {
                let time = StoredTime(
                    time: times.isEmpty ? 0 : times[row], isSkewed: file.key.isSkewed)
                let line = lines.view.slice(start..<ends[written])
                buffer.append(numbers[row], time) { $0.append(line) }
                start = ends[written]
                written += 1
            }
            row = batch.upperBound
        }
    }

    /// So many lines are written together.
    private static let batchMax = 512
}

/// The lines of one journal file, a frame of them in memory.
final class JournalCursor: LineCursor {
    private let journal: JournalReader
    private let range: TimeRange
    private let isWanted: (String) -> Bool
    private let faults: FaultList
    private let table = ShapeTable()
    private var entry = 0
    private var buffer = LineBuffer()
    private(set) var isOpen = false

    /// The lines of `journal` whose times lie in `range` and whose classes are wanted.
    init(
        journal: JournalReader, range: TimeRange, faults: FaultList,
        isWanted: @escaping (String) -> Bool
    ) {
        self.journal = journal
        self.range = range
        self.faults = faults
        self.isWanted = isWanted
    }

    var next: UInt64? { isOpen ? buffer.next : journal.entries.first?.header.firstSequence }

    func open() throws {
        isOpen = true
        for damage in journal.damages {
            faults.add(
                ScanFault(
                    file: journal.file.path, offset: damage.offset,
                    message: "\(damage.bytes) bytes of the journal are damaged; "
                        + "their lines are left out"))
        }
        try fill()
    }

    func take(_ body: (ByteView, StoredTime) throws -> Void) throws {
        try buffer.take(body)
        if buffer.next == nil { try fill() }
    }

    private func fill() throws {
        buffer.removeAll()
        while entry < journal.entries.count, buffer.lineCount == 0 {
            let found = journal.entries[entry]
            entry += 1
            let header = found.header
            guard range.overlaps(first: header.firstTime, last: header.lastTime) else { continue }
            guard let frame = try journal.frame(found, table: table) else {
                faults.add(
                    ScanFault(
                        file: journal.file.path, offset: found.payloadOffset,
                        message: "a frame of the journal is damaged; "
                            + "its \(header.lineCount) lines are left out"))
                continue
            }
            let wanted = frame.classNames.map(isWanted)
            for row in 0..<frame.batch.records.count
            where wanted[frame.lineClasses[row]] {
                let record = frame.batch.records[row]
                guard range.contains(record.time) else { continue }
                let time = StoredTime(time: record.time, isSkewed: record.isSkewed)
                buffer.append(header.firstSequence + UInt64(row), time) {
                    $0.append(frame.batch.line(record))
                }
            }
        }
    }
}

extension ScanFault {
    /// What an error that concerns a whole file means for an answer.
    init(_ error: StoreError, file: String, loss: String) {
        if case .damaged(let file, let offset, let what) = error {
            self.init(file: file, offset: offset, message: "\(what); \(loss)")
        } else {
            self.init(file: file, offset: 0, message: "\(error); \(loss)")
        }
    }
}
