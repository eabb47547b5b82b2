internal import LogBytes

/// A hash of some bytes of a file and their number, by which it is known again: FNV-1a of 64 bits (Fowler, Noll, Vo 1991),
/// which goes on where it ended. It is stored, so it never changes.
struct ContentHash: Hashable, Sendable {
    private(set) var length = 0
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of no bytes.
    init() {}

    /// A hash that was written down.
    init(length: Int, value: UInt64) {
        self.length = length
        self.value = value
    }

    /// The hash of `view`.
    init(_ view: ByteView) { extend(view) }

    /// The hash of `bytes`.
    init(_ bytes: [UInt8]) { bytes.withView { extend($0) } }

    /// Goes on with further bytes.
    mutating func extend(_ view: ByteView) {
        var hash = value
        var address = view.start
        let end = view.end
        while address < end {
            hash = (hash ^ UInt64(address.pointee)) &* 0x100_0000_01B3
            address += 1
        }
        value = hash
        length += view.count
    }
}
