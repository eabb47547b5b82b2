import LogBytes
import LogSystem
import Synchronization
import TestSupport

/// A file system that is honest except for fsync: what makes a writer that keeps its promises into one that does not.
///
/// The replay must catch each; a test that never fails proves nothing.
final class LyingFileSystem: FileSystem {
    /// What it does not do.
    enum Lie: CaseIterable {
        /// Fsync of a file does nothing: a writer without fsync.
        case noFsync
        /// Fsync of a file is done before the second call that follows: a writer that acknowledges before fsync. The first is
        /// the mark in the file's header, which the same commit writes.
        case lateFsync
        /// Fsync of a directory does nothing: names are left to luck.
        case noDirectoryFsync
    }

    private let lie: Lie
    private let system: MemoryFileSystem
    private let owed = Mutex<[(file: LyingFile, isDue: Bool)]>([])

    init(_ lie: Lie, over system: MemoryFileSystem) {
        self.lie = lie
        self.system = system
    }

    /// Does what was put off.
    private func settle() throws(FileError) {
        let files = owed.withLock { owed in
            let due = owed.filter(\.isDue).map(\.file)
            owed = owed.filter { !$0.isDue }.map { ($0.file, true) }
            return due
        }
        for file in files { try file.file.synchronize() }
    }

    fileprivate func synchronize(_ file: LyingFile) throws(FileError) {
        switch lie {
        case .noFsync: return
        case .lateFsync: owed.withLock { $0.append((file, false)) }
        case .noDirectoryFsync: try file.file.synchronize()
        }
    }

    fileprivate func willWrite() throws(FileError) { try settle() }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        try settle()
        return LyingFile(try system.open(path, mode), self)
    }

    func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
        try system.list(directory)
    }

    func makeDirectory(_ path: String) throws(FileError) -> Bool {
        try settle()
        return try system.makeDirectory(path)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try settle()
        try system.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(FileError) {
        try settle()
        try system.remove(path)
    }

    func removeDirectory(_ path: String) throws(FileError) {
        try settle()
        try system.removeDirectory(path)
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        try settle()
        if lie != .noDirectoryFsync { try system.synchronizeDirectory(path) }
    }
}

private final class LyingFile: OpenFile {
    let file: any OpenFile
    private let system: LyingFileSystem

    init(_ file: any OpenFile, _ system: LyingFileSystem) {
        self.file = file
        self.system = system
    }

    var path: String { file.path }

    func size() throws(FileError) -> Int { try file.size() }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func write(_ bytes: ByteView, at offset: Int) throws(FileError) {
        try system.willWrite()
        try file.write(bytes, at: offset)
    }

    func synchronize() throws(FileError) { try system.synchronize(self) }

    func truncate(to size: Int) throws(FileError) {
        try system.willWrite()
        try file.truncate(to: size)
    }

    func tryLock() throws(FileError) -> Bool { try file.tryLock() }
}
