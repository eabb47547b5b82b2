internal import LogBytes

/// The first eight bytes of literals: whether one of them may stand at an address, told in a few instructions. Most candidates of
/// the search are none.
struct LiteralHeads: ~Copyable {
    /// Eight bytes, of which those under `mask` count, after the bits of `fold` are set: they make letters lower-case.
    private struct Head: BitwiseCopyable {
        let bytes: UInt64
        let fold: UInt64
        let mask: UInt64
    }

    private var heads = Vector<Head>(capacity: 64)
    /// For each byte, in either case, the heads that begin with it: from its entry to the next one's.
    private var starts = Vector<UInt16>(capacity: 257)

    /// The heads of `literals`, in any case.
    init(_ literals: [[UInt8]]) {
        for byte in UInt8.min...UInt8.max {
            starts.append(UInt16(heads.count))
            for literal in literals
            where literal.first.map(ASCII.lowercased) == ASCII.lowercased(byte) {
                heads.append(Self.head(literal))
            }
        }
        starts.append(UInt16(heads.count))
    }

    private static func head(_ literal: [UInt8]) -> Head {
        var bytes: UInt64 = 0
        var fold: UInt64 = 0
        var mask: UInt64 = 0
        for (place, byte) in literal.prefix(8).enumerated() {
            let lower = ASCII.lowercased(byte)
            let shift = UInt64(place * 8)
            bytes |= UInt64(lower) << shift
            mask |= 0xFF << shift
            if lower &- UInt8(ascii: "a") < 26 { fold |= 0x20 << shift }
        }
        return Head(bytes: bytes, fold: fold, mask: mask)
    }

    /// Whether a literal may stand at `address`, from which eight bytes can be read.
    func mayStand(at address: UnsafePointer<UInt8>) -> Bool {
        let first = Int(address.pointee)
        var index = Int(starts[first])
        let end = Int(starts[first + 1])
        guard index < end else { return false }
        let word = UInt64(
            littleEndian: UnsafeRawPointer(address).loadUnaligned(as: UInt64.self))
        while index < end {
            let head = heads[index]
            if (word | head.fold) & head.mask == head.bytes { return true }
            index += 1
        }
        return false
    }
}
