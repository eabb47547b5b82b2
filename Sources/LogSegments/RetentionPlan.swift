internal import LogBytes
internal import LogRecords
public import LogSystem

/// What retention does, or would do, with one partition.
public struct PartitionFate: Sendable, Equatable {
    /// Why a partition stays or goes.
    public enum Verdict: Sendable, Equatable {
        /// It stays until the given time.
        case keep(until: Int64)
        /// Its newest record is older than its class allows.
        case expired(since: Int64)
        /// No class of the policy has its name; it stays until one has, or somebody removes it.
        case unknownClass
    }

    /// The class and day.
    public let key: PartitionKey
    /// Segments in it.
    public let segments: Int
    /// Lines in it.
    public let lines: Int
    /// Bytes of its files.
    public let storedBytes: Int
    /// The time of its newest record.
    public let newest: Int64
    /// Whether it stays.
    public let verdict: Verdict
}

/// The decision of retention over a data directory: made from what is stored, the policy and the clock, and carried out, or
/// only shown, by others.
public struct RetentionPlan: Sendable {
    /// All partitions, by day and class.
    public let partitions: [PartitionFate]
    /// How far the clock is ahead of everything that weir knows of time, when that is too far to delete anything by it
    /// (nanoseconds); nil when the clock is to be trusted.
    public let clockAhead: Int64?

    /// A clock further ahead of the newest record and the last writer than this has jumped, or nobody has written for as
    /// long; either way somebody should look before lines are deleted (nanoseconds).
    public static let clockAheadMax = 7 * Timestamp.day

    /// The plan for the stored segments.
    ///
    /// - Parameters:
    ///   - now: the clock, nanoseconds since the epoch.
    ///   - lastKnownTime: when the last writer was seen, if it is known.
    public init(
        segments: [SegmentStatistics], policy: RetentionPolicy, now: Int64, lastKnownTime: Int64?
    ) {
        let keep = Dictionary(uniqueKeysWithValues: policy.classes.map { ($0.name, $0.keep) })
        partitions = Dictionary(grouping: segments, by: \.key).map { key, segments in
            let newest = segments.map(\.lastTime).max() ?? 0
            let verdict: PartitionFate.Verdict
            if let keep = keep[key.className] {
                let (end, overflow) = newest.addingReportingOverflow(keep)
                verdict =
                    !overflow && end < now
                    ? .expired(since: end) : .keep(until: overflow ? .max : end)
            } else {
                verdict = .unknownClass
            }
            return PartitionFate(
                key: key, segments: segments.count,
                lines: segments.reduce(0) { $0 + $1.lines },
                storedBytes: segments.reduce(0) { $0 + $1.storedBytes }, newest: newest,
                verdict: verdict)
        }.sorted { $0.key < $1.key }
        let known = max(lastKnownTime ?? .min, partitions.map(\.newest).max() ?? .min)
        let ahead = known == .min ? 0 : now - known
        clockAhead = ahead > Self.clockAheadMax ? ahead : nil
    }

    /// The partitions that go.
    public var expired: [PartitionFate] {
        partitions.filter { fate in
            if case .expired = fate.verdict { return true }
            return false
        }
    }
}

/// Retention on a data directory.
public struct RetentionRun {
    private let directory: String
    private let fileSystem: any FileSystem

    /// Retention on the data directory `directory`.
    public init(directory: String, fileSystem: any FileSystem = DiskFileSystem()) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// The policy that the last writer used, or the standard one.
    public func storedPolicy() throws -> RetentionPolicy {
        let path = DataDirectory.retentionFile(directory)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try fileSystem.readAll(path)
        } catch  where error.isMissing {
            return try RetentionPolicy(text: RetentionPolicy.standardText, file: "(standard)")
        }
        guard let text = StateFile.text(bytes) else {
            throw RetentionError(
                file: path, line: 0,
                message: "it is damaged; name the policy with --retention FILE, "
                    + "which writes it anew")
        }
        return try RetentionPolicy(text: text, file: path)
    }

    /// When the last writer was seen; nil when no one has been, or the file is damaged.
    public func lastKnownTime() -> Int64? {
        guard let bytes = try? fileSystem.readAll(DataDirectory.clockFile(directory)) else {
            return nil
        }
        return StateFile.text(bytes).flatMap { Int64($0.dropLast()) }
    }

    /// Removes the expired partitions of `plan`. Takes the writer's lock meanwhile.
    ///
    /// Segments go one by one and the directory last: a crash in between leaves a smaller partition, which the next run
    /// removes. Readers that have a segment open keep it until they close it.
    public func apply(_ plan: RetentionPlan) throws(StoreError) {
        do throws(FileError) {
            let lock = try fileSystem.open(DataDirectory.lock(directory), .readWrite)
            guard try lock.tryLock() else { throw FileError.lockedByWriter }
            for fate in plan.expired {
                let path = DataDirectory.partition(directory, fate.key)
                for entry in try fileSystem.list(path) {
                    try fileSystem.remove(path + "/" + entry.name)
                }
                try fileSystem.removeDirectory(path)
                try fileSystem.synchronizeDirectory(
                    DataDirectory.segments(directory) + "/" + fate.key.className)
            }
        } catch {
            throw error == .lockedByWriter ? .inUse(directory: directory) : .file(error)
        }
    }
}

extension FileError {
    /// A lock that a writer holds, on its way out of a block that throws file errors only.
    static let lockedByWriter = FileError(operation: "lock", path: "", code: 0)
}
