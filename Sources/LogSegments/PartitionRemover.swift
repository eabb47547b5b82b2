internal import LogSystem

/// Removes partitions from a data directory whose lock the caller has.
///
/// Exactly the files go that the plan saw: a segment that a writer of the same process has added since stays, and with it the
/// directory. Files go one by one and the directory last: a crash in between leaves a smaller partition, which the next run
/// removes. Readers that have a segment open keep it until they close it.
struct PartitionRemover {
    let directory: String
    let fileSystem: any FileSystem

    /// Removes what is planned, and the directories of `plan` in which nothing is; what became of each. `now` is for the events.
    func remove(
        _ removals: [PlannedRemoval], of plan: RetentionPlan, now: () -> Int64
    ) -> [RetentionEvent] {
        for key in plan.emptyDirectories { removeDirectoryIfEmpty(key) }
        return removals.map { removal in
            do throws(FileError) {
                try remove(removal.fate)
                return .deleted(removal, at: now())
            } catch {
                return .failed(removal, message: "\(error)")
            }
        }
    }

    private func remove(_ fate: PartitionFate) throws(FileError) {
        for path in fate.files {
            do throws(FileError) {
                try fileSystem.remove(path)
            } catch  where error.isMissing {
                // Somebody else has done so.
            }
        }
        removeDirectoryIfEmpty(fate.key)
        // Should this not last through a power cut, the next run does it again.
        try fileSystem.synchronizeDirectory(
            DataDirectory.segments(directory) + "/" + fate.key.className)
    }

    /// A directory that is not empty, or gets a file in this instant, is not removed.
    private func removeDirectoryIfEmpty(_ key: PartitionKey) {
        let path = DataDirectory.partition(directory, key)
        guard let entries = try? fileSystem.list(path), entries.isEmpty else { return }
        try? fileSystem.removeDirectory(path)
    }
}

/// The bytes of all files that hold lines.
enum DiskUsage {
    /// The bytes of all files below the directories of segments and journal; those that go meanwhile do not count.
    static func bytes(
        _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> Int {
        try bytes(below: DataDirectory.segments(directory), fileSystem)
            + bytes(below: DataDirectory.journals(directory), fileSystem)
    }

    private static func bytes(
        below path: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> Int {
        var bytes = 0
        for entry in try DirectoryListing.entries(path, fileSystem) {
            let child = path + "/" + entry.name
            if entry.isDirectory {
                bytes += try self.bytes(below: child, fileSystem)
            } else {
                bytes += (try? fileSystem.open(child, .read).size()) ?? 0
            }
        }
        return bytes
    }
}
