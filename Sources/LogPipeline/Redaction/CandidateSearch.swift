internal import CLogKernels
internal import LogBytes

/// The places of a chunk where something may stand that is to be redacted: one pass of vector code over all bytes.
struct CandidateSearch: ~Copyable {
    private var tables = weir_candidates()
    private var places = Vector<UInt32>(capacity: 1 << 10)
    private let isPlain: Bool

    /// A search for literals, in any case, and for numbers.
    ///
    /// - Parameters:
    ///   - cards: whether runs of digits count.
    ///   - addresses: whether dots and colons of IP addresses count.
    ///   - isPlain: without vector code, for tests.
    init(literals: [[UInt8]], cards: Bool, addresses: Bool, isPlain: Bool = false) {
        self.isPlain = isPlain
        tables.digits = cards ? 1 : 0
        tables.addresses = addresses ? 1 : 0
        // A group allows every mixture of its literals. Those that leave a byte open have one of their own, and the others, of
        // which those that begin alike share one, stay nearly exact.
        let isOpen = { (literal: [UInt8]) in literal.count < 3 }
        for literal in literals.filter(isOpen) { add(literal, group: 1) }
        let closed = literals.filter { !isOpen($0) }.sorted { $0.lexicographicallyPrecedes($1) }
        for (index, literal) in closed.enumerated() {
            add(literal, group: UInt8(2) << (index * 7 / max(closed.count, 1)))
        }
    }

    private mutating func add(_ literal: [UInt8], group: UInt8) {
        for place in 0..<3 {
            if place >= literal.count {
                allow(0x00...0xFF, place, group)
                continue
            }
            let byte = literal[place]
            let lower = ASCII.lowercased(byte)
            allow(lower...lower, place, group)
            if lower &- UInt8(ascii: "a") < 26 { allow(lower ^ 0x20...lower ^ 0x20, place, group) }
        }
    }

    private mutating func allow(_ bytes: ClosedRange<UInt8>, _ place: Int, _ group: UInt8) {
        withUnsafeMutableBytes(of: &tables.low) { low in
            for byte in bytes { low[place * 16 + Int(byte & 15)] |= group }
        }
        withUnsafeMutableBytes(of: &tables.high) { high in
            for byte in bytes { high[place * 16 + Int(byte >> 4)] |= group }
        }
    }

    /// The offsets of candidates in `bytes`, ascending; valid until the next call.
    mutating func find(in bytes: ByteView) -> UnsafeBufferPointer<UInt32> {
        places.removeAll()
        places.reserve(bytes.count)
        let count = weir_find_candidates(
            &tables, bytes.start, bytes.count, isPlain ? 1 : 0, places.base)
        return UnsafeBufferPointer(start: places.base, count: count)
    }
}
