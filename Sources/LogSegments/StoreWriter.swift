internal import LogBytes
internal import LogQuery
public import LogRecords
public import LogSystem

/// When a store seals, and what it may hold in memory.
public struct StoreOptions: Sendable {
    /// Bytes of lines in the journal at which it is sealed.
    public var sealBytes = 128 << 20
    /// Age of the oldest line in the journal at which it is sealed, nanoseconds.
    public var sealAge = 600 * Timestamp.second
    /// Bytes of columns and encoded blocks in memory at which the journal is sealed early: lines spread over many days keep
    /// many partitions open.
    public var memoryBytesMax = 96 << 20
    /// Uncommitted bytes of the journal at which it is committed early: they are held in memory until then.
    public var uncommittedBytesMax = 6 << 20

    /// What becomes of a writer that finds `state/positions` damaged.
    public enum DamagedPositions: Sendable {
        /// It is not opened, and nothing is changed: somebody has to say what is right for the files.
        case refuse
        /// The file is kept beside, that is told as damage, and only what the journal says is known.
        case setAside
    }
    /// What a damaged `state/positions` does. It says how far files were read: without it they would be read again.
    public var damagedPositions = DamagedPositions.refuse

    /// Rows of a block; tests make blocks of a few rows, to damage one of many.
    package var blockRowsMax = SegmentFormat.blockRowsMax

    /// The defaults.
    public init() {}
}

/// A segment that was written.
public struct SealedSegment: Sendable {
    /// Its class and day.
    public let key: PartitionKey
    /// The number of its lines.
    public let lines: Int
    /// The bytes of its lines, without newlines.
    public let rawBytes: Int
    /// The bytes of its file.
    public let storedBytes: Int
}

/// The one writer of a data directory: lines go to the journal, and from there into segments.
///
/// `append` writes lines, `commit` makes them durable, `seal` moves them into segments. One thread uses it. Every failure
/// leaves the store as it was, and the same call can be tried again.
public final class StoreWriter {
    private let directory: String
    private let policy: RetentionPolicy
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let options: StoreOptions
    private let lockFile: any OpenFile
    /// The time as far as it is to be trusted: for deletion beside this writer, and for what comes in.
    public let trustedClock: TrustedClock
    private let journal: JournalWriter
    private var directories: DurableDirectories

    private var builders: [PartitionKey: SegmentBuilder] = [:]
    /// Builders that are full and not published yet, with the journal files that their lines are in.
    private var sealing: [(builder: SegmentBuilder, journals: ClosedRange<UInt64>)] = []
    /// The lines of all other partitions.
    private var strays = StrayLines()
    private var sealingStrays: [(lines: StrayLines, journals: ClosedRange<UInt64>)] = []
    private var lastBuilders = RecentBuilders()
    /// For each class the memory of its last segment.
    private var segmentMemory: [String: SegmentMemory] = [:]
    private var nextSequence: UInt64
    private var unsealedBytes = 0
    private var unsealedLines = 0
    private var oldestUnsealed: Int64 = .max
    /// The sequence numbers that recovery has met.
    private var recovered = SequenceSet()
    private let positionStore: PositionStore
    private let observer: (any LineObserver)?

    /// What the last writer left behind, and what became of it.
    public private(set) var recovery = StoreRecovery()

    /// Opens a data directory for writing, making it if need be, and recovers what a crash left in its journal.
    ///
    /// - Parameter observer: sees what is recovered, and is told before lines leave the journal.
    public init(
        directory: String, policy: RetentionPolicy, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock(), options: StoreOptions = StoreOptions(),
        observer: (any LineObserver)? = nil
    ) throws(StoreError) {
        self.observer = observer
        self.directory = directory
        self.policy = policy
        self.fileSystem = fileSystem
        self.clock = clock
        self.options = options
        directories = DurableDirectories(root: directory, fileSystem: fileSystem)
        let listing: DirectoryListing.Segments
        let journals: [(number: UInt64, path: String)]
        do throws(FileError) {
            try directories.makeRoot()
            try directories.make(DataDirectory.journals(directory))
            try directories.make(DataDirectory.segments(directory))
            try directories.make(DataDirectory.state(directory))
            lockFile = try fileSystem.open(DataDirectory.lock(directory), .readWrite)
            guard try lockFile.tryLock() else { throw FileError.lockedByWriter }
            listing = try DirectoryListing.segments(directory, fileSystem)
            for path in listing.temporary { try fileSystem.remove(path) }
            try DirectoryListing.removeSuperseded(listing, directory, fileSystem)
            try LeftoverJournals.removeTemporary(directory, fileSystem)
            journals = try DirectoryListing.journals(directory, fileSystem)
        } catch {
            throw error == .lockedByWriter ? .inUse(directory: directory) : .writing(error)
        }
        positionStore = try PositionStore(
            directory: directory, fileSystem: fileSystem, whenDamaged: options.damagedPositions)
        trustedClock = TrustedClock(directory: directory, fileSystem: fileSystem, clock: clock)
        let lastJournal = max(
            journals.last?.number ?? 0, listing.files.map(\.id.journals.upperBound).max() ?? 0)
        journal = JournalWriter(
            fileSystem: fileSystem, clock: clock, directory: directory,
            nextNumber: lastJournal + 1,
            classNames: policy.classes.map(\.name))
        nextSequence = (listing.files.map(\.id.sequences.upperBound).max() ?? 0) + 1
        if let fault = positionStore.fault { recovery.damages.append(fault) }
        try recover(journals, segments: listing.files)
        try saveState()
    }

