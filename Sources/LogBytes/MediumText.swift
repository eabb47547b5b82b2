/// A text of at most 32 bytes as a plain value: names of events and endpoints are seldom longer.
@frozen
public struct MediumText: BitwiseCopyable, Equatable {
    /// The longest text.
    @inlinable public static var bytesMax: Int { 32 }

    @usableFromInline var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    @usableFromInline var length: Int = 0

    /// The text without bytes.
    public static var empty: Self { Self() }

    private init() {}

    /// The text `text` of at most 32 bytes, behind the last of which eight more may be loaded. Four loads cover it; they overlap
    /// where it is shorter, so that no branch depends on its length.
    @inlinable @inline(__always)
    public init(readable text: ByteView) {
        let start = UnsafeRawPointer(text.start)
        let count = text.count
        let mask = Self.mask(count)
        func word(_ offset: Int) -> UInt64 {
            start.loadUnaligned(fromByteOffset: max(offset, 0), as: UInt64.self) & mask
        }
        length = count
        words = (word(0), word(min(8, count &- 8)), word(count &- 16), word(count &- 8))
    }

    /// The first `count` bytes of a word; all of them from eight on.
    @inlinable @inline(__always)
    static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? ~0 : ~(~0 &<< UInt64(truncatingIfNeeded: count * 8))
    }

    /// Whether both have the same bytes.
    @inlinable @inline(__always)
    public static func == (left: Self, right: Self) -> Bool {
        let first = (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1)
        let second = (left.words.2 ^ right.words.2) | (left.words.3 ^ right.words.3)
        return first | second | UInt64(truncatingIfNeeded: left.length ^ right.length) == 0
    }

    /// A number for caches, of which any bits will do.
    @inlinable @inline(__always)
    public var place: Int {
        var mixed = words.0 ^ words.1 &* 0xD6E8_FEB8_6659_FD93 ^ words.2 &* 0xA24B_AED4_963E_E407
        mixed = (mixed ^ words.3) &+ UInt64(truncatingIfNeeded: length)
        // Folded, since texts that differ at their ends only differ in the highest bits, which a product keeps there.
        let product = mixed.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: (product.high ^ product.low) >> 16)
    }
}
