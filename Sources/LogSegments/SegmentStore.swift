internal import LogBytes
public import LogQuery
internal import LogRecords
public import LogSystem

/// A data directory as a query sees it: read without a lock, beside a writer and other readers.
///
/// What is there is fixed when the store is made. Journal files are opened before segments are listed: a file that is sealed
/// meanwhile is still open here, and the segments made from it name it, so none of its lines is missed or met twice. Used by
/// one thread.
public final class SegmentStore: LogStore {
    private let directory: String
    private let fileSystem: any FileSystem
    private var view: StoreView

    var journals: [JournalReader] { view.journals }
    var segments: [SegmentFile] { view.segments }
    var sealedLines: SealedLines { view.sealedLines }

    /// Looks at the data directory `directory`.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) {
        self.directory = directory
        self.fileSystem = fileSystem
        view = try StoreView(directory: directory, fileSystem: fileSystem)
    }

    /// The sequence number behind that of every line that is seen: where following begins.
    public var endSequence: UInt64 { view.endSequence }

    func reader(_ file: SegmentFile) throws(StoreError) -> SegmentReader? {
        try view.reader(file, fileSystem)
    }

    /// How often a scan looks again when a segment is gone that it was about to open. Each time somebody must have merged or
    /// dropped another one in the instant between.
    private static let looksMax = 64

    // MARK: Scanning

    /// The parts that `LogStore` asks for. Classes of weir's own records are in it only when the filter names `_class`: what users
    /// ask of their lines is answered from their lines.
    public func parts(_ request: ScanRequest) throws -> ScanParts {
        let hidden = Self.hiddenClasses(request)
        let before = request.recorder?.statistics
        var faults = sealedLines.faults
        var parts: [any ScanPart] = segmentParts(request, hidden, &faults)
        // Merged or dropped since it was listed: only another look shows all lines, once. What is open from here on stays.
        for _ in 0..<Self.looksMax where view.hasMissed {
            view = try StoreView(directory: directory, fileSystem: fileSystem)
            if let before { request.recorder?.statistics = before }
            faults = sealedLines.faults
            parts = segmentParts(request, hidden, &faults)
        }
        parts += journalParts(request, hidden, &faults) as [any ScanPart]
        var found = ScanParts(parts: parts, faults: faults)
        found.sort(request.order)
        return found
    }

    /// The classes that `request` is not shown.
    private static func hiddenClasses(_ request: ScanRequest) -> Set<String> {
        request.filter.fieldNames.contains("_class") ? [] : RetentionPolicy.ownClasses
    }

    private func segmentParts(
        _ request: ScanRequest, _ hidden: Set<String>, _ faults: inout [ScanFault]
    ) -> [SegmentPart] {
        let range = request.timeRange
        // Only the disk is known to stand several readers at once; those of tests are simpler.
        let isThreadBound = !(fileSystem is DiskFileSystem)
        var tally = PartitionTally(request.recorder)
        var parts: [SegmentPart] = []
        for file in segments {
            if hidden.contains(file.key.className) {
                tally.skip(file, \.skippedByClass)
                continue
            }
            let dayStart = Int64(file.key.day.daysSinceEpoch) * Timestamp.day
            guard range.overlaps(first: dayStart, last: dayStart + Timestamp.day - 1) else {
                tally.skip(file, \.skippedByTime)
                continue
            }
            do throws(StoreError) {
                guard let reader = try reader(file) else { continue }
                tally.open(file, reader)
                for entry in reader.footer.blocks {
                    let part = SegmentPart(
                        reader: reader, entry: entry, isThreadBound: isThreadBound)
                    let isWanted = range.overlaps(first: entry.firstTime, last: entry.lastTime)
                    tally.add(part, isWanted: isWanted)
                    if isWanted { parts.append(part) }
                }
            } catch {
                faults.append(Self.fault(error, file: file.path))
            }
        }
        tally.finish()
        return parts
    }

    static func fault(_ error: StoreError, file: String) -> ScanFault {
        if case .damaged(let file, let offset, let what) = error {
            return ScanFault(
                file: file, offset: offset,
                message: "\(what); the lines of this segment are left out of the answer")
        }
        return ScanFault(file: file, offset: 0, message: error.description)
    }

    private func journalParts(
        _ request: ScanRequest, _ hidden: Set<String>, _ faults: inout [ScanFault]
    ) -> [FramePart] {
        let range = request.timeRange
        var parts: [FramePart] = []
        let tables = FrameTables()
        // A frame that was written again after a failed fsync is in two files; its lines count once.
        var seen = SequenceSet()
        for reader in journals {
            for entry in reader.entries {
                let header = entry.header
                if range.overlaps(first: header.firstTime, last: header.lastTime) {
                    let before = seen.overlaps(header.sequences) ? seen : SequenceSet()
                    parts.append(
                        FramePart(
                            reader: reader, entry: entry, seen: before, sealedLines: sealedLines,
                            hidden: hidden, tables: tables))
                } else {
                    request.recorder?.statistics.frames.skippedByTime += 1
                    request.recorder?.statistics.bytes.skippedByTime += Int(header.storedBytes)
                }
                seen.insert(header.sequences)
            }
            for damage in reader.damages {
                faults.append(
                    ScanFault(
                        file: reader.file.path, offset: damage.offset,
                        message: "\(damage.bytes) bytes of the journal are damaged; "
                            + "their lines are left out of the answer"))
            }
        }
        return parts
    }
}

