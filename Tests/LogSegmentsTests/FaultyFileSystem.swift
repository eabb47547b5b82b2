import LogBytes
import LogSystem
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A disk whose operation number `failAt` fails, once or for good, or dies: the process ends there.
///
/// Counts the operations that change something: open for writing, write, fsync, truncate, rename, remove, fsync of a directory.
final class FaultyFileSystem: FileSystem, Sendable {
    enum Fault: Sendable, Equatable {
        /// So many operations in a row fail with this code; a write has written half of its bytes by then.
        case some(Int32, count: Int)
        /// This and all later operations fail.
        case forGood(Int32)
        /// Nothing happens any more, and half a write is on the disk: the machine's view of kill -9.
        case death
    }

    private let disk = DiskFileSystem()
    private let fault: Fault
    private let failAt: Int
    private let count = Mutex(0)

    init(_ fault: Fault, at number: Int) {
        self.fault = fault
        failAt = number
    }

    /// Operations so far.
    var operations: Int { count.withLock { $0 } }

    /// Whether the fault has struck.
    var hasStruck: Bool { operations > failAt }

    /// Counts an operation; the code that it is to fail with.
    fileprivate func strike() -> Int32? {
        let number = count.withLock { count in
            count += 1
            return count - 1
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
        if let code = strike() { throw FileError(operation: operation, path: path, code: code) }
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        if mode != .read { try check("open", path) }
        return FaultyFile(try disk.open(path, mode), self)
    }

    func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
        try disk.list(directory)
    }

    func makeDirectories(_ path: String) throws(FileError) {
        try check("make directory", path)
        try disk.makeDirectories(path)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try check("rename", path)
        try disk.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(FileError) {
        try check("remove", path)
        try disk.remove(path)
    }

    func removeDirectory(_ path: String) throws(FileError) {
        try check("remove directory", path)
        try disk.removeDirectory(path)
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
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
        if let code = system.strike() {
            if system.tears() { try file.write(bytes.prefix(bytes.count / 2), at: offset) }
            throw FileError(operation: "write", path: path, code: code)
        }
        try file.write(bytes, at: offset)
    }

    func synchronize() throws(FileError) {
        if let code = system.strike() {
            // What a failed fsync did not bring to the disk may be gone: here it is.
            if code != ENOSPC { try file.truncate(to: min(synchronized, try file.size())) }
            throw FileError(operation: "fsync", path: path, code: code)
        }
        try file.synchronize()
        synchronizedSize.withLock { $0 = (try? file.size()) ?? 0 }
    }

    func truncate(to size: Int) throws(FileError) {
        if let code = system.strike() {
            throw FileError(operation: "truncate", path: path, code: code)
        }
        try file.truncate(to: size)
    }

    func tryLock() throws(FileError) -> Bool { try file.tryLock() }
}
