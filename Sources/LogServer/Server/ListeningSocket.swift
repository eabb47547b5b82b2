internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A socket bound to an address, so that a wrong one is told before anything is read.
struct ListeningSocket {
    /// The socket, owned by whoever took it.
    let descriptor: Int32
    /// `127.0.0.1:40001`: with the port that it got.
    let name: String
    /// Whether only this machine can reach it.
    let isLoopback: Bool

    /// Binds to `HOST:PORT`, `:PORT` (all addresses) or `[HOST]:PORT`; port 0 is any.
    init(_ address: String) throws(ListenError) {
        let (host, port) = try Self.split(address)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
        guard code == 0, let first = list else {
            throw ListenError(address, String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        // `:PORT` means IPv6 and, through it, IPv4, where the machine has both.
        var chosen = first
        if host.isEmpty {
            var next: UnsafeMutablePointer<addrinfo>? = first
            while let entry = next {
                if entry.pointee.ai_family == AF_INET6 { chosen = entry }
                next = entry.pointee.ai_next
            }
        }
        descriptor = try Self.bound(chosen.pointee, address, isDual: host.isEmpty)
        (name, isLoopback) = Self.localName(descriptor) ?? (address, false)
    }

    private static func split(
        _ address: String
    ) throws(ListenError) -> (host: String, port: UInt16) {
        let colon = address.lastIndex(of: ":")
        guard let colon, let port = UInt16(address[address.index(after: colon)...]) else {
            throw ListenError(address, "say HOST:PORT, :PORT or [::1]:PORT; port 0 is any")
        }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ListenError(address, "an IPv6 address stands in brackets: [\(host)]:\(port)")
        }
        return (String(host), port)
    }

    private static func bound(
        _ info: addrinfo, _ address: String, isDual: Bool
    ) throws(ListenError) -> Int32 {
        let type = info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(info.ai_family, type, info.ai_protocol)
        guard descriptor >= 0 else { throw ListenError(address, errno) }
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        if info.ai_family == AF_INET6 {
            var only: Int32 = isDual ? 0 : 1
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, size)
        }
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0 else {
            let code = errno
            close(descriptor)
            throw ListenError(address, code)
        }
        return descriptor
    }

    private static func localName(_ descriptor: Int32) -> (String, Bool)? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: 256)
        var service = [CChar](repeating: 0, count: 32)
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &size) == 0
                    && getnameinfo(
                        address, size, &host, socklen_t(host.count), &service,
                        socklen_t(service.count), Int32(NI_NUMERICHOST | NI_NUMERICSERV)) == 0
            }
        }
        guard isKnown else { return nil }
        let hostText = text(host)
        let isLoopback = hostText.hasPrefix("127.") || hostText == "::1"
        let shown = hostText.contains(":") ? "[\(hostText)]" : hostText
        return ("\(shown):\(text(service))", isLoopback)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(
            decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// An address that cannot be listened on.
struct ListenError: Error, CustomStringConvertible {
    let address: String
    let reason: String

    init(_ address: String, _ reason: String) {
        self.address = address
        self.reason = reason
    }

    init(_ address: String, _ code: Int32) {
        self.init(address, String(cString: strerror(code)))
    }

    var description: String { "cannot listen on `\(address)`: \(reason)" }
}
