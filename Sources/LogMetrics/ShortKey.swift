internal import LogBytes

/// Hashing and comparing of names and paths without a branch that depends on their length, where they have 8 to 32 bytes.
///
/// Lengths change from record to record, so that such branches are guessed wrong, and a wrong guess costs more than all of the
/// rest. Four loads of eight bytes cover such a text; they overlap where it is shorter.
enum ShortKey {
    private static var first: UInt64 { 0x9E37_79B9_7F4A_7C15 }
    private static var second: UInt64 { 0xD6E8_FEB8_6659_FD93 }

    @inline(__always)
    private static func isShort(_ count: Int) -> Bool { UInt(bitPattern: count &- 8) <= 24 }

    @inline(__always)
    private static func load(_ start: UnsafePointer<UInt8>, _ offset: Int) -> UInt64 {
        UnsafeRawPointer(start).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// A hash for tables in memory.
    @inline(__always)
    static func hash(_ text: ByteView, seed: UInt64) -> UInt64 {
        let count = text.count
        guard isShort(count) else { return fold(text.memoryHash ^ seed, first) }
        let front = fold(
            load(text.start, 0) ^ second, load(text.start, min(8, count &- 8)) ^ seed)
        let back = fold(
            load(text.start, max(0, count &- 16)) ^ first,
            load(text.start, count &- 8) ^ UInt64(truncatingIfNeeded: count))
        return fold(front ^ first, back ^ second)
    }

    /// Whether `text` has the bytes of `other`, which has as many.
    @inline(__always)
    static func hasBytes(_ text: ByteView, of other: UnsafePointer<UInt8>) -> Bool {
        let count = text.count
        guard isShort(count) else { return text.hasSameBytes(as: ByteView(other, count)) }
        func difference(_ offset: Int) -> UInt64 {
            load(text.start, offset) ^ load(other, offset)
        }
        let front = difference(0) | difference(min(8, count &- 8))
        let back = difference(max(0, count &- 16)) | difference(count &- 8)
        return front | back == 0
    }
}
