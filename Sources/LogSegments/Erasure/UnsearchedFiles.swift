internal import LogRecords
internal import LogSystem

/// Files of a data directory that may hold lines of an erasure and in which nobody can search.
enum UnsearchedFiles {
    /// Their paths: what a recovery or a repair has set aside, and what weir did not put where it keeps lines.
    static func list(
        _ directory: String, _ request: EraseRequest, _ fileSystem: any FileSystem
    ) throws(StoreError) -> [String] {
        try DirectoryInventory(directory, fileSystem).findings.filter { finding in
            let isUnknown =
                finding.severity == .foreign
                || SetAsideName.isOne(SetAsideName.split(finding.file).name)
            return isUnknown
                && mayHoldLines(finding.file.dropFirst(directory.utf8.count + 1), request)
        }.map(\.file)
    }

    /// Whether lines of the classes and days of `request` may be in the file at `path` within the directory.
    private static func mayHoldLines(_ path: Substring, _ request: EraseRequest) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 1 else { return false }
        guard parts[0] == "segments" else { return parts[0] == "journal" }
        let isOtherClass =
            RetentionPolicy.isClassName(parts[1]) && !request.classes.contains(parts[1])
        if isOtherClass { return false }
        guard parts.count > 2, let key = PartitionKey(className: parts[1], dayName: parts[2]) else {
            return true
        }
        return request.includes(key.day)
    }

    /// Removes copies of journal files that a recovery or repair was making when it died. Nobody makes one while the caller has
    /// the lock.
    ///
    /// - Returns: how many there were.
    static func removeTemporaryJournals(
        _ directory: String, _ fileSystem: any FileSystem
    ) throws(FileError) -> Int {
        let journals = DataDirectory.journals(directory)
        var count = 0
        for entry in try fileSystem.list(journals)
        where !entry.isDirectory && entry.name.hasSuffix(DataDirectory.temporarySuffix) {
            try fileSystem.remove(journals + "/" + entry.name)
            count += 1
        }
        if count > 0 { try fileSystem.synchronizeDirectory(journals) }
        return count
    }
}
