internal import LogRecords
internal import LogSystem

/// The names in a data directory: which are weir's, which are left over, and which nobody knows.
struct DirectoryInventory {
    private let directory: String
    private let fileSystem: any FileSystem
    private(set) var findings: [CheckFinding] = []
    /// Files that hold no lines, and their bytes.
    private(set) var otherFiles = 0
    private(set) var otherBytes = 0
    /// Files in directories of `state`.
    private(set) var stateFiles: [String] = []
    /// Whether a writer has ever come as far as making all files: there is a journal file, a segment, or the last known time.
    private(set) var isEstablished = false

    /// Permissions of the group and of others: what weir makes has none.
    private static let foreignPermissions: UInt32 = 0o077

    init(_ directory: String, _ fileSystem: any FileSystem) throws(StoreError) {
        self.directory = directory
        self.fileSystem = fileSystem
        let root: [DirectoryEntry]
        do throws(FileError) {
            root = try fileSystem.list(directory)
        } catch {
            throw error.isMissing ? .noDirectory(directory) : .file(error)
        }
        let names = Set(root.map(\.name))
        guard !names.isDisjoint(with: ["LOCK", "journal", "segments", "state"]) else {
            throw .noDirectory(directory)
        }
        // The data directory itself may be its owner's; what weir makes in it is for nobody else.
        for entry in root { checkRoot(entry) }
        for (name, what) in [
            ("LOCK", "the lock file is missing: two writers could run at once"),
            ("journal", "the directory of the journal is missing, and what was in it"),
            ("segments", "the directory of the segments is missing, and what was in it"),
            ("state", "the directory with the classes and the last known time is missing"),
        ] where isEstablished && !names.contains(name) {
            findings.append(
                CheckFinding(
                    .damage, directory + "/" + name, what,
                    advice: "bring it back from a backup, or let `weir check --repair` make it",
                    remedy: .writeState))
        }
    }

    // MARK: Directories

    private mutating func checkRoot(_ entry: DirectoryEntry) {
        let path = directory + "/" + entry.name
        switch (entry.name, entry.isDirectory) {
        case ("LOCK", false): checkLock(path)
        case ("journal", true): forEachEntry(path) { $0.checkJournal($1, $2) }
        case ("segments", true): forEachEntry(path) { $0.checkClass($1, $2) }
        case ("state", true): forEachEntry(path) { $0.checkState($1, $2) }
        default: checkOther(entry, path, mayBeTemporary: false)
        }
    }

    /// Calls `body` with each entry of a directory and its path. The directory may have gone, as one that retention drops.
    private mutating func forEachEntry(
        _ path: String, _ body: (inout DirectoryInventory, DirectoryEntry, String) -> Void
    ) {
        checkMode(path, isDirectory: true)
        for entry in entries(path) { body(&self, entry, path + "/" + entry.name) }
    }

    private mutating func entries(_ path: String) -> [DirectoryEntry] {
        do throws(FileError) {
            return try fileSystem.list(path)
        } catch {
            if !error.isMissing {
                findings.append(CheckFinding(.unchecked, path, "\(error)", advice: ""))
            }
            return []
        }
    }

    private mutating func checkJournal(_ entry: DirectoryEntry, _ path: String) {
        guard !entry.isDirectory, DataDirectory.journalNumber(entry.name) != nil else {
            return checkOther(entry, path)
        }
        checkLines(path)
    }

    private mutating func checkClass(_ entry: DirectoryEntry, _ path: String) {
        guard entry.isDirectory, RetentionPolicy.isClassName(entry.name) else {
            return checkOther(entry, path, mayBeTemporary: false)
        }
        forEachEntry(path) { $0.checkDay($1, $2) }
    }

    private mutating func checkDay(_ entry: DirectoryEntry, _ path: String) {
        guard entry.isDirectory, PartitionKey(className: "", dayName: entry.name) != nil else {
            return checkOther(entry, path, mayBeTemporary: false)
        }
        if entries(path).isEmpty, isThere(path) {
            findings.append(
                CheckFinding(
                    .notice, path, "the directory is empty",
                    advice: "a crash of retention or of sealing leaves one; or its files were "
                        + "removed by hand", remedy: .removeDirectory))
        }
        forEachEntry(path) { inventory, entry, path in
            if !entry.isDirectory, SegmentID(name: entry.name) != nil {
                inventory.checkLines(path)
            } else {
                inventory.checkOther(entry, path)
            }
        }
    }

