internal import LogBytes
public import LogSystem
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A disk whose operation number `failAt` fails, once or for good, or dies: the process ends there.
///
/// Counts the operations that change something: open for writing, write, fsync, truncate, rename, remove, fsync of a directory.
public final class FaultyFileSystem: FileSystem, Sendable {
    /// How the disk fails.
    public enum Fault: Sendable, Equatable {
        /// So many operations in a row fail with this code; a write has written half of its bytes by then.
        case some(Int32, count: Int)
        /// This and all later operations fail.
        case forGood(Int32)
        /// Nothing happens any more, and half a write is on the disk: the machine's view of kill -9.
        case death
    }

    private let disk: any FileSystem
    private let fault: Fault
    private let failAt: Int
    private let done = Mutex<[String]>([])

    /// A disk that fails as `fault` says at operation `number`, counted from 0; what does not fail is done by `disk`.
    public init(
        _ fault: Fault, at number: Int, over disk: any FileSystem = DiskFileSystem()
    ) {
        self.fault = fault
        self.disk = disk
        failAt = number
    }

    /// A disk that never fails and only keeps the `trace`.
    public convenience init() { self.init(.death, at: .max) }

    /// The operations so far, those that failed included: `rename /a/b`.
    public var trace: [String] { done.withLock { $0 } }

    /// Operations so far.
    public var operations: Int { done.withLock { $0.count } }

    /// Whether the fault has struck.
    public var hasStruck: Bool { operations > failAt }

    /// Counts an operation; the code that it is to fail with.
    fileprivate func strike(_ operation: String, _ path: String) -> Int32? {
        let number = done.withLock { done in
            done.append("\(operation) \(path)")
            return done.count - 1
        }
        switch fault {
        case .some(let code, let length):
            return (failAt..<failAt + length).contains(number) ? code : nil
        case .forGood(let code): return number >= failAt ? code : nil
        case .death: return number >= failAt ? EIO : nil
        }
    }

    /// Whether the failing write itself still reaches the disk in part.
    fileprivate func tears() -> Bool { operations == failAt + 1 }

    private func check(_ operation: String, _ path: String) throws(FileError) {
        if let code = strike(operation, path) {
            throw FileError(operation: operation, path: path, code: code)
        }
    }

    /// Opens a file; for writing it counts.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        if mode != .read { try check("open", path) }
        return FaultyFile(try disk.open(path, mode), self)
    }

    /// The entries of a directory, as they are.
    public func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
        try disk.list(directory)
    }

    /// What a path names, as it is.
    public func attributes(_ path: String) throws(FileError) -> FileAttributes? {
        try disk.attributes(path)
    }

    /// Makes a directory.
    public func makeDirectory(_ path: String) throws(FileError) -> Bool {
        try check("make directory", path)
        return try disk.makeDirectory(path)
    }

    /// Renames a file.
    public func rename(_ path: String, to newPath: String) throws(FileError) {
        try check("rename", path)
        try disk.rename(path, to: newPath)
    }

    /// Removes a file.
    public func remove(_ path: String) throws(FileError) {
        try check("remove", path)
        try disk.remove(path)
    }

    /// Removes an empty directory.
    public func removeDirectory(_ path: String) throws(FileError) {
        try check("remove directory", path)
        try disk.removeDirectory(path)
    }

    /// Makes the names in a directory durable.
    public func synchronizeDirectory(_ path: String) throws(FileError) {
        try check("fsync directory", path)
        try disk.synchronizeDirectory(path)
    }
}

private final class FaultyFile: OpenFile {
    private let file: any OpenFile
    private let system: FaultyFileSystem
    private let synchronizedSize = Mutex(0)
    private var synchronized: Int { synchronizedSize.withLock { $0 } }

    init(_ file: any OpenFile, _ system: FaultyFileSystem) {
        self.file = file
        self.system = system
        synchronizedSize.withLock { $0 = (try? file.size()) ?? 0 }
    }

    var path: String { file.path }

    func size() throws(FileError) -> Int { try file.size() }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func write(_ bytes: ByteView, at offset: Int) throws(FileError) {
        if let code = system.strike("write", path) {
            if system.tears() { try file.write(bytes.prefix(bytes.count / 2), at: offset) }
            throw FileError(operation: "write", path: path, code: code)
        }
        try file.write(bytes, at: offset)
    }

    func synchronize() throws(FileError) {
        if let code = system.strike("fsync", path) {
            // What a failed fsync did not bring to the disk may be gone: here it is.
            if code != ENOSPC { try file.truncate(to: min(synchronized, try file.size())) }
            throw FileError(operation: "fsync", path: path, code: code)
        }
        try file.synchronize()
        synchronizedSize.withLock { $0 = (try? file.size()) ?? 0 }
    }

    func truncate(to size: Int) throws(FileError) {
        if let code = system.strike("truncate", path) {
            throw FileError(operation: "truncate", path: path, code: code)
        }
        try file.truncate(to: size)
    }

    func tryLock() throws(FileError) -> Bool { try file.tryLock() }
}
