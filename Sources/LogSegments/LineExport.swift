public import LogBytes
public import LogQuery
internal import LogRecords
public import LogSystem

/// Which lines an export gives.
public struct ExportRequest: Sendable {
    /// The classes; nil means all but those of weir's own records.
    public var classes: Set<String>?
    /// The times of the lines.
    public var timeRange: TimeRange

    /// The lines of `classes` in `timeRange`.
    public init(classes: Set<String>? = nil, timeRange: TimeRange = .all) {
        self.classes = classes
        self.timeRange = timeRange
    }

    func includes(_ className: String) -> Bool {
        classes?.contains(className) ?? !RetentionPolicy.ownClasses.contains(className)
    }
}

/// The time under which a line is stored: its own, or that of its arrival.
public struct StoredTime: BitwiseCopyable, Sendable, Equatable {
    /// Nanoseconds since the epoch.
    public let time: Int64
    /// Whether the line's own time lay too far ahead of its arrival and was not taken.
    public let isSkewed: Bool

    /// The time `time`.
    public init(time: Int64, isSkewed: Bool) {
        self.time = time
        self.isSkewed = isSkewed
    }
}

/// What an export gave.
public struct ExportReport: Sendable {
    /// Lines given.
    public var lines = 0
    /// The bytes of these lines, without newlines.
    public var bytes = 0
    /// What could not be read; the rest was given.
    public var faults: [ScanFault] = []
}

/// The lines of a data directory in the order in which they came, over all classes and days.
///
/// Every file has its lines in that order already, so they are merged by sequence number: a heap holds the number of each
/// file's next line. A segment is opened when its turn comes, which its name tells, and closed behind its last line.
/// Lines of `bufferBytesMax` are in memory at most, shared evenly by as many segments as can be open at once.
///
/// Reads beside a writer, without a lock. A line that is in two files (just sealed, or being merged) has the same number in
/// both and is given once. When a file has gone before its turn came, everything up to here has been given: the directory
/// is listed again and the export goes on behind it. Lines that arrive meanwhile are left out. Used by one thread.
public struct LineExport {
    private let directory: String
    private let fileSystem: any FileSystem
    private let bufferBytesMax: Int

    /// Enough for sixteen of the largest blocks: with fewer segments open at once none is decoded twice.
    public static let bufferBytesDefault = 64 << 20
    /// Below this a segment gives too few lines for each time that a block of it is decoded.
    private static let shareBytesMin = 64 << 10
    /// So many listings in a row, none of which brought a line, are not explained by merging.
    private static let fruitlessListingsMax = 8

    /// An export from the data directory `directory`.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        bufferBytesMax: Int = LineExport.bufferBytesDefault
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.bufferBytesMax = bufferBytesMax
    }

    /// Calls `body` with each line, without its newline; the view is valid during the call.
    public func run(
        _ request: ExportRequest, _ body: (ByteView) throws -> Void
    ) throws -> ExportReport {
        try give(request, needsTimes: false) { line, _ in try body(line) }
    }

    /// The same with the time under which each line is stored.
    public func runWithTimes(
        _ request: ExportRequest, _ body: (ByteView, StoredTime) throws -> Void
    ) throws -> ExportReport {
        try give(request, needsTimes: true, body)
    }

    private func give(
        _ request: ExportRequest, needsTimes: Bool, _ body: (ByteView, StoredTime) throws -> Void
    ) throws -> ExportReport {
        var report = ExportReport()
        let faults = FaultList()
        /// The number behind the last line that was there at the start.
        var end: UInt64?
        var given: UInt64?
        var fruitless = 0
        while true {
            let source = try cursors(
                request, from: given.map { $0 + 1 } ?? 0, needsTimes: needsTimes, faults)
            end = end ?? source.end
            let before = given
            do {
                try merge(source.cursors, end: end ?? 0, last: &given) { line, time in
                    report.lines += 1
                    report.bytes += line.count
                    try body(line, time)
                }
                break
            } catch is LineCursorVanished {
                fruitless = given == before ? fruitless + 1 : 0
                if fruitless == Self.fruitlessListingsMax {
                    faults.add(
                        ScanFault(
                            file: directory, offset: 0,
                            message: "segments go while they are listed; run the export again"))
                    break
                }
            }
        }
        report.faults = faults.faults
        return report
    }

    // MARK: Files

    private func cursors(
        _ request: ExportRequest, from: UInt64, needsTimes: Bool, _ faults: FaultList
    ) throws(StoreError) -> (cursors: [any LineCursor], end: UInt64) {
        let listing = try StoreListing(directory: directory, fileSystem: fileSystem)
        var cursors: [any LineCursor] = []
        var end: UInt64 = 0
        for journal in listing.journals {
            let reader = try JournalReader(file: journal.file, checksums: false)
            end = max(end, reader.entries.last?.header.endSequence ?? 0)
            cursors.append(
                JournalCursor(journal: reader, range: request.timeRange, faults: faults) {
                    request.includes($0)
                })
        }
        end = max(end, (listing.segments.map(\.id.sequences.upperBound).max() ?? 0) &+ 1)
        let files = listing.segments.filter { file in
            let dayStart = Int64(file.key.day.daysSinceEpoch) * Timestamp.day
            return request.includes(file.key.className) && file.id.sequences.upperBound >= from
                && request.timeRange.overlaps(
                    first: dayStart, last: dayStart + Timestamp.day - 1)
        }
        let share = max(bufferBytesMax / max(Self.openAtOnce(files), 1), Self.shareBytesMin)
        for file in files {
            cursors.append(
                SegmentCursor(
                    file: file, fileSystem: fileSystem, range: request.timeRange,
                    bufferBytesMax: share, needsTimes: needsTimes, faults: faults))
        }
        return (cursors, end)
    }

    /// The largest number of segments whose ranges of sequence numbers have a number in common.
    private static func openAtOnce(_ files: [SegmentFile]) -> Int {
        let starts = files.map(\.id.sequences.lowerBound).sorted()
        let ends = files.map(\.id.sequences.upperBound).sorted()
        var most = 0
        var closed = 0
        for (index, start) in starts.enumerated() {
            while closed < ends.count, ends[closed] < start { closed += 1 }
            most = max(most, index + 1 - closed)
        }
        return most
    }

    // MARK: Merging

    /// Gives the lines of all cursors behind `last` and before `end`, and moves `last` along.
    private func merge(
        _ cursors: [any LineCursor], end: UInt64, last: inout UInt64?,
        _ body: (ByteView, StoredTime) throws -> Void
    ) throws {
        var heap = SequenceHeap()
        for (index, cursor) in cursors.enumerated() {
            if let next = cursor.next { heap.insert(next, index) }
        }
        while let (_, index) = heap.popSmallest() {
            let cursor = cursors[index]
            if !cursor.isOpen {
                try cursor.open()
            } else {
                let limit = min(heap.smallest ?? .max, end)
                while let number = cursor.next, number <= limit, number < end {
                    let isNew = last.map { number > $0 } ?? true
                    try cursor.take { if isNew { try body($0, $1) } }
                    if isNew { last = number }
                }
            }
            if let next = cursor.next, next < end { heap.insert(next, index) }
        }
    }
}