    private func saveState() throws(StoreError) {
        try writing { () throws(FileError) in
            try StateFile.sealed(policy.text).withView { view throws(FileError) in
                try fileSystem.replace(
                    DataDirectory.retentionFile(directory), in: DataDirectory.state(directory),
                    with: view)
            }
            try trustedClock.save()
        }
    }

    /// Writes down what time it is, for the guard against a clock that has leapt while nobody was there. To be called every
    /// hour or so; any thread may call it.
    public func noteTime() throws(StoreError) {
        try writing { () throws(FileError) in try trustedClock.save() }
    }

    // MARK: Lines

    /// Writes the lines of `batches`, classified by the policy's classes, as one frame. On return readers see them; they are
    /// durable after the next `commit`.
    ///
    /// - Parameter positions: how far sources have been read with these lines; durable when the lines are.
    public func append(
        _ batches: [RecordBatch], positions: [SourcePosition] = []
    ) throws(StoreError) {
        let count = batches.reduce(0) { $0 + $1.records.count }
        guard count > 0 else {
            positionStore.note(positions, sequence: nextSequence, isInFrame: false)
            return
        }
        if journal.uncommittedBytes >= options.uncommittedBytesMax { try journal.commit() }
        try journal.append(batches, positions: positions, firstSequence: nextSequence)
        positionStore.note(positions, sequence: nextSequence, isInFrame: true)
        for batch in batches {
            var places = PartitionRuns(batch.records.buffer)
            while let (rows, place) = places.next() { append(rows, of: batch, place) }
            unsealedBytes += places.lineBytes
        }
        unsealedLines += count
        if oldestUnsealed == .max { oldestUnsealed = clock.monotonic() }
    }

    /// Adds neighbouring records of one partition.
    private func append(_ rows: Range<Int>, of batch: RecordBatch, _ place: PartitionPlace) {
        let first = nextSequence
        nextSequence += UInt64(rows.count)
        if let last = lastBuilders.builder(at: place) {
            last._withUnsafeGuaranteedRef { $0.append(rows, of: batch, firstSequence: first) }
            return
        }
        let key = PartitionKey(
            className: policy.classes[Int(place.classIndex)].name,
            day: CivilDate(daysSinceEpoch: place.dayNumber), isSkewed: place.isSkewed)
        if let builder = builder(key) {
            lastBuilders.note(builder, at: place)
            builder.append(rows, of: batch, firstSequence: first)
            return
        }
        for row in rows {
            strays.append(
                batch.records[row], of: batch, key, sequence: first + UInt64(row - rows.lowerBound))
        }
    }

    /// More partitions than this at once are not those of a stream that comes in, but of old lines in any order.
    private static let buildersMax = 64

    /// The builder of a partition; nil when its lines are strays, until the next seal.
    private func builder(_ key: PartitionKey) -> SegmentBuilder? {
        if let known = builders[key] { return known }
        guard builders.count < Self.buildersMax, !strays.contains(key) else { return nil }
        let memory = segmentMemory[key.className] ?? SegmentMemory()
        segmentMemory[key.className] = memory
        let fresh = SegmentBuilder(
            key: key, blockRowsMax: options.blockRowsMax, memory: memory)
        builders[key] = fresh
        return fresh
    }

    /// True when lines were appended and not committed.
    public var hasUncommitted: Bool { journal.uncommittedBytes > 0 || positionStore.mustSave }

    /// Makes all lines and positions appended so far durable.
    public func commit() throws(StoreError) {
        try journal.commit()
        if positionStore.mustSave { try savePositions() }
    }

    /// The sequence number of the next line: all below it are appended.
    public var endSequence: UInt64 { nextSequence }

    /// How far sources have been read, by the lines and positions appended so far.
    public var positions: [SourcePosition] { positionStore.positions }

    private func savePositions() throws(StoreError) {
        try writing { () throws(FileError) in try positionStore.save(sequence: nextSequence) }
    }

    /// Fsyncs of the journal so far.
    public var journalSynchronizations: Int { journal.synchronizations }

    /// Bytes written to the journal so far.
    public var journalBytes: Int { journal.writtenBytes }

