internal import LogBytes
public import LogSystem
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A memory disk as one process sees it. A process that is killed does nothing more, and its locks are free.
public final class MemoryFileSystem: FileSystem {
    /// The disk, which outlives the process.
    public let disk: MemoryDisk
    private let dead = Mutex(false)
    private let locked = Mutex<[LockedNode]>([])

    private struct LockedNode: @unchecked Sendable { let node: MemoryDisk.Node }

    /// A new process on `disk`.
    public init(_ disk: MemoryDisk = MemoryDisk()) { self.disk = disk }

    /// Ends the process as `kill -9` does: the disk keeps everything written so far.
    public func kill() {
        dead.withLock { $0 = true }
        for held in locked.withLock({ $0 }) { disk.unlock(held.node, self) }
    }

    fileprivate func checkAlive(_ operation: String, _ path: String) throws(FileError) {
        if dead.withLock({ $0 }) {
            throw FileError(operation: operation, path: path, code: EIO)
        }
    }

    fileprivate func hold(_ node: MemoryDisk.Node) {
        let held = LockedNode(node: node)
        locked.withLock { $0.append(held) }
    }

    /// Opens a file.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        try checkAlive("open", path)
        return MemoryFile(try disk.open(path, mode), path, self)
    }

    /// The entries of a directory, sorted by name.
    public func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
        try checkAlive("list", directory)
        return try disk.list(directory)
    }

    /// Makes a directory.
    public func makeDirectory(_ path: String) throws(FileError) -> Bool {
        try checkAlive("make directory", path)
        return try disk.makeDirectory(path)
    }

    /// Renames a file.
    public func rename(_ path: String, to newPath: String) throws(FileError) {
        try checkAlive("rename", path)
        try disk.rename(path, to: newPath)
    }

    /// Removes a file.
    public func remove(_ path: String) throws(FileError) {
        try checkAlive("remove", path)
        try disk.remove(path, isDirectory: false)
    }

    /// Removes an empty directory.
    public func removeDirectory(_ path: String) throws(FileError) {
        try checkAlive("remove directory", path)
        try disk.remove(path, isDirectory: true)
    }

    /// Makes the names in a directory durable.
    public func synchronizeDirectory(_ path: String) throws(FileError) {
        try checkAlive("fsync directory", path)
        try disk.synchronizeDirectory(path)
    }
}

final class MemoryFile: OpenFile, @unchecked Sendable {
    let path: String
    private let node: MemoryDisk.Node
    let system: MemoryFileSystem

    init(_ node: MemoryDisk.Node, _ path: String, _ system: MemoryFileSystem) {
        self.node = node
        self.path = path
        self.system = system
    }

    func size() throws(FileError) -> Int {
        try system.checkAlive("stat", path)
        return system.disk.size(node)
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        try system.checkAlive("read", path)
        return try system.disk.read(node, path, into: buffer, at: offset)
    }

    func write(_ bytes: ByteView, at offset: Int) throws(FileError) {
        try system.checkAlive("write", path)
        try system.disk.write(
            node, path, UnsafeRawBufferPointer(start: bytes.start, count: bytes.count), at: offset)
    }

    func synchronize() throws(FileError) {
        try system.checkAlive("fsync", path)
        try system.disk.synchronize(node, path)
    }

    func truncate(to size: Int) throws(FileError) {
        try system.checkAlive("truncate", path)
        try system.disk.truncate(node, path, to: size)
    }

    func tryLock() throws(FileError) -> Bool {
        try system.checkAlive("lock", path)
        guard system.disk.tryLock(node, self) else { return false }
        system.hold(node)
        return true
    }
}
