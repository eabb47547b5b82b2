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
    private let fileSystem: any FileSystem
    let journals: [JournalReader]
    let segments: [SegmentFile]
    let sealedLines: SealedLines
    private var readers: [String: SegmentReader] = [:]

    /// Looks at the data directory `directory`.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem()
    ) throws(StoreError) {
        self.fileSystem = fileSystem
        let listing = try StoreListing(directory: directory, fileSystem: fileSystem)
        segments = listing.segments
        var journals: [JournalReader] = []
        var laterFirst = UInt64.max
        for (_, file) in listing.journals.reversed() {
            var reader = try JournalReader(file: file, checksums: false)
            // Frames that were written again after a failed fsync may be headers without their content here.
            if reader.entries.contains(where: { $0.header.endSequence > laterFirst }) {
                reader = try JournalReader(file: file, checksums: true)
            }
            laterFirst = reader.entries.reduce(laterFirst) { min($0, $1.header.firstSequence) }
            journals.append(reader)
        }
        self.journals = journals.reversed()
        var readers: [String: SegmentReader] = [:]
        sealedLines = try SealedLines(
            journals: Set(listing.journals.map(\.number)), segments: segments, isForWriting: false
        ) { file throws(StoreError) in
            let reader = try Self.open(file, fileSystem)
            readers[file.path] = reader
            return reader
        }
        self.readers = readers
    }

    /// Opens a segment; nil when retention has dropped it since it was listed.
    private static func open(
        _ file: SegmentFile, _ fileSystem: any FileSystem
    ) throws(StoreError) -> SegmentReader? {
        do throws(StoreError) {
            return try SegmentReader(path: file.path, fileSystem: fileSystem)
        } catch {
            if case .file(let cause) = error, cause.isMissing { return nil }
            throw error
        }
    }

    func reader(_ file: SegmentFile) throws(StoreError) -> SegmentReader? {
        if let known = readers[file.path] { return known }
        let reader = try Self.open(file, fileSystem)
        readers[file.path] = reader
        return reader
    }

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
        var faults = sealedLines.faults
        let hidden: Set<String> =
            request.filter.fieldNames.contains("_class") ? [] : RetentionPolicy.ownClasses
        var parts = segmentParts(request.timeRange, hidden, &faults)
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
