internal import CFileStatus
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The machine's file system, for reading files that others write.
struct DiskTailFileSystem: TailFileSystem {
    func open(_ path: String) throws(FileError) -> any TailFile {
        // Without O_NONBLOCK a pipe in the place of a file would wait for a writer.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw FileError(operation: "open", path: path, code: errno)
        }
        return DiskTailFile(descriptor: descriptor, path: path)
    }

    func status(_ path: String) throws(FileError) -> TailStatus {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw FileError(operation: "stat", path: path, code: errno)
        }
        return TailStatus(status)
    }

    func list(_ directory: String) throws(FileError) -> [TailEntry] {
        guard let stream = opendir(directory) else {
            throw FileError(operation: "list", path: directory, code: errno)
        }
        defer { closedir(stream) }
        var entries: [TailEntry] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." {
                let type = Int(entry.pointee.d_type)
                entries.append(
                    TailEntry(
                        name: name, inode: UInt64(entry.pointee.d_ino),
                        mayBeDirectory: type != Int(DT_REG)))
            }
            errno = 0
        }
        guard errno == 0 else { throw FileError(operation: "list", path: directory, code: errno) }
        return entries.sorted { $0.name < $1.name }
    }

    func resolve(_ path: String) throws(FileError) -> String {
        guard let resolved = realpath(path, nil) else {
            throw FileError(operation: "resolve", path: path, code: errno)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Lets the process open as many files as it may, and says how many of them followed files can take.
    ///
    /// Shells give 1,024 for programs that cannot count further; the hard limit is what the administrator means. Half of it
    /// stays for connections, segments and all else.
    static func raiseOpenFilesLimit() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return openFilesMin }
        let wanted = min(limit.rlim_max, openFilesWanted)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            _ = setrlimit(resource, &limit)
            _ = getrlimit(resource, &limit)
        }
        return max(Int(clamping: limit.rlim_cur) / 2, openFilesMin)
    }

    /// Twice as many as files are followed at most.
    private static let openFilesWanted: rlim_t = 65_536
    /// What even a process with a tiny limit can spare.
    private static let openFilesMin = 16
}

extension TailStatus {
    /// What `stat(2)` said.
    init(_ status: stat) {
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            default: .other
            }
        self.init(
            key: FileKey(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)), kind: kind,
            size: Int(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000
                + Int64(status.st_mtim.tv_nsec),
            links: Int(status.st_nlink))
    }
}

/// A file of the machine's file system.
final class DiskTailFile: TailFile {
    private let descriptor: Int32
    private let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    var born: Int64 { weir_birth_time(descriptor) }

    func status() throws(FileError) -> TailStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError(operation: "stat", path: path, code: errno)
        }
        return TailStatus(status)
    }

    func read(
        _ front: UnsafeMutableRawBufferPointer, _ room: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileError) -> Int {
        let total = front.count + room.count
        var done = 0
        while done < total {
            let frontDone = min(done, front.count)
            let roomDone = done - frontDone
            var parts = (
                iovec(
                    iov_base: front.baseAddress.map { $0 + frontDone },
                    iov_len: front.count - frontDone),
                iovec(
                    iov_base: room.baseAddress.map { $0 + roomDone }, iov_len: room.count - roomDone
                )
            )
            let count = withUnsafePointer(to: &parts) {
                $0.withMemoryRebound(to: iovec.self, capacity: 2) {
                    preadv(descriptor, $0, 2, off_t(offset + done))
                }
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FileError(operation: "read", path: path, code: errno)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }
}
