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

    func reader(_ file: SegmentFile) throws(StoreError) -> SegmentReader? {
        try view.reader(file, fileSystem)
    }

    /// How often a scan looks again when a segment is gone that it was about to open. Each time somebody must have merged or
    /// dropped another one in the instant between.
    private static let looksMax = 64

    // MARK: Scanning

    private typealias TimeBounds = (first: Int64, last: Int64)

    /// Something that gives blocks when its time has come.
    private enum Part {
        case block(SegmentReader, BlockEntry)
        case frame(JournalReader, JournalReader.Entry, seen: SequenceSet)
    }

    /// Gives blocks as `LogStore` says. Classes of weir's own records are given only when the filter names `_class`: what
    /// users ask of their lines is answered from their lines.
    public func scan(
        _ request: ScanRequest, _ body: (any ColumnBlock) throws -> ScanControl
    ) throws -> [ScanFault] {
        let hidden: Set<String> =
            request.filter.fieldNames.contains("_class") ? [] : RetentionPolicy.ownClasses
        var faults = sealedLines.faults
        var parts = segmentParts(request.timeRange, hidden, &faults)
        // Merged or dropped since it was listed: only another look shows all lines, once. What is open from here on stays.
        for _ in 0..<Self.looksMax where view.hasMissed {
            view = try StoreView(directory: directory, fileSystem: fileSystem)
            faults = sealedLines.faults
            parts = segmentParts(request.timeRange, hidden, &faults)
        }
        parts += journalParts(request.timeRange, &faults)
        switch request.order {
        case .oldestFirst: parts.sort { $0.bounds.first < $1.bounds.first }
        case .newestFirst: parts.sort { $0.bounds.last > $1.bounds.last }
        }
        // Only frames need one, and it is large.
        lazy var table = ShapeTable()
        for (_, part) in parts {
            do {
                for block in try blocks(of: part, table: { table })
                where !hidden.contains(block.className) {
                    if try body(block) == .stop { return faults }
                }
            } catch let fault as ScanFault {
                faults.append(fault)
            }
        }
        return faults
    }

    private func segmentParts(
        _ range: TimeRange, _ hidden: Set<String>, _ faults: inout [ScanFault]
    ) -> [(bounds: TimeBounds, part: Part)] {
        var parts: [(bounds: TimeBounds, part: Part)] = []
        for file in segments where !hidden.contains(file.key.className) {
            let dayStart = Int64(file.key.day.daysSinceEpoch) * Timestamp.day
            guard range.overlaps(first: dayStart, last: dayStart + Timestamp.day - 1) else {
                continue
            }
            do throws(StoreError) {
                guard let reader = try reader(file) else { continue }
                for block in reader.footer.blocks
                where range.overlaps(first: block.firstTime, last: block.lastTime) {
                    parts.append(
                        ((block.firstTime, block.lastTime), .block(reader, block)))
                }
            } catch {
                faults.append(Self.fault(error, file: file.path))
            }
        }
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
        _ range: TimeRange, _ faults: inout [ScanFault]
    ) -> [(bounds: TimeBounds, part: Part)] {
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

    private func blocks(of part: Part, table: () -> ShapeTable) throws -> [any ColumnBlock] {
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
