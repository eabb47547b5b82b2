public import LogSystem

/// Retention by hand on a data directory that nobody writes into.
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
    public func lastKnownTime() -> Int64? { TrustedClock.stored(directory, fileSystem) }

    /// The bytes of all files that hold lines.
    public func usedBytes() throws(StoreError) -> Int {
        do throws(FileError) {
            return try DiskUsage.bytes(directory, fileSystem)
        } catch {
            throw .file(error)
        }
    }

    /// Removes the partitions of `removals`, a choice of those of `plan`. Takes the writer's lock meanwhile.
    public func apply(
        _ removals: [PlannedRemoval], of plan: RetentionPlan
    ) throws(StoreError) -> [RetentionEvent] {
        let lock = try WriterLock(directory: directory, fileSystem: fileSystem)
        return withExtendedLifetime(lock) {
            PartitionRemover(directory: directory, fileSystem: fileSystem)
                .remove(removals, of: plan) { plan.now }
        }
    }
}

extension FileError {
    /// A lock that a writer holds, on its way out of a block that throws file errors only.
    static let lockedByWriter = FileError(operation: "lock", path: "", code: 0)
}
