#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The kinds of sockets that carry lines, by the words of the command line.
public enum SocketKind: String, CaseIterable, Sendable {
    case tcp
    case udp
    case unix
    case unixDatagram = "unix-datagram"
    /// TCP that carries HTTP.
    case http

    /// Whether lines come in datagrams.
    public var isDatagram: Bool { self == .udp || self == .unixDatagram }

    /// Whether addresses are hosts and ports, and others than this machine may send.
    public var isInternet: Bool { self == .tcp || self == .udp || self == .http }

    var type: Int32 {
        Int32(isDatagram ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue)
            | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    }
}