    private mutating func checkState(_ entry: DirectoryEntry, _ path: String) {
        if entry.isDirectory, let suffix = DataDirectory.stateDirectories[entry.name] {
            forEachEntry(path) { inventory, entry, path in
                guard !entry.isDirectory, entry.name.hasSuffix(suffix) else {
                    return inventory.checkOther(entry, path)
                }
                inventory.count(path)
                guard inventory.checkKind(path) else { return }
                inventory.checkMode(path, isDirectory: false)
                inventory.stateFiles.append(path)
            }
            return
        }
        guard !entry.isDirectory, StateFile.all.contains(where: { $0.name == entry.name }) else {
            return checkOther(entry, path)
        }
        if path == DataDirectory.clockFile(directory) { isEstablished = true }
        count(path)
        if checkKind(path) { checkMode(path, isDirectory: false) }
    }

    // MARK: Files

    private mutating func count(_ path: String) {
        otherFiles += 1
        otherBytes += (try? fileSystem.open(path, .read).size()) ?? 0
    }

    /// A file that holds lines; it is read later.
    private mutating func checkLines(_ path: String) {
        isEstablished = true
        if checkKind(path) { checkMode(path, isDirectory: false) }
    }

    private mutating func checkLock(_ path: String) {
        count(path)
        guard checkKind(path) else { return }
        checkMode(path, isDirectory: false)
        if let size = try? fileSystem.open(path, .read).size(), size > 0 {
            findings.append(
                CheckFinding(
                    .foreign, path, offset: 0,
                    "\(size) bytes stand in a file that weir keeps empty",
                    advice: "`weir check --repair` empties it", remedy: .emptyLock))
        }
    }

    /// Something that is none of the files that weir reads.
    private mutating func checkOther(
        _ entry: DirectoryEntry, _ path: String, mayBeTemporary: Bool = true
    ) {
        if SetAsideName.isOne(entry.name) {
            if !entry.isDirectory { count(path) }
            findings.append(
                CheckFinding(
                    .notice, path, "set aside by an earlier recovery or repair; nobody reads it",
                    advice: "remove it when you do not need it any more"))
        } else if !entry.isDirectory, mayBeTemporary,
            entry.name.hasSuffix(DataDirectory.temporarySuffix)
        {
            count(path)
            findings.append(
                CheckFinding(
                    .notice, path, "a temporary file: of a writer at work, or left by a crash",
                    advice: "`weir check --repair` removes it", remedy: .removeFile))
        } else if isThere(path) {
            findings.append(
                CheckFinding(
                    .foreign, path, "weir did not put this \(kindName(path)) here",
                    advice: "move it away, or let `weir check --repair` rename it",
                    remedy: .disown))
        }
    }

    /// Whether `path` is a file; what has its name and is none is reported.
    private mutating func checkKind(_ path: String) -> Bool {
        guard let attributes = try? fileSystem.attributes(path), attributes.kind != .file else {
            return true
        }
        findings.append(
            CheckFinding(
                .foreign, path, "a \(kindName(path)) stands where weir has a file",
                advice: "move it away, or let `weir check --repair` rename it", remedy: .disown))
        return false
    }

    private func isThere(_ path: String) -> Bool {
        do throws(FileError) {
            _ = try fileSystem.attributes(path)
            return true
        } catch {
            return !error.isMissing
        }
    }

    private func kindName(_ path: String) -> String {
        switch try? fileSystem.attributes(path)?.kind {
        case .directory: "directory"
        case .symbolicLink: "symbolic link"
        case .other: "socket, pipe or device"
        case .file, nil: "file"
        }
    }

    private mutating func checkMode(_ path: String, isDirectory: Bool) {
        guard let attributes = try? fileSystem.attributes(path),
            attributes.permissions & Self.foreignPermissions != 0
        else { return }
        let mode = isDirectory ? "700" : "600"
        findings.append(
            CheckFinding(
                .notice, path,
                "its mode is \(String(attributes.permissions, radix: 8)): others than its owner may "
                    + "use it", advice: "unless that is meant: chmod \(mode) \(path)"))
    }
}

/// Names of what nobody reads any more: `<name>.damaged` was weir's, `<name>.foreign` never was.
enum SetAsideName {
    static let damaged = ".damaged"
    static let foreign = ".foreign"

    /// Whether `name` ends in one of the two, perhaps with a number behind it.
    static func isOne(_ name: String) -> Bool {
        var name = name[...]
        if let dash = name.lastIndex(of: "-"), name[dash...].dropFirst().allSatisfy(\.isNumber),
            name.index(after: dash) < name.endIndex
        {
            name = name[..<dash]
        }
        return name.hasSuffix(damaged) || name.hasSuffix(foreign)
    }

    /// A path behind `path` with that ending that nothing has yet.
    static func free(
        _ path: String, _ ending: String, _ fileSystem: any FileSystem
    ) -> String {
        let (directory, name) = split(path)
        let taken = Set((try? fileSystem.list(directory).map(\.name)) ?? [])
        var candidate = name + ending
        var number = 2
        while taken.contains(candidate) {
            candidate = "\(name)\(ending)-\(number)"
            number += 1
        }
        return directory + "/" + candidate
    }

    /// The directory and the name of `path`.
    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
