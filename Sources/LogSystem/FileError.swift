#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An operating system call on a file that failed.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was being done: `open`, `write`, `fsync`, ….
    public let operation: String
    /// The path it was done to.
    public let path: String
    /// The value of `errno`.
    public let code: Int32

    /// The failure `code` of `operation` on `path`.
    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// The failure that `errno` holds now.
    static func current(_ operation: String, _ path: String) -> FileError {
        FileError(operation: operation, path: path, code: errno)
    }

    /// True when the disk or the quota is full.
    public var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

    /// True when the file does not exist (any more).
    public var isMissing: Bool { code == ENOENT }

    /// True when the file's owner or mode forbids it.
    public var isDenied: Bool { code == EACCES || code == EPERM }

    /// What happened, where, and what to do about it.
    public var description: String {
        let reason = String(cString: strerror(code))
        return "cannot \(operation) \(path): \(reason)\(advice)"
    }

    private var advice: String {
        switch code {
        case ENOSPC, EDQUOT: "; free space on that file system"
        case EACCES, EPERM: "; check its owner and mode"
        case ELOOP: "; it is a symbolic link, which weir does not follow there"
        case EROFS: "; the file system is mounted read-only"
        case EIO: "; the device reports a fault, check the kernel's log"
        default: ""
        }
    }
}
