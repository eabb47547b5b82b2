internal import LogBytes
internal import LogRecords
public import LogSystem

/// A check of everything in a data directory: each byte of each file is held against its checksum or its meaning.
///
/// Runs beside a writer and readers, without a lock. What a writer does meanwhile is no damage: a file that goes while it is
/// read was sealed, merged or dropped, and the directory is listed again for what came in its place. Memory is bounded by one
/// column of one block, one frame of a journal, and a block of sequence numbers for each segment that is open at once.
/// Used by one thread.
public struct StoreCheck {
    private let directory: String
    private let fileSystem: any FileSystem
    private let contents: StateContents?

    /// So many listings see everything, unless segments come and go without end.
    private static let listingsMax = 8

    /// A check of the data directory `directory`.
    ///
    /// - Parameter contents: reads what the store keeps for others.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        contents: StateContents? = nil
    ) {
        self.contents = contents
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Reads everything.
    ///
    /// - Parameters:
    ///   - progress: is told how far the check has come, after each block.
    ///   - report: gets each finding as it is made.
    public func run(
        progress: (CheckProgress) -> Void = { _ in }, _ report: (CheckFinding) -> Void
    ) throws(StoreError) -> CheckSummary {
        var pass = CheckPass(directory: directory, fileSystem: fileSystem)
        try pass.checkRoot(contents, report)
        for _ in 0..<Self.listingsMax {
            if try pass.checkFiles(progress, report) { break }
        }
        var sequences = SequenceCheck(directory: directory, fileSystem: fileSystem)
        try sequences.run()
        for finding in sequences.findings { pass.report(finding, report) }
        return pass.summary
    }
}

/// One run of a check.
private struct CheckPass {
    let directory: String
    let fileSystem: any FileSystem
    var summary = CheckSummary()
    private var checked: Set<String> = []
    private var totalBytes = 0

    init(directory: String, fileSystem: any FileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    mutating func report(_ finding: CheckFinding, _ report: (CheckFinding) -> Void) {
        summary.count(finding)
        report(finding)
    }

    // MARK: Names

    /// Looks at everything but what holds lines.
    mutating func checkRoot(
        _ contents: StateContents?, _ report: (CheckFinding) -> Void
    ) throws(StoreError) {
        let inventory = try DirectoryInventory(directory, fileSystem)
        for finding in inventory.findings { self.report(finding, report) }
        summary.files += inventory.otherFiles
        summary.bytes += inventory.otherBytes
        totalBytes = summary.bytes
        for file in StateFile.all {
            let path = DataDirectory.state(directory) + "/" + file.name
            if let finding = file.check(path, fileSystem, isNeeded: inventory.isEstablished) {
                self.report(finding, report)
            }
        }
        var state = StateContentCheck(fileSystem, contents)
        for path in inventory.stateFiles { state.check(path) }
        for kind in StateSnapshot.Kind.allCases {
            state.checkSnapshot(DataDirectory.state(directory) + "/" + kind.rawValue, kind)
        }
        for finding in state.findings { self.report(finding, report) }
        summary.state = state.summary
    }

    // MARK: Files with lines

    /// Checks all files that have not been checked yet; false when one of them has gone meanwhile.
    mutating func checkFiles(
        _ progress: (CheckProgress) -> Void, _ report: (CheckFinding) -> Void
    ) throws(StoreError) -> Bool {
        let listing: StoreListing
        do throws(StoreError) {
            listing = try StoreListing(directory: directory, fileSystem: fileSystem)
        } catch {
            // A missing directory is a finding already.
            if case .noDirectory = error { return true }
            throw error
        }
        for (_, file) in listing.journals { totalBytes += (try? file.size()) ?? 0 }
        for file in listing.segments where !checked.contains(file.path) {
            totalBytes += (try? fileSystem.open(file.path, .read).size()) ?? 0
        }
        for (number, file) in listing.journals where checked.insert(file.path).inserted {
            var check = JournalCheck(file, number: number)
            let before = summary.bytes
            check.run { progress(self.progress(file.path, before + $0)) }
            add(lines: check.soundLines, bytes: check.storedBytes, check.findings, report)
        }
        var isComplete = true
        for file in listing.segments where checked.insert(file.path).inserted {
            var check = SegmentCheck(file, fileSystem: fileSystem)
            let before = summary.bytes
            guard check.run({ progress(self.progress(file.path, before + $0)) }) else {
                isComplete = false
                continue
            }
            add(lines: check.soundLines, bytes: check.storedBytes, check.findings, report)
        }
        for file in listing.superseded where checked.insert(file.path).inserted {
            let bytes = (try? fileSystem.open(file.path, .read).size()) ?? 0
            let finding = CheckFinding(
                .notice, file.path, "its lines are in another segment, merged",
                advice: "a compaction is at work, or a crash cut it off; the next `weir ingest` "
                    + "removes the file", remedy: .removeSuperseded)
            add(lines: 0, bytes: bytes, [finding], report)
        }
        return isComplete
    }

    private func progress(_ path: String, _ bytes: Int) -> CheckProgress {
        CheckProgress(file: path, bytes: bytes, totalBytes: max(totalBytes, bytes))
    }

    private mutating func add(
        lines: Int, bytes: Int, _ findings: [CheckFinding], _ report: (CheckFinding) -> Void
    ) {
        summary.files += 1
        summary.bytes += bytes
        summary.lines += lines
        for finding in findings { self.report(finding, report) }
    }
}