/// A block of a segment.
struct SegmentPart: ScanPart {
    let reader: SegmentReader
    let entry: BlockEntry
    let isThreadBound: Bool

    var timeBounds: (first: Int64, last: Int64) { (entry.firstTime, entry.lastTime) }
    var rowCount: Int { entry.rows }
    var storedBytes: Int { entry.chunks.reduce(0) { $0 + $1.storedBytes } }
    var isJournal: Bool { false }
    func blocks() -> [any ColumnBlock] { [SegmentBlock(reader: reader, entry: entry)] }
}

/// The shapes of a journal's lines, learnt when the first frame is read: most queries read none.
private final class FrameTables {
    lazy var table = ShapeTable()
}

/// A frame of the journal. Bound to one thread: the frames share what was learnt of their lines' shapes.
private struct FramePart: ScanPart, @unchecked Sendable {
    let reader: JournalReader
    let entry: JournalReader.Entry
    let seen: SequenceSet
    let sealedLines: SealedLines
    let hidden: Set<String>
    let tables: FrameTables

    var timeBounds: (first: Int64, last: Int64) { (entry.header.firstTime, entry.header.lastTime) }
    var rowCount: Int { Int(entry.header.lineCount) }
    var storedBytes: Int { Int(entry.header.storedBytes) }
    var isJournal: Bool { true }
    var isThreadBound: Bool { true }

    /// The lines of the frame that are in no segment, a block for each class.
    func blocks() throws -> [any ColumnBlock] {
        guard let frame = try reader.frame(entry, table: tables.table) else {
            throw ScanFault(
                file: reader.file.path, offset: entry.payloadOffset,
                message: "a frame of the journal is damaged; "
                    + "its \(entry.header.lineCount) lines are left out of the answer")
        }
        var rows = [[Int]](repeating: [], count: frame.classNames.count)
        var sequences = [[UInt64]](repeating: [], count: frame.classNames.count)
        for row in 0..<frame.batch.records.count {
            let sequence = frame.header.firstSequence + UInt64(row)
            if seen.contains(sequence) || sealedLines.contains(sequence) { continue }
            rows[frame.lineClasses[row]].append(row)
            sequences[frame.lineClasses[row]].append(sequence)
        }
        return rows.indices.compactMap { index -> (any ColumnBlock)? in
            if hidden.contains(frame.classNames[index]) { return nil }
            return BatchBlock(
                batch: frame.batch, rows: rows[index], sequences: sequences[index],
                className: frame.classNames[index])
        }
    }
}
