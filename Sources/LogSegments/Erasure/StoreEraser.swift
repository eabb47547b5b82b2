internal import LogBytes
internal import LogQuery
internal import LogRecords
public import LogSystem

/// Takes lines out of a data directory for good: segments that hold some are written again without them.
///
/// Holds the writer's lock. The order, each step of which is durable before the next:
///
/// 1. Everything in the journal is sealed, and the journal's files go; so do files that a crash has left behind. All lines
///    are in segments now, and each in one.
/// 2. A record of class `weir-audit` says who erases what.
/// 3. One segment after the other is searched, and written again if it has a match, as a merge of one: the new file has the
///    next generation and supersedes the old one, which goes. A segment of which nothing stays is removed.
/// 4. The directories are fsynced, also those in which a run before this one died, and a second record says what came of it.
///
/// A crash leaves some segments done and others not; the same erasure again does the rest. Readers that have the old file of a
/// segment open read on. A segment that is damaged where the search or the copy needs it is left as it is, and told. Of a
/// segment, a block is in memory and a bit for each line. Used by one thread.
public struct StoreEraser {
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let pause: () -> Void

    /// An eraser of lines in the data directory `directory`.
    ///
    /// - Parameter pause: called between blocks that are written.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock(), pause: @escaping () -> Void = {}
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.clock = clock
        self.pause = pause
    }

    /// A segment that lines were taken out of.
    public struct Step: Sendable {
        /// Its class and day.
        public let key: PartitionKey
        /// Lines that were erased.
        public let erased: Int
        /// Lines that stay.
        public let kept: Int
    }

    // MARK: Counting

    /// Counts what an erasure would take. Takes no lock and changes nothing: also beside a writer, whose last lines are
    /// counted, too. Throws `EraseError` or `StoreError`.
    public func count(_ request: EraseRequest) throws -> EraseMatches {
        try checkNames(request)
        var matches = EraseMatches()
        let store = try SegmentStore(directory: directory, fileSystem: fileSystem)
        var known = try KnownClasses.names(directory, fileSystem)
        let names = request.classes.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        let classFilter = try QueryParser.parseFilter("_class:in(\(names))", now: 0)
        let filter = request.wholeFilter
        let scan = ScanRequest(
            timeRange: request.wholeRange, filter: .matching(all: [classFilter, filter]))
        matches.faults = try store.scan(scan) { block in
            known.insert(block.className)
            guard request.classes.contains(block.className) else { return .proceed }
            // As in `SegmentMatches`: what an erasure would find damaged.
            _ = try (block as? SegmentBlock)?.layout()
            let rows = try filter.evaluate(block)
            if rows.isEmpty { return .proceed }
            let times = try block.times()
            rows.visit { row in
                let day = CivilDate(daysSinceEpoch: Timestamp.dayNumber(times[row]))
                matches.lines[PartitionKey(className: block.className, day: day), default: 0] += 1
            }
            return .proceed
        }
        try check(request, known)
        matches.unsearched = try UnsearchedFiles.list(directory, request, fileSystem)
        return matches
    }

    private func checkNames(_ request: EraseRequest) throws {
        if request.classes.contains(RetentionPolicy.auditClass) { throw EraseError.auditClass }
        for name in request.classes.sorted() where !RetentionPolicy.isClassName(name) {
            throw EraseError.unknownClass(
                UnknownClass(
                    name: name, known: try KnownClasses.names(directory, fileSystem).sorted()))
        }
    }

    private func check(_ request: EraseRequest, _ known: Set<String>) throws(EraseError) {
        do throws(UnknownClass) {
            try KnownClasses.check(request.classes, among: known)
        } catch {
            throw .unknownClass(error)
        }
    }

    // MARK: Erasing

    /// Erases the lines of `request`.
    ///
    /// - Parameter progress: told of each segment that was changed.
    /// - Returns: what was done, and what hindered it. A failure to write ends the erasure and is in the report; what was
    ///   erased until then stays erased.
    /// - Throws: `EraseError`, `RetentionError` or `StoreError` before anything is erased; `StoreError.inUse` beside a writer.
    public func run(
        _ request: EraseRequest, by operatorName: EraseOperator,
        progress: (Step) -> Void = { _ in }
    ) throws -> EraseReport {
        // What is no data directory does not become one.
        _ = try DirectoryInventory(directory, fileSystem)
        try checkNames(request)
        var report = EraseReport()
        let leftovers = try leftovers(request)
        let policy = try RetentionRun(directory: directory, fileSystem: fileSystem).storedPolicy()
        let writer = try StoreWriter(
            directory: directory, policy: policy, fileSystem: fileSystem, clock: clock)
        try check(request, try KnownClasses.names(directory, fileSystem))
        report.leftoversRemoved =
            try leftovers + UnsearchedFiles.removeTemporaryJournals(directory, fileSystem)
        report.warnings = writer.recovery.damages
        let trail = AuditTrail(
            writer, policy, request, by: operatorName, started: clock.now())
        try trail.start()
        do throws(StoreError) {
            try eraseSegments(request, &report, progress)
            try makeDurable(request)
        } catch {
            report.failure = error
        }
        do throws(StoreError) {
            report.unsearched = try UnsearchedFiles.list(directory, request, fileSystem)
        } catch {
            report.failure = report.failure ?? error
        }
        do throws(StoreError) {
            try trail.finish(report, reasons: Self.reasons(report), at: clock.now())
        } catch {
            report.warnings.append("\(error); there is no record of how the erasure ended")
            report.failure = report.failure ?? error
        }
        do throws(StoreError) {
            _ = try writer.close()
        } catch {
            report.warnings.append(
                "\(error); the record of the erasure is safe in the journal, the next writer seals it"
            )
        }
        return report
    }

    /// Why matching lines may be left.
    private static func reasons(_ report: EraseReport) -> [String] {
        report.faults.map { "\($0.file), byte \($0.offset): \($0.message)" }
            + report.unsearched.map { "\($0) cannot be searched" }
            + (report.failure.map { [$0.description] } ?? [])
    }

    /// The number of files that an interrupted run, or a crash, has left behind; the writer that opens removes them.
    private func leftovers(_ request: EraseRequest) throws(StoreError) -> Int {
        do throws(FileError) {
            let listing = try DirectoryListing.segments(directory, fileSystem)
            let roots = request.classes.map { DataDirectory.segments(directory) + "/\($0)/" }
            return listing.superseded.count { request.includes($0.key) }
                + listing.temporary.count { path in roots.contains { path.hasPrefix($0) } }
        } catch {
            throw .file(error)
        }
    }

    private func eraseSegments(
        _ request: EraseRequest, _ report: inout EraseReport, _ progress: (Step) -> Void
    ) throws(StoreError) {
        let files: [SegmentFile]
        do throws(FileError) {
            files = try DirectoryListing.segments(directory, fileSystem).files
        } catch {
            throw .file(error)
        }
        let filter = request.wholeFilter
        for file in files where request.includes(file.key) {
            do {
                if let step = try erase(filter, from: file, &report) { progress(step) }
            } catch let fault as ScanFault {
                report.faults.append(fault)
            } catch let error as StoreError {
                switch error {
                case .damaged, .unknownVersion:
                    report.faults.append(
                        ScanFault(
                            error, file: file.path, loss: "no line of this segment is erased"))
                default: throw error
                }
            } catch {
                report.faults.append(ScanFault(file: file.path, offset: 0, message: "\(error)"))
            }
        }
    }

    private func erase(
        _ filter: Filter, from file: SegmentFile, _ report: inout EraseReport
    ) throws -> Step? {
        let reader = try SegmentReader(path: file.path, fileSystem: fileSystem)
        let matches = try SegmentMatches(filter, in: reader)
        if matches.count == 0 { return nil }
        let footer = reader.footer
        if matches.areAll {
            do throws(FileError) {
                try remove(file)
            } catch {
                throw StoreError.writing(error)
            }
            report.segmentsRemoved += 1
            report.rawBytes += footer.rawBytes
        } else {
            let rewrite = SegmentRewrite(
                directory: directory, fileSystem: fileSystem, pause: pause)
            let result = try rewrite.replace(
                [reader], CompactionJob(key: file.key, inputs: [file]), keeps: try matches.kept())
            report.segmentsRewritten += 1
            report.rawBytes += footer.rawBytes - result.rawBytes
        }
        report.lines[file.key, default: 0] += matches.count
        return Step(key: file.key, erased: matches.count, kept: footer.rows - matches.count)
    }

    /// Removes a segment of which nothing stays, and the directory of its day if nothing else is in there.
    private func remove(_ file: SegmentFile) throws(FileError) {
        let partition = DataDirectory.partition(directory, file.key)
        try fileSystem.remove(file.path)
        try fileSystem.synchronizeDirectory(partition)
        guard try fileSystem.list(partition).isEmpty else { return }
        try fileSystem.removeDirectory(partition)
        try fileSystem.synchronizeDirectory(
            DataDirectory.segments(directory) + "/" + file.key.className)
    }

    /// Makes durable what this run, the writer that opened, and runs before it removed in the classes and days of `request`.
    private func makeDurable(_ request: EraseRequest) throws(StoreError) {
        do throws(FileError) {
            for className in request.classes.sorted() {
                let path = DataDirectory.segments(directory) + "/" + className
                let days: [DirectoryEntry]
                do throws(FileError) {
                    days = try fileSystem.list(path)
                } catch  where error.isMissing {
                    continue
                }
                for day in days {
                    let key = PartitionKey(className: className, dayName: day.name)
                    guard let key, request.includes(key) else { continue }
                    try fileSystem.synchronizeDirectory(path + "/" + day.name)
                }
                try fileSystem.synchronizeDirectory(path)
            }
        } catch {
            throw .writing(error)
        }
    }
}
