internal import LogBytes
public import LogQuery
internal import LogRecords
public import LogSystem

/// New lines of a data directory, as they come. Used by one thread.
///
/// Every line has a sequence number, and all below `next` have been given. Lines are read from the journal's files, which stay
/// open here until their last frame is read, even if the writer has sealed and removed them meanwhile. What was written,
/// sealed and removed between two looks shows as a gap before the next frame, or as segments behind `next`, and is read from
/// there. A file that is still being sealed is never read from its segments: not all of them may be published yet.
public final class StoreFollower {
    private let directory: String
    private let fileSystem: any FileSystem
    /// The number of the next line.
    public private(set) var next: UInt64
    private var files: [UInt64: JournalTail] = [:]
    private let table = ShapeTable()
    private var faults: [ScanFault] = []

    /// Looks at segments again when they changed while they were listed. Each time somebody must have merged some.
    private static let looksMax = 64

    /// Follows `directory` behind the lines that `store`, a look at the same directory, shows.
    public init(
        directory: String, behind store: SegmentStore, fileSystem: any FileSystem = DiskFileSystem()
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        next = store.endSequence
    }

    /// Gives the lines that came since the last call to `body`, some at a time, in the order of their arrival.
    ///
    /// - Returns: what could not be read, each fault once.
    public func poll(_ body: ([RowSlice]) throws -> Void) throws -> [ScanFault] {
        faults = []
        var hasChanged = false
        for _ in 0..<Self.looksMax {
            let listed = try look()
            // Files go all at once, when they are sealed: where there are none, some may have come and gone.
            if listed.isEmpty || Set(listed) != Set(files.keys)
                || files.values.contains(where: \.isNew)
            {
                hasChanged = true
            }
            try readFiles(body)
            files = files.filter { listed.contains($0.key) }
            for file in files.values { file.isNew = false }
            if try !hasChanged || readSealed(known: Set(listed), body) { break }
        }
        return faults
    }

    // MARK: Journal

    /// Opens the journal's files that are not open yet; the numbers of all that are there.
    private func look() throws(StoreError) -> [UInt64] {
        do throws(FileError) {
            var numbers: [UInt64] = []
            for (number, path) in try DirectoryListing.journals(directory, fileSystem) {
                if files[number] == nil {
                    do throws(FileError) {
                        files[number] = try JournalTail(try fileSystem.open(path, .read))
                    } catch  where error.isMissing {
                        continue
                    }
                }
                numbers.append(number)
            }
            return numbers
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .file(error)
        }
    }

    private func readFiles(_ body: ([RowSlice]) throws -> Void) throws {
        for (_, file) in files.sorted(by: { $0.key < $1.key }) {
            while let found = try file.nextFrame(&faults) {
                let header = found.header
                if header.endSequence <= next { continue }
                // Sealed and removed before they were seen.
                if header.firstSequence > next {
                    try readSegments(upTo: header.firstSequence, body)
                    next = header.firstSequence
                }
                let frame = found.payload.withView {
                    JournalFrame(header: header, payload: $0, table: table)
                }
                if let frame {
                    try give(frame, body)
                } else {
                    faults.append(file.fault(header, "does not decode"))
                }
                next = header.endSequence
            }
        }
    }

    private func give(_ frame: JournalFrame, _ body: ([RowSlice]) throws -> Void) throws {
        var rows = [[Int]](repeating: [], count: frame.classNames.count)
        for row in 0..<frame.batch.records.count
        where frame.header.firstSequence + UInt64(row) >= next {
            rows[frame.lineClasses[row]].append(row)
        }
        let slices = rows.indices.compactMap { index -> RowSlice? in
            let block = BatchBlock(
                batch: frame.batch, rows: rows[index],
                sequences: rows[index].map { frame.header.firstSequence + UInt64($0) },
                className: frame.classNames[index])
            return block.map { RowSlice(block: $0, rows: Array(rows[index].indices)) }
        }
        try body(slices)
    }

    // MARK: Segments

    /// Gives what was sealed and removed before it was seen; false when files came and went meanwhile: look again.
    private func readSealed(
        known: Set<UInt64>, _ body: ([RowSlice]) throws -> Void
    ) throws -> Bool {
        let before = try segments()
        let now = try listedJournals()
        guard now.isSubset(of: known), try segments() == before else { return false }
        // What stands in a file of the journal will be read there.
        let sealed = before.filter { segment in
            !known.contains(where: segment.id.journals.contains)
        }
        guard sealed.contains(where: { $0.id.sequences.upperBound >= next }) else { return true }
        guard let end = try read(sealed, upTo: .max, body) else { return false }
        next = max(next, end)
        return true
    }

