internal import LogBytes
internal import LogRecords
public import LogSystem

/// What a repair did, one thing after the other.
public struct RepairReport: Sendable {
    /// What was done, in words, with paths.
    public internal(set) var actions: [String] = []
    /// What could not be done.
    public internal(set) var failures: [String] = []
    /// Lines that were in the journal only, and are in segments now.
    public internal(set) var recoveredLines = 0
    /// Lines known to be lost for good, by damage that the repair took out of the way.
    public internal(set) var lostLines = 0
    /// Whether lines are lost of which nobody knows how many they are.
    public internal(set) var losesUnknownLines = false

    mutating func add(_ loss: CheckLoss?) {
        guard let loss else { return }
        if let lines = loss.lines, !loss.isUpperBound {
            lostLines += lines
        } else {
            losesUnknownLines = true
        }
        if loss.isLowerBound { losesUnknownLines = true }
    }

    mutating func add(_ other: RepairReport) {
        losesUnknownLines = losesUnknownLines || other.losesUnknownLines
        actions += other.actions
        failures += other.failures
        recoveredLines += other.recoveredLines
        lostLines += other.lostLines
    }
}

/// Takes damage out of a data directory's way, and keeps everything that can be read.
///
/// What is damaged is never deleted: it stays under a name that nobody reads. Holds the writer's lock. Each step can be cut
/// off at any system call:
///
/// - A segment with damaged blocks: its bytes are copied to `<name>.damaged`, its sound blocks to a temporary file, which
///   then takes its name in one step. A reader sees the old file or the new one, and never both.
/// - A segment that does not open is renamed to `<name>.damaged`.
/// - A journal file with damage is kept as `<name>.damaged`; its sound frames are sealed as after a crash. They come last: a line
///   of a damaged segment that is in the journal still is sealed again.
///
/// Used by one thread.
public struct StoreRepair {
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let contents: StateContents?

    /// One repair may bring the next to light: two damaged copies of one segment are found to be doubled when both are sound.
    private static let roundsMax = 4
    /// Bytes that are copied at once.
    private static let copyBytes = 1 << 20

