internal import LogSystem
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A socket that is bound to its address, and listens where its kind does. It never waits, and is closed with its object, as
/// is the file of a Unix socket removed.
public final class BoundSocket: Sendable {
    /// What kind it is.
    public let kind: SocketKind
    /// The kind and where it is bound: `tcp 127.0.0.1:41233`, `unix /run/weir.sock`.
    public let name: String
    /// Whether only this machine reaches it.
    public let isLocal: Bool
    let descriptor: Int32
    private let file: SocketFile?
    private let isOpen = Atomic<Bool>(true)

    /// Connections that the kernel keeps until weir takes them: a thousand clients that start at once fit. The kernel lowers
    /// it to its own limit (net.core.somaxconn, 4096).
    private static let backlog: Int32 = 4_096

    private init(_ descriptor: Int32, kind: SocketKind, file: SocketFile? = nil) {
        self.descriptor = descriptor
        self.kind = kind
        self.file = file
        let address = SocketAddress(of: descriptor)
        name = "\(kind.rawValue) \(address?.text ?? "?")"
        isLocal = address?.isLocal ?? false
    }

    deinit { close() }

    /// Closes it; nobody may use it any more.
    public func close() {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        closeDescriptor(descriptor)
        file?.remove()
    }

    /// Binds a socket, or takes over what systemd has passed on: then there may be several.
    ///
    /// - Parameter sharing: further sockets may be bound to the same address, by this process alone (`SO_REUSEPORT`).
    public static func open(
        _ address: ListenAddress, kind: SocketKind, sharing: Bool = false
    ) throws(ListenError) -> [BoundSocket] {
        switch address {
        case .activated(let name):
            return try ServiceActivation.shared.take(kind, name: name).map {
                BoundSocket($0, kind: kind)
            }
        case .internet(let host, let port):
            return [try internet(host, port, kind, sharing)]
        case .path(let path):
            return [try unix(path, kind)]
        }
    }

    /// A descriptor of the same socket, for a server that closes what it is given.
    public func duplicate() throws(ListenError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw ListenError("serve", name, code: errno) }
        return copy
    }

    /// A further socket at the address of this one, for another reader.
    func another() throws(ListenError) -> BoundSocket {
        guard let address = SocketAddress(of: descriptor) else {
            throw ListenError("look up the address of", name, code: errno)
        }
        return try Self.bound(address, kind, name, isSharing: true)
    }

    // MARK: TCP and UDP

    private static func internet(
        _ host: String, _ port: UInt16, _ kind: SocketKind, _ sharing: Bool
    ) throws(ListenError) -> BoundSocket {
        let name = "\(kind.rawValue) \(host.contains(":") ? "[\(host)]" : host):\(port)"
        guard host.isEmpty else {
            let address = try SocketAddress.resolve(
                host: host, port: port, kind: kind, family: AF_UNSPEC)
            return try bound(address, kind, name, isSharing: sharing)
        }
        // One IPv6 socket takes IPv4, too; there are machines without IPv6.
        if let address = try? SocketAddress.resolve(
            host: "::", port: port, kind: kind, family: AF_INET6),
            let both = try? bound(address, kind, name, isSharing: sharing)
        {
            return both
        }
        let address = try SocketAddress.resolve(
            host: "", port: port, kind: kind, family: AF_INET)
        return try bound(address, kind, name, isSharing: sharing)
    }

    private static func bound(
        _ address: SocketAddress, _ kind: SocketKind, _ name: String, isSharing: Bool
    ) throws(ListenError) -> BoundSocket {
        let descriptor = socket(address.family, kind.type, 0)
        guard descriptor >= 0 else { throw ListenError("make", name, code: errno) }
        // A restart must not wait for the connections of the run before to time out.
        if !kind.isDatagram { set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
        if isSharing { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.family == AF_INET6 {
            set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
        }
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0,
            kind.isDatagram || listen(descriptor, backlog) == 0
        else {
            let code = errno
            closeDescriptor(descriptor)
            throw ListenError("listen on", name, code: code)
        }
        return BoundSocket(descriptor, kind: kind)
    }

    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // Where an option is unknown, the socket works without it.
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Unix

    private static func unix(
        _ path: String, _ kind: SocketKind
    ) throws(ListenError) -> BoundSocket {
        let name = "\(kind.rawValue) \(path)"
        let descriptor = socket(AF_UNIX, kind.type, 0)
        guard descriptor >= 0 else { throw ListenError("make", name, code: errno) }
        do throws(ListenError) {
            let file = try SocketFile.bind(descriptor, path, name)
            guard kind.isDatagram || listen(descriptor, backlog) == 0 else {
                throw ListenError("listen on", name, code: errno)
            }
            return BoundSocket(descriptor, kind: kind, file: file)
        } catch {
            closeDescriptor(descriptor)
            throw error
        }
    }
}
