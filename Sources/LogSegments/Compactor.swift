internal import LogQuery
public import LogSystem

/// Rewrites segments: many small ones become one, fresh ones become cold.
///
/// The new segment is written under a temporary name, fsynced and renamed; its sources go afterwards. A crash in between
/// leaves both, of which the name of the new one says that it supersedes the others. Readers that have the sources open read
/// on. Beside the one thread that calls it, the writer of the data directory may seal: it only adds segments.
public final class Compactor {
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    /// Called between blocks.
    private let pause: () throws -> Void

    /// What is known of segments that were looked at before, by path: they never change.
    private var known: [String: CompactionPlan.Candidate] = [:]

    /// A compactor of the data directory `directory`, whose lock the caller has.
    ///
    /// - Parameter pause: called between blocks: whoever shares a processor may wait there. What it throws ends the run.
    public init(
        directory: String, fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock(), pause: @escaping () throws -> Void = {}
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.clock = clock
        self.pause = pause
    }

    /// What one merge did.
    public struct Merge: Sendable {
        /// The class and day.
        public let key: PartitionKey
        /// The number of segments that became one.
        public let inputs: Int
        /// The lines in them.
        public let lines: Int
        /// Bytes of the files before.
        public let bytesBefore: Int
        /// Bytes of the new file.
        public let bytesAfter: Int
    }

    /// A merge that could not be done; its sources are as they were.
    public struct Failure: Sendable {
        /// The class and day.
        public let key: PartitionKey
        /// Why.
        public let message: String
    }

    /// Does all merges that are due now, and removes sources that a crash has left behind.
    ///
    /// - Parameters:
    ///   - everything: takes every day for over.
    ///   - progress: told of each merge.
    /// - Returns: the merges that could not be done.
    public func run(
        everything: Bool = false, progress: (Merge) -> Void = { _ in }
    ) throws(StoreError) -> [Failure] {
        var failures: [Failure] = []
        for job in try jobs(everything: everything) {
            do {
                if let merge = try merge(job) { progress(merge) }
            } catch is Throttle.Stopped {
                break
            } catch let fault as ScanFault {
                failures.append(
                    Failure(
                        key: job.key,
                        message: "\(fault.file), byte \(fault.offset): \(fault.message)"))
            } catch {
                failures.append(Failure(key: job.key, message: "\(error)"))
            }
        }
        return failures
    }

    private func jobs(everything: Bool) throws(StoreError) -> [CompactionJob] {
        let listing: DirectoryListing.Segments
        do throws(FileError) {
            listing = try DirectoryListing.segments(directory, fileSystem)
            try DirectoryListing.removeSuperseded(listing, directory, fileSystem)
        } catch {
            throw .writing(error)
        }
        var candidates: [String: CompactionPlan.Candidate] = [:]
        for file in listing.files {
            candidates[file.path] =
                known[file.path] ?? (try? candidate(file))
                ?? CompactionPlan.Candidate(
                    file: file, bytes: 0, lastArrival: .min, isReadable: false)
        }
        known = candidates.filter(\.value.isReadable)
        return CompactionPlan.jobs(
            Array(candidates.values), now: clock.now(), everything: everything)
    }

    private func candidate(_ file: SegmentFile) throws(StoreError) -> CompactionPlan.Candidate {
        let reader = try SegmentReader(path: file.path, fileSystem: fileSystem)
        return CompactionPlan.Candidate(
            file: file, bytes: reader.storedBytes, lastArrival: reader.footer.arrivals.upperBound)
    }

    /// Does one merge. Sources with more shapes than one segment may have stay apart: as many as fit become one.
    private func merge(_ job: CompactionJob) throws -> Merge? {
        var readers: [SegmentReader] = []
        let shapes = SegmentShapes()
        for file in job.inputs {
            let reader = try SegmentReader(path: file.path, fileSystem: fileSystem)
            guard reader.footer.shapes.allSatisfy({ shapes.number(of: $0) != nil }) else { break }
            readers.append(reader)
        }
        let done = CompactionJob(key: job.key, inputs: Array(job.inputs.prefix(readers.count)))
        let isOnlyCold = done.inputs.count == 1 && done.inputs.allSatisfy { $0.id.generation > 0 }
        guard !done.inputs.isEmpty, !isOnlyCold else { return nil }
        let rewrite = SegmentRewrite(
            directory: directory, fileSystem: fileSystem, pause: pause)
        let result = try rewrite.replace(readers, done)
        return Merge(
            key: job.key, inputs: readers.count, lines: result.lines,
            bytesBefore: readers.reduce(0) { $0 + $1.storedBytes }, bytesAfter: result.bytes)
    }
}

/// Replaces segments by one that holds their lines, or those of them that stay.
struct SegmentRewrite {
    let directory: String
    let fileSystem: any FileSystem
    let pause: () throws -> Void

    /// Writes the new segment of `job`, whose inputs `readers` have open, and removes the inputs.
    ///
    /// - Parameter keeps: which rows of the only reader stay; nil: all of all readers.
    func replace(
        _ readers: [SegmentReader], _ job: CompactionJob, keeps: KeptRows? = nil
    ) throws -> (lines: Int, rawBytes: Int, bytes: Int) {
        let partition = DataDirectory.partition(directory, job.key)
        try checkNeighbours(job, partition)
        let path = partition + "/" + DataDirectory.segmentName(job.output)
        let writer: ColdSegmentWriter
        do throws(FileError) {
            writer = try ColdSegmentWriter(
                key: job.key, temporary: path + DataDirectory.temporarySuffix,
                fileSystem: fileSystem, pause: pause)
        } catch {
            throw StoreError.writing(error)
        }
        let bytes: Int
        do {
            for reader in readers { try writer.append(reader, keeps: keeps) }
            bytes = try writer.publish(as: path, in: partition)
        } catch {
            writer.abandon()
            if let cause = error as? FileError { throw StoreError.writing(cause) }
            throw error
        }
        do throws(FileError) {
            for input in job.inputs { try fileSystem.remove(input.path) }
            try fileSystem.synchronizeDirectory(partition)
        } catch {
            throw StoreError.writing(error)
        }
        return (writer.lineCount, writer.rawBytes, bytes)
    }

    /// Throws when the new segment's name would say that it supersedes a segment that is none of its sources: ranges overlap
    /// only where damage was recovered from.
    private func checkNeighbours(_ job: CompactionJob, _ partition: String) throws(StoreError) {
        let names: [String]
        do throws(FileError) {
            names = try fileSystem.list(partition).map(\.name)
        } catch {
            throw .file(error)
        }
        let sources = Set(job.inputs.map(\.path))
        for name in names where !sources.contains(partition + "/" + name) {
            guard let id = SegmentID(name: name), job.output.supersedes(id) else { continue }
            throw .damaged(
                file: partition + "/" + name, offset: 0,
                what: "its lines have numbers within those of other segments; "
                    + "`weir check --repair` sorts it out")
        }
    }
}
