#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An address as the kernel has it.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var size = socklen_t(MemoryLayout<sockaddr_storage>.size)

    /// The family: `AF_INET`, `AF_INET6`, `AF_UNIX`.
    var family: Int32 { Int32(storage.ss_family) }

    /// The first address that a host's name stands for; an empty name is every address of the machine.
    static func resolve(
        host: String, port: UInt16, kind: SocketKind, family: Int32
    ) throws(ListenError) -> SocketAddress {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Int32(
            kind.isDatagram ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0, let first = list?.pointee, let source = first.ai_addr else {
            throw ListenError(
                "cannot find the address of \(host): \(String(cString: gai_strerror(code)))")
        }
        var address = SocketAddress()
        address.size = first.ai_addrlen
        withUnsafeMutableBytes(of: &address.storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(address.size)))
        }
        return address
    }

    /// The address of a Unix socket; the path fits, or is cut.
    static func path(_ path: String) -> SocketAddress {
        var address = SocketAddress()
        let bytes = Array(path.utf8.prefix(ListenAddress.pathBytesMax))
        let start = MemoryLayout<sockaddr_un>.offset(of: \sockaddr_un.sun_path) ?? 2
        withUnsafeMutableBytes(of: &address.storage) { storage in
            storage.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            for (index, byte) in bytes.enumerated() { storage[start + index] = byte }
        }
        address.size = socklen_t(start + bytes.count + 1)
        return address
    }

    /// Where a socket is bound.
    init?(of descriptor: Int32) {
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isKnown else { return nil }
    }

    private init() {}

    /// Calls `body` with what system calls take.
    func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var copy = storage
        return withUnsafePointer(to: &copy) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
    }

    /// Whether only this machine reaches it.
    var isLocal: Bool {
        var copy = storage
        return withUnsafeBytes(of: &copy) { bytes in
            switch family {
            case AF_INET: bytes[4] == 127
            case AF_INET6:
                // ::1, and the IPv4 addresses of this machine in their IPv6 form.
                bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
                    || bytes[8..<18].allSatisfy { $0 == 0 } && bytes[18] == 0xFF
                        && bytes[19] == 0xFF && bytes[20] == 127
            case AF_UNIX: true
            default: false
            }
        }
    }

    /// `127.0.0.1:514`, `[::1]:514`, a path.
    var text: String {
        var copy = storage
        if family == AF_UNIX {
            let start = MemoryLayout<sockaddr_un>.offset(of: \sockaddr_un.sun_path) ?? 2
            return withUnsafeBytes(of: &copy) { bytes in
                let path = bytes[min(start, Int(size))..<Int(size)]
                // An abstract name begins with a zero byte.
                return path.first == 0
                    ? "@" + String(decoding: path.dropFirst(), as: UTF8.self)
                    : String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let code = withPointer {
            getnameinfo(
                $0, $1, &host, socklen_t(host.count), &service, socklen_t(service.count),
                NI_NUMERICHOST | NI_NUMERICSERV)
        }
        guard code == 0 else { return "an unknown address" }
        let name = Self.string(host)
        return (family == AF_INET6 ? "[\(name)]" : name) + ":" + Self.string(service)
    }

    private static func string(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