    // MARK: Sealing

    /// True when the journal is large or old enough to be sealed.
    public var isSealDue: Bool {
        guard unsealedLines > 0 else { return false }
        if unsealedBytes >= options.sealBytes { return true }
        if clock.monotonic() &- oldestUnsealed >= options.sealAge { return true }
        return memoryBytes >= options.memoryBytesMax
    }

    private var memoryBytes: Int {
        strays.memoryBytes + builders.values.reduce(0) { $0 + $1.memoryBytes }
            + sealing.reduce(0) { $0 + $1.builder.memoryBytes }
            + sealingStrays.reduce(0) { $0 + $1.lines.memoryBytes }
    }

    /// Moves all lines from the journal into segments and removes the journal's files. After a failure the lines that are not
    /// in a segment yet are in the journal still.
    ///
    /// - Returns: the segments that were written.
    public func seal() throws(StoreError) -> [SealedSegment] {
        try journal.commit()
        observer?.save(below: nextSequence)
        let sealed = try publish(journals: journal.fileNumbers)
        // With the journal's files go the positions that only they hold.
        try savePositions()
        try journal.removeSealedFiles()
        return sealed
    }

    private func publish(journals: [UInt64]) throws(StoreError) -> [SealedSegment] {
        guard let first = journals.first, let last = journals.last else { return [] }
        var sealed: [SealedSegment] = []
        lastBuilders.removeAll()
        // What a failure interrupted is done again as it was: a segment that got its name all the same is replaced by
        // itself, and lines that came since go to segments of their own.
        sealing += builders.keys.sorted().compactMap { builders[$0] }.map { ($0, first...last) }
        builders = [:]
        if !strays.isEmpty {
            sealingStrays.append((strays, first...last))
            strays = StrayLines()
        }
        while let (builder, journals) = sealing.first {
            sealed.append(
                try writing { () throws(FileError) in
                    try publish(builder, journals: journals)
                })
            sealing.removeFirst()
        }
        // A class that nothing came of keeps no memory.
        let present = Set(sealed.map(\.key.className))
        segmentMemory = segmentMemory.filter { present.contains($0.key) }
        while let (lines, journals) = sealingStrays.first {
            try lines.drain(blockRowsMax: options.blockRowsMax) { builder throws(StoreError) in
                sealed.append(
                    try writing { () throws(FileError) in
                        try publish(builder, journals: journals)
                    })
            }
            sealingStrays.removeFirst()
        }
        unsealedBytes = 0
        unsealedLines = 0
        oldestUnsealed = .max
        return sealed
    }

    private func publish(
        _ builder: SegmentBuilder, journals: ClosedRange<UInt64>
    ) throws(FileError) -> SealedSegment {
        let partition = DataDirectory.partition(directory, builder.key)
        try directories.make(partition)
        let id = SegmentID(
            sequences: builder.firstSequence...builder.lastSequence, journals: journals)
        let path = partition + "/" + DataDirectory.segmentName(id)
        let temporary = path + DataDirectory.temporarySuffix
        let bytes = try builder.finish { view throws(FileError) in
            do throws(FileError) {
                let file = try fileSystem.open(temporary, .readWrite)
                try file.truncate(to: 0)
                try file.write(view, at: 0)
                try file.synchronize()
            } catch {
                try? fileSystem.remove(temporary)
                throw error
            }
            return view.count
        }
        try fileSystem.rename(temporary, to: path)
        try fileSystem.synchronizeDirectory(partition)
        builder.giveMemory()
        return SealedSegment(
            key: builder.key, lines: builder.rowCount, rawBytes: builder.rawBytes,
            storedBytes: bytes)
    }

    /// Seals, and notes the time for the guard against a jumping clock.
    public func close() throws(StoreError) -> [SealedSegment] {
        let sealed = try seal()
        try saveState()
        return sealed
    }
}

// MARK: Recovery

/// What a writer found in the journal of the one before it.
public struct StoreRecovery: Sendable {
    /// Lines that were in the journal only and are in segments now.
    public var lines = 0
    /// Bytes behind the last whole frame, cut off: no one was told that they were safe.
    public var tornBytes = 0
    /// Damaged parts, one sentence each; the file is kept beside the journal.
    public var damages: [String] = []

    /// Nothing was left behind.
    public init() {}
}