    /// A repair of the data directory `directory`.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock(), contents: StateContents? = nil
    ) {
        self.contents = contents
        self.directory = directory
        self.fileSystem = fileSystem
        self.clock = clock
    }

    /// Checks, repairs, and checks again until nothing is left to be done. Throws `StoreError.inUse` beside a writer.
    ///
    /// - Parameter found: gets each finding of the first check.
    /// - Returns: what was done, and the last check: what it still finds could not be repaired.
    public func run(
        progress: (CheckProgress) -> Void = { _ in }, _ found: (CheckFinding) -> Void
    ) throws(StoreError) -> (report: RepairReport, before: CheckSummary, after: CheckSummary) {
        // What is no data directory gets no lock file either.
        _ = try DirectoryInventory(directory, fileSystem)
        var report = RepairReport()
        var first: CheckSummary?
        for _ in 0..<Self.roundsMax where report.failures.isEmpty {
            var findings: [CheckFinding] = []
            let isFirst = first == nil
            let summary = try locked { () throws(StoreError) in
                let summary = try check(progress) { finding in
                    findings.append(finding)
                    if isFirst { found(finding) }
                }
                report.add(repairFiles(findings))
                return summary
            }
            let before = first ?? summary
            first = before
            if findings.allSatisfy({ $0.remedy == .none }) { return (report, before, summary) }
            if findings.contains(where: { Self.needsWriter($0.remedy) }) {
                report.add(try recover(findings))
            }
        }
        let last = try check(progress) { _ in }
        return (report, first ?? last, last)
    }

    private func check(
        _ progress: (CheckProgress) -> Void, _ found: (CheckFinding) -> Void
    ) throws(StoreError) -> CheckSummary {
        try StoreCheck(directory: directory, fileSystem: fileSystem, contents: contents)
            .run(progress: progress, found)
    }

    /// Whether a writer that starts does what is to be done.
    private static func needsWriter(_ remedy: CheckRemedy) -> Bool {
        [.recover, .keepAndRecover, .writeState].contains(remedy)
    }

    /// Runs `body` with the writer's lock.
    private func locked<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let lock = try WriterLock(dataDirectory: directory, fileSystem: fileSystem)
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    // MARK: One file after the other

    /// Does what the findings ask for, for all files but the journal's. The remedies that move a file come after those that
    /// write it again, and each file is treated once in a round.
    private func repairFiles(_ findings: [CheckFinding]) -> RepairReport {
        var report = RepairReport()
        var treated: Set<String> = []
        for finding in findings.sorted(by: { Self.rank($0.remedy) < Self.rank($1.remedy) }) {
            guard treated.insert(finding.file).inserted else { continue }
            do {
                try treat(finding, findings, &report)
            } catch {
                report.failures.append("\(finding.file): \(error)")
            }
        }
        return report
    }

    private static func rank(_ remedy: CheckRemedy) -> Int {
        switch remedy {
        case .setAside: 0
        case .rewrite: 1
        case .move, .rename: 2
        case .none: 4
        default: 3
        }
    }

    private func treat(
        _ finding: CheckFinding, _ findings: [CheckFinding], _ report: inout RepairReport
    ) throws {
        let path = finding.file
        switch finding.remedy {
        case .none, .recover, .keepAndRecover, .writeState:
            return
        case .setAside:
            try rename(path, SetAsideName.free(path, SetAsideName.damaged, fileSystem), &report)
            report.add(finding.loss)
        case .disown:
            try rename(path, SetAsideName.free(path, SetAsideName.foreign, fileSystem), &report)
        case .removeFile:
            try fileSystem.remove(path)
            report.actions.append("removed \(path)")
        case .removeSuperseded:
            // It has come to life again when the segment that it was merged into was damaged.
            let listing = try DirectoryListing.segments(directory, fileSystem)
            guard listing.superseded.contains(where: { $0.path == path }) else { return }
            try fileSystem.remove(path)
            report.actions.append("removed \(path), whose lines are in another segment")
        case .removeDirectory:
            try fileSystem.removeDirectory(path)
            report.actions.append("removed the empty directory \(path)")
        case .emptyLock:
            try fileSystem.open(path, .readWrite).truncate(to: 0)
            report.actions.append("emptied \(path)")
        case .move(let key):
            let partition = DataDirectory.partition(directory, key)
            let target = partition + "/" + SetAsideName.split(path).name
            try fileSystem.makeDirectories(partition)
            try renameOrSetAside(path, target, &report)
        case .rename(let id):
            let target = SetAsideName.split(path).directory + "/" + DataDirectory.segmentName(id)
            try renameOrSetAside(path, target, &report)
        case .rewrite:
            try rewrite(path, &report)
        }
    }

    private func rename(
        _ path: String, _ target: String, _ report: inout RepairReport
    ) throws(FileError) {
        try fileSystem.rename(path, to: target)
        let (from, to) = (
            SetAsideName.split(path).directory, SetAsideName.split(target).directory
        )
        try fileSystem.synchronizeDirectory(to)
        if from != to { try fileSystem.synchronizeDirectory(from) }
        report.actions.append("renamed \(path) to \(target)")
    }

    /// Gives a segment another name, or sets it aside where that name is taken.
    private func renameOrSetAside(
        _ path: String, _ target: String, _ report: inout RepairReport
    ) throws(FileError) {
        let isTaken = (try? fileSystem.open(target, .read)) != nil
        try rename(
            path, isTaken ? SetAsideName.free(path, SetAsideName.damaged, fileSystem) : target,
            &report)
    }

    // MARK: Segments

    private func rewrite(_ path: String, _ report: inout RepairReport) throws {
        let (partition, name) = SetAsideName.split(path)
        let (classPath, day) = SetAsideName.split(partition)
        guard let id = SegmentID(name: name),
            let key = PartitionKey(
                className: SetAsideName.split(classPath).name, dayName: day)
        else { return }
        var check = SegmentCheck(
            SegmentFile(key: key, id: id, path: path), fileSystem: fileSystem)
        guard check.run() else { return }
        let kept = SetAsideName.free(path, SetAsideName.damaged, fileSystem)
        if check.soundBlocks.isEmpty {
            for loss in check.findings.map(\.loss) { report.add(loss) }
            return try rename(path, kept, &report)
        }
        let reader = try SegmentReader(path: path, fileSystem: fileSystem, needsHeader: false)
        let sources = sources(of: id, in: key)
        if !sources.isEmpty, rows(of: sources) == reader.footer.rows {
            try rename(path, kept, &report)
            report.actions.append(
                "the segments that \(path) was merged from are still there, and take its place")
            return
        }
        for loss in check.findings.map(\.loss) { report.add(loss) }
        try copy(path, to: kept)
        try publish(path) { file in
            var copy = try SegmentCopy(into: file, like: reader.footer)
            for number in check.soundBlocks {
                try copy.append(reader.footer.blocks[number], of: reader)
            }
            _ = try copy.finish()
        }
        let count = reader.footer.blocks.count
        report.actions.append(
            "wrote \(path) again with \(check.soundBlocks.count) of \(count) blocks, "
                + "\(check.soundLines) lines; the damaged one is \(kept)")
        // They may hold lines that are lost in it; a writer that starts would remove them.
        for source in sources {
            let path = source.path
            try rename(path, SetAsideName.free(path, SetAsideName.damaged, fileSystem), &report)
        }
    }

    /// The segments that `id` was merged from, as far as a crash has left them behind.
    private func sources(of id: SegmentID, in key: PartitionKey) -> [SegmentFile] {
        let listing = try? DirectoryListing.segments(directory, fileSystem)
        return (listing?.superseded ?? []).filter { $0.key == key && id.supersedes($0.id) }
    }

    /// The lines of segments that are all whole; nil when one is not.
    private func rows(of files: [SegmentFile]) -> Int? {
        var rows = 0
        for file in files {
            var check = SegmentCheck(file, fileSystem: fileSystem)
            guard check.run(), check.findings.isEmpty else { return nil }
            rows += check.soundLines
        }
        return rows
    }

    private func copy(_ path: String, to target: String) throws {
        let source = try fileSystem.open(path, .read)
        try publish(target) { file in
            var offset = 0
            while true {
                let bytes = try source.readBytes(at: offset, count: Self.copyBytes)
                if bytes.isEmpty { break }
                try bytes.withView { try file.write($0, at: offset) }
                offset += bytes.count
            }
            try file.synchronize()
        }
    }

    /// Lets `write` fill a temporary file, which then takes the name `path` in one step.
    private func publish(_ path: String, _ write: (any OpenFile) throws -> Void) throws {
        let temporary = path + DataDirectory.temporarySuffix
        do {
            let file = try fileSystem.open(temporary, .readWrite)
            try file.truncate(to: 0)
            try write(file)
            try fileSystem.rename(temporary, to: path)
        } catch {
            try? fileSystem.remove(temporary)
            throw error
        }
        try fileSystem.synchronizeDirectory(SetAsideName.split(path).directory)
    }

    // MARK: Journal and state

    /// What a writer does that starts: seals the journal and writes the small files. Journal files with damage are kept.
    private func recover(_ findings: [CheckFinding]) throws(StoreError) -> RepairReport {
        var report = RepairReport()
        for finding in findings where Self.needsWriter(finding.remedy) {
            report.add(finding.loss)
            guard finding.remedy == .keepAndRecover else { continue }
            let kept = SetAsideName.free(finding.file, SetAsideName.damaged, fileSystem)
            do {
                try copy(finding.file, to: kept)
                report.actions.append("kept a copy of \(finding.file) as \(kept)")
            } catch {
                report.failures.append("\(finding.file): \(error)")
                return report
            }
        }
        var options = StoreOptions()
        options.damagedPositions = .setAside
        let writer = try StoreWriter(
            directory: directory, policy: try policy(&report), fileSystem: fileSystem,
            clock: clock, options: options)
        let recovery = writer.recovery
        _ = try writer.close()
        report.recoveredLines = recovery.lines
        if findings.contains(where: { $0.remedy == .recover || $0.remedy == .keepAndRecover }) {
            report.actions.append(
                "sealed \(recovery.lines) lines of the journal, and cut off "
                    + "\(recovery.tornBytes) bytes at its end")
        }
        report.actions += recovery.damages
        if findings.contains(where: { $0.remedy == .writeState }) {
            report.actions.append("wrote the files of \(DataDirectory.state(directory))")
        }
        return report
    }

    /// The classes of the last writer, or the standard ones.
    private func policy(_ report: inout RepairReport) throws(StoreError) -> RetentionPolicy {
        do {
            return try RetentionRun(directory: directory, fileSystem: fileSystem).storedPolicy()
        } catch {
            let path = DataDirectory.retentionFile(directory)
            let kept = SetAsideName.free(path, SetAsideName.damaged, fileSystem)
            if (try? copy(path, to: kept)) != nil {
                report.actions.append(
                    "\(path) cannot be read (\(error)) and is kept as \(kept); the standard classes "
                        + "stand in its place: run `weir ingest --retention FILE` with yours")
            }
        }
        do {
            return try RetentionPolicy(text: RetentionPolicy.standardText, file: "(standard)")
        } catch {
            preconditionFailure("BUG: the standard classes are classes")
        }
    }
}
