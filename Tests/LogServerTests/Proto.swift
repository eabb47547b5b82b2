/// Protobuf by hand.
enum Proto {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var out: [UInt8] = []
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return out + [UInt8(rest)]
    }

    static func varint(_ number: UInt64, _ value: UInt64) -> [UInt8] {
        varint(number << 3) + varint(value)
    }

    static func fixed64(_ number: UInt64, _ value: UInt64) -> [UInt8] {
        varint(number << 3 | 1) + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func fixed32(_ number: UInt64, _ value: UInt32) -> [UInt8] {
        varint(number << 3 | 5) + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func bytes(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    static func text(_ number: UInt64, _ text: String) -> [UInt8] {
        bytes(number, Array(text.utf8))
    }

    /// A block of Snappy that holds `bytes` as literals.
    static func snappy(_ bytes: [UInt8]) -> [UInt8] {
        var out = varint(UInt64(bytes.count))
        for start in stride(from: 0, to: bytes.count, by: 60) {
            let piece = bytes[start..<min(start + 60, bytes.count)]
            out += [UInt8(piece.count - 1) << 2] + piece
        }
        return out
    }
}
