/// Where a listener listens, as the command line says it.
public enum ListenAddress: Equatable, Sendable {
    /// A name or an address, empty for all addresses of the machine, and a port, 0 for any that is free.
    case internet(host: String, port: UInt16)
    /// A path in the file system.
    case path(String)
    /// A socket that systemd has opened, by its name; nil: all that are of the kind.
    case activated(name: String?)

    /// Reads `HOST:PORT`, `:PORT`, `[::1]:PORT` or, for Unix sockets, a path; `systemd` or `systemd:NAME` for all kinds.
    public init(_ text: String, kind: SocketKind) throws(ListenError) {
        let option = "--\(kind.rawValue) \(text)"
        if text == "systemd" {
            self = .activated(name: nil)
        } else if text.hasPrefix("systemd:") {
            self = .activated(name: String(text.dropFirst("systemd:".count)))
        } else if kind.isInternet {
            self = try Self.internet(text, option)
        } else {
            guard !text.isEmpty else { throw ListenError("\(option): a path is missing") }
            guard !text.utf8.contains(0), text.utf8.count <= Self.pathBytesMax else {
                throw ListenError(
                    "\(option): a socket's path has at most \(Self.pathBytesMax) bytes, this one has "
                        + "\(text.utf8.count); choose a shorter one, in /run for instance")
            }
            self = .path(text)
        }
    }

    /// What the kernel takes (`sun_path`), a zero byte behind it (bytes).
    static let pathBytesMax = 107

    private static func internet(_ text: String, _ option: String) throws(ListenError) -> Self {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw ListenError("\(option): a port is missing; say HOST:PORT, or :PORT for all")
        }
        let digits = text[text.utf8.index(after: colon)...]
        guard let port = UInt16(digits), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw ListenError("\(option): `\(digits)` is no port; ports are from 0 (any) to 65535")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ListenError("\(option): put an IPv6 address in brackets, as in [::1]:\(port)")
        }
        return .internet(host: String(host), port: port)
    }
}
