internal import NIOCore

/// What a client without a key is known by.
enum ClientAddress {
    /// The IPv4 address, or the IPv6 network of 64 bits: who has one address there has all of them.
    static func text(of address: SocketAddress?) -> String {
        switch address {
        case .v4(let v4)?: return SocketAddress.v4(v4).ipAddress ?? "unknown"
        case .v6(let v6)?:
            // Behind the family, the port and the flow of a sockaddr_in6.
            let bytes = withUnsafeBytes(of: v6.address) { Array($0[8..<24]) }
            // An IPv4 client of a socket that serves both.
            if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
                return bytes[12...].map(String.init).joined(separator: ".")
            }
            let groups = stride(from: 0, to: 8, by: 2).map {
                String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16)
            }
            return groups.joined(separator: ":") + "::/64"
        case .unixDomainSocket?, nil: return "unknown"
        }
    }
}
