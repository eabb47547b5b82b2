internal import LogBytes

/// A text of at most 32 bytes as a plain value: names of events and endpoints are seldom longer.
struct MediumText: BitwiseCopyable, Equatable {
    static let bytesMax = 32

    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private var length: Int = 0

    static var empty: Self { Self() }

    private init() {}

    /// The text `text` of at most 32 bytes, behind the last of which eight more may be loaded.
    @inline(__always)
    init(readable text: ByteView) {
        let start = UnsafeRawPointer(text.start)
        let count = text.count
        length = count
        words.0 = start.loadUnaligned(as: UInt64.self) & Self.mask(count)
        if count <= 8 { return }
        words.1 = start.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & Self.mask(count - 8)
        if count <= 16 { return }
        words.2 = start.loadUnaligned(fromByteOffset: 16, as: UInt64.self) & Self.mask(count - 16)
        if count <= 24 { return }
        words.3 = start.loadUnaligned(fromByteOffset: 24, as: UInt64.self) & Self.mask(count - 24)
    }

    /// The first `count` bytes of a word; all of them from eight on.
    @inline(__always)
    private static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? ~0 : ~(~0 &<< UInt64(truncatingIfNeeded: count * 8))
    }

    @inline(__always)
    static func == (left: Self, right: Self) -> Bool {
        let first = (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1)
        let second = (left.words.2 ^ right.words.2) | (left.words.3 ^ right.words.3)
        return first | second | UInt64(truncatingIfNeeded: left.length ^ right.length) == 0
    }

    /// A number below 256, for direct-mapped caches.
    @inline(__always)
    var place: Int {
        var mixed = words.0 ^ words.1 &* 0xD6E8_FEB8_6659_FD93 ^ words.2 &* 0xA24B_AED4_963E_E407
        mixed = (mixed ^ words.3) &+ UInt64(truncatingIfNeeded: length)
        mixed = mixed &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 56)
    }
}
