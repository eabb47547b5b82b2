internal import LogBytes
internal import LogRecords
internal import LogSystem

/// The journal file that lines are appended to before they are sealed.
///
/// `append` writes, `commit` makes durable: everything between two commits is one group. After a failed fsync nothing is
/// known of the file's tail, so the uncommitted frames, which are kept until then, are written again to a new file; sequence
/// numbers let readers drop what is there twice.
final class JournalWriter {
    private let fileSystem: any FileSystem
    private let directory: String
    private let clock: any WallClock
    private var file: (any OpenFile)?
    private var offset = 0
    private var frames: FrameWriter
    /// The frames of the group, behind `lead` bytes that are none of it: so many that the frames stand in memory as they do in the
    /// blocks of the file, which takes them without a copy then (`OpenMode.blockBytes`).
    private var uncommitted = ByteWriter(capacity: 1 << 16)
    private var lead = 0
    /// The mark that is written next.
    private var markNumber = 0
    /// Whether frames are compressed: see `noteSpeed`.
    private var packs = true
    /// How long writing the present group has taken, nanoseconds: of large frames the disk has most before they are synchronized.
    private var writeTime: Int64 = 0

    /// Numbers of the files that hold lines not sealed yet, ascending.
    private(set) var fileNumbers: [UInt64] = []
    private var nextNumber: UInt64
    /// Set while the uncommitted frames are known to be in no file: an fsync failed, and so did writing them again.
    private var mustRewrite = false
    /// Fsyncs done so far.
    private(set) var synchronizations = 0
    /// Bytes written so far.
    private(set) var writtenBytes = 0

    init(
        fileSystem: any FileSystem, clock: any WallClock, directory: String, nextNumber: UInt64,
        classNames: [String]
    ) {
        self.clock = clock
        self.fileSystem = fileSystem
        self.directory = directory
        self.nextNumber = nextNumber
        self.frames = FrameWriter(classNames: classNames)
    }

    /// Bytes that were written and are not durable yet.
    var uncommittedBytes: Int { uncommitted.count - lead }

    /// Writes one frame. Throws without effect: what a failed write left behind is cut off or lies behind the end that the
    /// next write starts from.
    func append(
        _ batches: [RecordBatch], positions: [SourcePosition] = [], firstSequence: UInt64
    ) throws(StoreError) {
        if mustRewrite { try rewriteUncommitted() }
        if uncommittedBytes == 0 { beginGroup() }
        let start = uncommitted.count
        _ = frames.append(
            batches, positions: positions, firstSequence: firstSequence, packs: packs,
            into: &uncommitted)
        do throws(FileError) {
            try openIfNeeded()
            let begin = clock.monotonic()
            try write(uncommitted.view.dropFirst(start))
            writeTime += clock.monotonic() - begin
        } catch {
            uncommitted.truncate(start)
            throw .writing(error)
        }
    }

    private func beginGroup() {
        uncommitted.removeAll()
        uncommitted.reserve(OpenMode.blockBytes)
        let next = file == nil ? JournalFormat.fileHeaderBytes : offset
        lead = (next - Int(bitPattern: uncommitted.base)) & (OpenMode.blockBytes - 1)
        uncommitted.advance(lead)
    }

    /// The number of a file that somebody else makes; this writer will not use it.
    func takeNumber() -> UInt64 {
        defer { nextNumber += 1 }
        return nextNumber
    }

    private func write(_ bytes: ByteView) throws(FileError) {
        guard let file else { return }
        do throws(FileError) {
            try file.write(bytes, at: offset)
        } catch {
            try? file.truncate(to: offset)
            throw error
        }
        offset += bytes.count
        writtenBytes += bytes.count
    }

    private func openIfNeeded() throws(FileError) {
        if file != nil { return }
        let number = nextNumber
        let path = DataDirectory.journalPath(directory, number: number)
        let fresh = try fileSystem.open(path, .createLog)
        // Should the file be in the way after a failure, the next one has another name.
        nextNumber += 1
        var header = ByteWriter(capacity: JournalFormat.fileHeaderBytes)
        JournalFormat.appendFileHeader(number: number, into: &header)
        do throws(FileError) {
            try fresh.write(header.view, at: 0)
            // A header that a power cut takes from under its frames would leave them without their marks.
            try fresh.synchronize()
            synchronizations += 1
            try fileSystem.synchronizeDirectory(DataDirectory.journals(directory))
        } catch {
            try? fileSystem.remove(path)
            throw error
        }
        file = fresh
        offset = header.count
        fileNumbers.append(number)
    }

    /// Makes everything appended so far durable.
    func commit() throws(StoreError) {
        guard uncommittedBytes > 0 else { return }
        if mustRewrite {
            try rewriteUncommitted()
        } else {
            let begin = clock.monotonic()
            do throws(FileError) {
                try file?.synchronize()
                synchronizations += 1
                markDurable()
                noteSpeed(
                    bytes: uncommittedBytes,
                    nanoseconds: writeTime + clock.monotonic() - begin)
            } catch {
                try rewriteUncommitted()
            }
        }
        uncommitted.removeAll()
        lead = 0
        writeTime = 0
    }

    /// Notes in the file's header how much of it is synchronized. What cannot be noted is not known to a reader; nothing is lost.
    private func markDurable() {
        var mark = ByteWriter(capacity: 16)
        JournalFormat.appendMark(durableEnd: offset, into: &mark)
        try? file?.write(mark.view, at: JournalFormat.markOffsets[markNumber])
        markNumber = 1 - markNumber
    }

    /// A group of this size shows how fast the disk is; smaller ones cost little to compress.
    private static let telling = 1 << 20
    /// A disk that takes more bytes a second takes lines as they are: compressing them is what would keep them waiting.
    private static let fastBytesPerSecond = 300_000_000

    /// Decides by the last group whether the next one is compressed. Lines are in the journal for minutes only, so it is time
    /// that counts there, and not room.
    private func noteSpeed(bytes: Int, nanoseconds: Int64) {
        guard bytes >= Self.telling else {
            packs = true
            return
        }
        let needed = Int64(bytes) * 1_000_000_000 / Int64(Self.fastBytesPerSecond)
        packs = nanoseconds > needed
    }

    private func rewriteUncommitted() throws(StoreError) {
        mustRewrite = true
        file = nil
        do throws(FileError) {
            try openIfNeeded()
            try write(uncommitted.view.dropFirst(lead))
            try file?.synchronize()
            synchronizations += 1
            markDurable()
            mustRewrite = false
        } catch {
            abandonFile()
            throw .writing(error)
        }
    }

    /// Gives up the newest file, in which nothing was promised: a disk that stays full must not fill with attempts.
    private func abandonFile() {
        guard file != nil, let number = fileNumbers.last else { return }
        file = nil
        let path = DataDirectory.journalPath(directory, number: number)
        if (try? fileSystem.remove(path)) != nil { fileNumbers.removeLast() }
    }

    /// Removes all files: their lines are in segments now. The next append begins a new file.
    func removeSealedFiles() throws(StoreError) {
        file = nil
        do throws(FileError) {
            while let number = fileNumbers.first {
                try fileSystem.remove(DataDirectory.journalPath(directory, number: number))
                fileNumbers.removeFirst()
            }
            try fileSystem.synchronizeDirectory(DataDirectory.journals(directory))
        } catch {
            throw .writing(error)
        }
    }
}