    /// Gives the lines from `next` up to and without `end`, all of which are sealed.
    private func readSegments(
        upTo end: UInt64, _ body: ([RowSlice]) throws -> Void
    ) throws {
        for _ in 0..<Self.looksMax {
            if try read(try segments(), upTo: end, body) != nil { return }
        }
        faults.append(
            ScanFault(
                file: directory, offset: 0,
                message: "segments go while they are listed; some lines are left out"))
    }

    private func segments() throws(StoreError) -> [SegmentFile] {
        do throws(FileError) {
            return try DirectoryListing.segments(directory, fileSystem).files
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .file(error)
        }
    }

    private func listedJournals() throws(StoreError) -> Set<UInt64> {
        do throws(FileError) {
            return Set(try DirectoryListing.journals(directory, fileSystem).map(\.number))
        } catch {
            throw .file(error)
        }
    }

    /// Gives the lines of `segments` from `next` up to and without `end`; the number behind the last of them. Nil, and nothing
    /// given, when a segment is gone.
    private func read(
        _ segments: [SegmentFile], upTo end: UInt64, _ body: ([RowSlice]) throws -> Void
    ) throws -> UInt64? {
        var slices: [RowSlice] = []
        var last = next
        for file in segments
        where file.id.sequences.upperBound >= next && file.id.sequences.lowerBound < end {
            do throws(StoreError) {
                let reader = try SegmentReader(path: file.path, fileSystem: fileSystem)
                for entry in reader.footer.blocks {
                    let numbers = try reader.sequences(of: entry)
                    let rows = numbers.indices.filter { numbers[$0] >= next && numbers[$0] < end }
                    guard let newest = rows.map({ numbers[$0] }).max() else { continue }
                    last = max(last, newest + 1)
                    slices.append(
                        RowSlice(block: SegmentBlock(reader: reader, entry: entry), rows: rows))
                }
            } catch {
                if case .file(let cause) = error, cause.isMissing { return nil }
                faults.append(SegmentStore.fault(error, file: file.path))
            }
        }
        if !slices.isEmpty { try body(slices) }
        return last
    }
}

/// One file of the journal, read frame by frame as it grows. Used by one thread.
private final class JournalTail {
    let file: any OpenFile
    /// Whether it was opened in the present look.
    var isNew = true
    private var offset: Int
    /// The size of the file when what stands at `offset` was last found to be no frame.
    private var brokenSize: Int?

    init(_ file: any OpenFile) throws(FileError) {
        self.file = file
        let head = try file.readBytes(at: 0, count: JournalFormat.fileHeaderBytes)
        offset = head.withView(JournalFormat.framesStart)
    }

    func fault(_ header: FrameHeader, _ what: String) -> ScanFault {
        ScanFault(
            file: file.path, offset: offset,
            message: "a frame of the journal \(what); its \(header.lineCount) lines are left out")
    }

    /// The next whole frame; nil when there is none yet. Damage is passed over once a valid frame stands behind it: until then
    /// it may be a frame that is being written.
    func nextFrame(
        _ faults: inout [ScanFault]
    ) throws(StoreError) -> (header: FrameHeader, payload: [UInt8])? {
        do throws(FileError) {
            while true {
                let size = try file.size()
                guard offset + JournalFormat.frameHeaderBytes <= size else { return nil }
                if let found = try frame(size: size) {
                    offset += JournalFormat.frameHeaderBytes + found.payload.count
                    brokenSize = nil
                    return found
                }
                guard brokenSize != size else { return nil }
                brokenSize = size
                guard let next = try nextValid() else { return nil }
                faults.append(
                    ScanFault(
                        file: file.path, offset: offset,
                        message: "\(next - offset) bytes of the journal are damaged; "
                            + "their lines are left out"))
                offset = next
            }
        } catch {
            throw .file(error)
        }
    }

    private func frame(size: Int) throws(FileError) -> (header: FrameHeader, payload: [UInt8])? {
        let head = try file.readBytes(at: offset, count: JournalFormat.frameHeaderBytes)
        guard let header = head.withView({ FrameHeader($0) }) else { return nil }
        let start = offset + JournalFormat.frameHeaderBytes
        let count = Int(header.storedBytes)
        guard start + count <= size else { return nil }
        let payload = try file.readBytes(at: start, count: count)
        guard payload.count == count,
            payload.withView({ Checksum.crc32c($0) }) == header.payloadChecksum
        else { return nil }
        return (header, payload)
    }

    /// The offset of the first valid frame behind `offset`.
    private func nextValid() throws(FileError) -> Int? {
        let reader: JournalReader
        do throws(StoreError) {
            reader = try JournalReader(file: file, checksums: true)
        } catch {
            if case .file(let cause) = error { throw cause }
            return nil
        }
        return reader.entries.lazy.map { $0.payloadOffset - JournalFormat.frameHeaderBytes }
            .first { $0 > self.offset }
    }
}
