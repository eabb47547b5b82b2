internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The file by which a Unix socket is found.
struct SocketFile: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// The owner and the group may write: put those who log into weir's group. Others may not, since whoever writes lines may
    /// write any line.
    private static let mode: mode_t = 0o660

    /// Binds a socket to `path`, taking the place of one that a dead process has left.
    static func bind(
        _ descriptor: Int32, _ path: String, _ name: String
    ) throws(ListenError) -> SocketFile {
        let address = SocketAddress.path(path)
        // The file is made with the mode of the socket, so that at no time others may write.
        _ = fchmod(descriptor, mode)
        var code = address.withPointer { socketBind(descriptor, $0, $1) } == 0 ? 0 : errno
        if code == EADDRINUSE, try isStale(path, address, name) {
            unlink(path)
            code = address.withPointer { socketBind(descriptor, $0, $1) } == 0 ? 0 : errno
        }
        guard code == 0 else { throw ListenError("listen on", name, code: code) }
        // What the umask took away is given back.
        _ = chmod(path, mode)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ListenError("look at", name, code: errno)
        }
        return SocketFile(path: path, device: status.st_dev, inode: status.st_ino)
    }

    /// Whether nobody listens at the socket file any more; throws where something else stands there.
    private static func isStale(
        _ path: String, _ address: SocketAddress, _ name: String
    ) throws(ListenError) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenError(
                "cannot listen on \(name): there is a file that is no socket; move it away")
        }
        for type in [SOCK_STREAM, SOCK_DGRAM] {
            let probe = socket(
                AF_UNIX,
                Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                    | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard probe >= 0 else { return false }
            defer { close(probe) }
            let code = address.withPointer { connect(probe, $0, $1) } == 0 ? 0 : errno
            // The wrong type says so only where somebody listens.
            guard code == ECONNREFUSED else { return false }
        }
        return true
    }

    /// Removes the file, unless another process has put its own there.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else {
            return
        }
        unlink(path)
    }
}

/// The system call, which the method of that name hides.
private func socketBind(
    _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t
) -> Int32 {
    bind(descriptor, address, size)
}
