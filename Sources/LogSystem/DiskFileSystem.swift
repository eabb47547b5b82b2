internal import LogBytes
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The machine's file system.
public struct DiskFileSystem: FileSystem {
    private static let directoryMode: mode_t = 0o700
    private static let fileMode: mode_t = 0o600
    private static let sharedFileMode: mode_t = 0o644

    /// The machine's file system.
    public init() {}

    /// Opens with the mode's flags, never following a last symbolic link in a data directory.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
        let flags =
            switch mode {
            case .read: O_RDONLY | O_NOFOLLOW
            case .readAnywhere: O_RDONLY
            case .createNew, .createLog: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
            case .readWrite, .readWriteShared: O_RDWR | O_CREAT | O_NOFOLLOW
            }
        let permissions = mode == .readWriteShared ? Self.sharedFileMode : Self.fileMode
        let descriptor = retrying { Glibc.open(path, flags | O_CLOEXEC, permissions) }
        guard descriptor >= 0 else { throw .current("open", path) }
        return DiskFile(
            descriptor: descriptor, path: path,
            direct: mode == .createLog ? DirectWriter(path: path) : nil)
    }

    /// Reads the whole directory.
    public func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
        guard let stream = opendir(directory) else { throw .current("list", directory) }
        defer { closedir(stream) }
        var entries: [DirectoryEntry] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var isDirectory = entry.pointee.d_type == UInt8(DT_DIR)
            if entry.pointee.d_type == UInt8(DT_UNKNOWN) {
                var status = stat()
                isDirectory =
                    lstat(directory + "/" + name, &status) == 0
                    && status.st_mode & S_IFMT == S_IFDIR
            }
            entries.append(DirectoryEntry(name: name, isDirectory: isDirectory))
            errno = 0
        }
        guard errno == 0 else { throw .current("list", directory) }
        return entries.sorted { $0.name < $1.name }
    }

    /// `lstat(2)`.
    public func attributes(_ path: String) throws(FileError) -> FileAttributes? {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .current("stat", path) }
        let kind: FileAttributes.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        return FileAttributes(kind: kind, permissions: UInt32(status.st_mode & 0o7777))
    }

    /// `mkdir(2)`; what is there must be a directory, or a symbolic link to one.
    public func makeDirectory(_ path: String) throws(FileError) -> Bool {
        if mkdir(path, Self.directoryMode) == 0 { return true }
        guard errno == EEXIST else { throw .current("make directory", path) }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(operation: "make directory", path: path, code: ENOTDIR)
        }
        return false
    }

    /// `rename(2)`.
    public func rename(_ path: String, to newPath: String) throws(FileError) {
        guard Glibc.rename(path, newPath) == 0 else { throw .current("rename", path) }
    }

    /// `unlink(2)`.
    public func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 else { throw .current("remove", path) }
    }

    /// `rmdir(2)`.
    public func removeDirectory(_ path: String) throws(FileError) {
        guard rmdir(path) == 0 else { throw .current("remove directory", path) }
    }

    /// `fsync(2)` of the directory.
    public func synchronizeDirectory(_ path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .current("open directory", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .current("fsync directory", path) }
    }
}

/// Repeats a system call that a signal interrupted.
func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// A file of the machine's file system, by its descriptor.
final class DiskFile: OpenFile {
    /// So much is written at once. For a larger piece the kernel takes memory in larger units, which are rarely those that were
    /// given back lately: a segment of 10 MB took ten times as long in one write.
    private static let writeBytes = 1 << 18

    let path: String
    private let descriptor: Int32
    private let direct: DirectWriter?
    private let isLocked = Atomic(false)

    init(descriptor: Int32, path: String, direct: DirectWriter?) {
        self.descriptor = descriptor
        self.path = path
        self.direct = direct
    }

    deinit {
        // A child between fork and exec has the descriptor, too, and with it the lock: `close` alone would leave it that.
        if isLocked.load(ordering: .relaxed) { _ = flock(descriptor, LOCK_UN) }
        close(descriptor)
    }

    func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .current("stat", path) }
        return Int(status.st_size)
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) -> Int {
        let count = retrying { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
        guard count >= 0 else { throw .current("read", path) }
        return count
    }

    func write(_ bytes: ByteView, at offset: Int) throws(FileError) {
        guard let direct, bytes.count >= DirectWriter.bytesMin else {
            return try writeThroughCache(bytes, at: offset)
        }
        let start = DirectWriter.bytesToBlock(from: offset)
        try writeThroughCache(bytes.prefix(start), at: offset)
        let rest = bytes.dropFirst(start)
        let done = direct.write(rest, at: offset + start)
        try writeThroughCache(rest.dropFirst(done), at: offset + start + done)
    }

    private func writeThroughCache(_ bytes: ByteView, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let size = min(bytes.count - done, Self.writeBytes)
            let step = retrying {
                pwrite(descriptor, bytes.start + done, size, off_t(offset + done))
            }
            guard step > 0 else { throw .current("write", path) }
            done += step
        }
    }

    func synchronize() throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw .current("fsync", path) }
    }

    func truncate(to size: Int) throws(FileError) {
        guard retrying({ ftruncate(descriptor, off_t(size)) }) == 0 else {
            throw .current("truncate", path)
        }
    }

    func tryLock() throws(FileError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
            isLocked.store(true, ordering: .relaxed)
            return true
        }
        if errno == EWOULDBLOCK { return false }
        throw .current("lock", path)
    }
}
