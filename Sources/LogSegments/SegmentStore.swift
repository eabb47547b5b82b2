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

    typealias TimeBounds = (first: Int64, last: Int64)

    /// Something that gives blocks when its time has come.
    enum Part {
        case block(SegmentReader, BlockEntry)
        case frame(JournalReader, JournalReader.Entry, seen: SequenceSet)

        /// The bytes that it takes in its file.
        var storedBytes: Int {
            switch self {
            case .block(_, let entry): entry.chunks.reduce(0) { $0 + $1.storedBytes }
            case .frame(_, let entry, _): Int(entry.header.storedBytes)
            }
        }
    }

    /// Gives blocks as `LogStore` says. Classes of weir's own records are given only when the filter names `_class`: what
    /// users ask of their lines is answered from their lines.
    public func scan(
        _ request: ScanRequest, _ body: (any ColumnBlock) throws -> ScanControl
    ) throws -> [ScanFault] {
        try SegmentStores([self]).scan(request, body)
    }

    /// The classes that `request` is not shown.
    static func hiddenClasses(_ request: ScanRequest) -> Set<String> {
        request.filter.fieldNames.contains("_class") ? [] : RetentionPolicy.ownClasses
    }

    /// All that may hold lines which `request` wants, in no order.
    func parts(
        _ request: ScanRequest, _ faults: inout [ScanFault]
    ) throws(StoreError) -> [(bounds: TimeBounds, part: Part)] {
        let hidden = Self.hiddenClasses(request)
        let before = request.recorder?.statistics
        var own = sealedLines.faults
        var parts = segmentParts(request, hidden, &own)
        // Merged or dropped since it was listed: only another look shows all lines, once. What is open from here on stays.
        for _ in 0..<Self.looksMax where view.hasMissed {
            view = try StoreView(directory: directory, fileSystem: fileSystem)
            if let before { request.recorder?.statistics = before }
            own = sealedLines.faults
            parts = segmentParts(request, hidden, &own)
        }
        parts += journalParts(request, &own)
        faults += own
        return parts
    }

    private func segmentParts(
        _ request: ScanRequest, _ hidden: Set<String>, _ faults: inout [ScanFault]
    ) -> [(bounds: TimeBounds, part: Part)] {
        let range = request.timeRange
        var tally = PartitionTally(request.recorder)
        var parts: [(bounds: TimeBounds, part: Part)] = []
        for file in segments {
            let dayStart = Int64(file.key.day.daysSinceEpoch) * Timestamp.day
            if hidden.contains(file.key.className) {
                tally.skip(file, \.skippedByClass)
                continue
            }
            guard range.overlaps(first: dayStart, last: dayStart + Timestamp.day - 1) else {
                tally.skip(file, \.skippedByTime)
                continue
            }
            do throws(StoreError) {
                guard let reader = try reader(file) else { continue }
                tally.open(file, reader)
                for block in reader.footer.blocks {
                    let part = Part.block(reader, block)
                    let isWanted = range.overlaps(first: block.firstTime, last: block.lastTime)
                    tally.add(block: part.storedBytes, isWanted: isWanted)
                    if isWanted { parts.append(((block.firstTime, block.lastTime), part)) }
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
        _ request: ScanRequest, _ faults: inout [ScanFault]
    ) -> [(bounds: TimeBounds, part: Part)] {
        let range = request.timeRange
        var parts: [(bounds: TimeBounds, part: Part)] = []
        // A frame that was written again after a failed fsync is in two files; its lines count once.
        var seen = SequenceSet()
        for reader in journals {
            for entry in reader.entries {
                let header = entry.header
                if range.overlaps(first: header.firstTime, last: header.lastTime) {
                    let before = seen.overlaps(header.sequences) ? seen : SequenceSet()
                    parts.append(
                        (
                            (header.firstTime, header.lastTime),
                            .frame(reader, entry, seen: before)
                        ))
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

    func blocks(of part: Part, table: () -> ShapeTable) throws -> [any ColumnBlock] {
        switch part {
        case .block(let reader, let entry):
            return [SegmentBlock(reader: reader, entry: entry)]
        case .frame(let reader, let entry, let seen):
            guard let frame = try reader.frame(entry, table: table()) else {
                throw ScanFault(
                    file: reader.file.path, offset: entry.payloadOffset,
                    message: "a frame of the journal is damaged; "
                        + "its \(entry.header.lineCount) lines are left out of the answer")
            }
            return blocks(of: frame, seen: seen)
        }
    }

    /// The lines of a frame that are in no segment, a block for each class.
    private func blocks(of frame: JournalFrame, seen: SequenceSet) -> [any ColumnBlock] {
        var rows = [[Int]](repeating: [], count: frame.classNames.count)
        var sequences = [[UInt64]](repeating: [], count: frame.classNames.count)
        for row in 0..<frame.batch.records.count {
            let sequence = frame.header.firstSequence + UInt64(row)
            if seen.contains(sequence) || sealedLines.contains(sequence) { continue }
            rows[frame.lineClasses[row]].append(row)
            sequences[frame.lineClasses[row]].append(sequence)
        }
        return rows.indices.compactMap { index -> (any ColumnBlock)? in
            BatchBlock(
                batch: frame.batch, rows: rows[index], sequences: sequences[index],
                className: frame.classNames[index])
        }
    }
}
