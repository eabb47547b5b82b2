#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Tells the addresses of the open network from those that only this machine or its own network reaches.
///
/// An address that came from a log line or over the API must not lead weir to what only weir can reach.
enum PublicAddress {
    /// Why a host is not used.
    struct Refusal: Error, Equatable {
        let message: String
        let isTemporary: Bool
    }

    /// The one address at which `host` is reached. Every address that it has must be public, so that a name with two faces
    /// gains nothing.
    static func resolve(_ host: String) throws(Refusal) -> String {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0, let list else {
            throw Refusal(
                message: "the host \(host) is not known: \(String(cString: gai_strerror(status)))",
                isTemporary: status == EAI_AGAIN)
        }
        defer { freeaddrinfo(list) }
        var first: String?
        var next: UnsafeMutablePointer<addrinfo>? = list
        while let entry = next {
            let bytes = Self.bytes(entry.pointee)
            guard isPublic(bytes) else {
                throw Refusal(
                    message: "the host \(host) has an address that is not public, which weir does "
                        + "not connect to for an address that it did not get from its operator",
                    isTemporary: false)
            }
            if first == nil { first = text(bytes) }
            next = entry.pointee.ai_next
        }
        guard let first else {
            throw Refusal(message: "the host \(host) has no address", isTemporary: true)
        }
        return first
    }

    /// The bytes of an address. Taken by their places, which POSIX fixes: behind family and port of an IPv4 address, and behind
    /// those and the flow of an IPv6 one.
    private static func bytes(_ entry: addrinfo) -> [UInt8] {
        let place: Range<Int>
        switch entry.ai_family {
        case AF_INET: place = 4..<8
        case AF_INET6: place = 8..<24
        default: return []
        }
        guard let address = entry.ai_addr, Int(entry.ai_addrlen) >= place.upperBound else {
            return []
        }
        return Array(UnsafeRawBufferPointer(start: address, count: place.upperBound)[place])
    }

    private static func text(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        return stride(from: 0, to: bytes.count, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }.joined(separator: ":")
    }

    /// Whether an address of four or 16 bytes belongs to the open network (IANA's registries of special addresses).
    static func isPublic(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: return isPublicV4(bytes)
        case 16:
            // Addresses of the older kind in the newer one's clothes are not told apart: all of them are out.
            let isGlobalUnicast = bytes[0] & 0xE0 == 0x20
            let isTeredoOrSpecial = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02
            let isDocumentation = bytes[0..<4].elementsEqual([0x20, 0x01, 0x0D, 0xB8])
            let is6to4 = bytes[0] == 0x20 && bytes[1] == 0x02
            let isNewDocumentation = bytes[0] == 0x3F && bytes[1] == 0xFF
            return isGlobalUnicast && !isTeredoOrSpecial && !isDocumentation && !is6to4
                && !isNewDocumentation
        default: return false
        }
    }

    private static func isPublicV4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): false
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _): false
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100): false
        case (203, 0, 113): false
        default: true
        }
    }
}