extension StoreWriter {
    /// Seals what the journal files hold, less what segments hold already, and removes them.
    private func recover(
        _ journals: [(number: UInt64, path: String)], segments: [SegmentFile]
    ) throws(StoreError) {
        guard !journals.isEmpty else { return }
        var left = try LeftoverJournals(journals, directory: directory, fileSystem: fileSystem)
        // Lines go into segments partition by partition: were their frames lost by then, they would be there in part, and their
        // positions not at all.
        try writing { () throws(FileError) in try left.secure(number: journal.takeNumber()) }
        let numbers = left.files.map(\.number)
        let sealedLines = try SealedLines(
            journals: Set(numbers), segments: segments, isForWriting: true
        ) { file throws(StoreError) in
            try SegmentReader(path: file.path, fileSystem: fileSystem)
        }
        try makeDurable(segments, sealedFrom: numbers)
        recovery.damages += sealedLines.faults.map { "\($0.file): \($0.message)" }
        let damaged = try recover(&left, without: sealedLines)
        _ = try publish(journals: numbers)
        observer?.save(below: nextSequence)
        try savePositions()
        try writing { () throws(FileError) in
            try positionStore.makeDurable()
            // Segments older than a copy name the files that its frames were copied from, and not the copy: it goes before them,
            // or its lines would be there twice.
            for path in left.files.map(\.path).reversed() {
                if damaged.contains(path) {
                    try fileSystem.rename(
                        path, to: SetAsideName.free(path, SetAsideName.damaged, fileSystem))
                } else {
                    try fileSystem.remove(path)
                }
                try fileSystem.synchronizeDirectory(DataDirectory.journals(directory))
            }
        }
    }

    /// Makes the names of segments durable whose lines are in the journal, too, which is about to be removed: the writer
    /// before may have died between giving them their names and the fsync.
    private func makeDurable(
        _ segments: [SegmentFile], sealedFrom journals: [UInt64]
    ) throws(StoreError) {
        let fresh = segments.filter { journals.contains(where: $0.id.journals.contains) }
        try writing { () throws(FileError) in
            for key in Set(fresh.map(\.key)).sorted() {
                let partition = DataDirectory.partition(directory, key)
                try directories.make(partition)
                try fileSystem.synchronizeDirectory(partition)
            }
        }
    }

    /// Does file operations for writing, whose failures become the store's.
    private func writing<Result>(
        _ body: () throws(FileError) -> Result
    ) throws(StoreError) -> Result {
        do throws(FileError) {
            return try body()
        } catch {
            throw .writing(error)
        }
    }

    /// Takes in all frames that are left; the paths of files that are damaged.
    private func recover(
        _ left: inout LeftoverJournals, without sealedLines: SealedLines
    ) throws(StoreError) -> Set<String> {
        let numbers = left.files.map(\.number)
        let table = ShapeTable()
        var damaged: Set<String> = []
        for place in left.places {
            let path = left.files[place.file].path
            let frame = try writing { () throws(FileError) in
                try left.frame(place, table: table)
            }
            guard let frame else {
                recovery.damages.append(
                    "\(path): the frame at byte \(place.entry.payloadOffset) does not decode; "
                        + "its \(place.entry.header.lineCount) lines are in \(path).damaged")
                damaged.insert(path)
                continue
            }
            let before = recovery.damages.count
            recover(frame, without: sealedLines)
            if recovery.damages.count > before { damaged.insert(path) }
            if memoryBytes >= options.memoryBytesMax { _ = try publish(journals: numbers) }
        }
        for file in left.files {
            recovery.tornBytes += file.tornBytes
            for damage in file.damages {
                recovery.damages.append(
                    "\(file.path): \(damage.bytes) bytes at byte \(damage.offset) are damaged; "
                        + "the file is kept as \(file.path).damaged")
                damaged.insert(file.path)
            }
        }
        return damaged
    }

    private func recover(_ frame: JournalFrame, without sealedLines: SealedLines) {
        let isNew = !recovered.contains(frame.header.firstSequence)
        // A frame that was written again after a failed fsync is in two files.
        for row in 0..<frame.batch.records.count {
            let sequence = frame.header.firstSequence + UInt64(row)
            guard !recovered.contains(sequence), !sealedLines.contains(sequence) else { continue }
            let record = frame.batch.records[row]
            let name = frame.classNames[frame.lineClasses[row]]
            guard RetentionPolicy.isClassName(name) else {
                recovery.damages.append("a journal frame names the class `\(name)`")
                return
            }
            let key = PartitionKey(
                className: name,
                day: CivilDate(daysSinceEpoch: Timestamp.dayNumber(record.time)),
                isSkewed: record.isSkewed)
            if let builder = builder(key) {
                builder.append(row, of: frame.batch, sequence: sequence)
            } else {
                strays.append(record, of: frame.batch, key, sequence: sequence)
            }
            recovery.lines += 1
        }
        recovered.insert(frame.header.sequences)
        positionStore.recover(frame.positions, sequence: frame.header.firstSequence)
        nextSequence = max(nextSequence, frame.header.endSequence)
        // Lines that segments hold already may be newer than what the observer has saved.
        if let observer, isNew {
            frame.leaveInputOnly(policy)
            observer.replay(frame.batch, sequence: frame.header.firstSequence)
        }
    }
}
