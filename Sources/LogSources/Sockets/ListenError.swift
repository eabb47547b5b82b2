#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Why nothing can listen somewhere, or weir does not want to.
public struct ListenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, where, and what to do about it.
    public let description: String

    /// The error that says `description`.
    public init(_ description: String) { self.description = description }

    /// The failure of a system call, by its `errno`.
    init(_ operation: String, _ name: String, code: Int32) {
        let advice =
            switch code {
            case EADDRINUSE: "; another process listens there"
            case EADDRNOTAVAIL: "; this machine has no such address"
            case EACCES, EPERM: "; ports below 1024 and the paths of others need a right to them"
            case ENOENT: "; make its directory first"
            case EMFILE, ENFILE: "; raise the limit of open files (ulimit -n)"
            default: ""
            }
        description = "cannot \(operation) \(name): \(String(cString: strerror(code)))\(advice)"
    }
}
