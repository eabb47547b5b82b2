/// What is wrong with a binary layout: the reader ran past its end, or a number is out of its range.
public struct MalformedBytes: Error, Equatable, Sendable {
    /// The offset in the reader's view at which reading failed.
    public let offset: Int
    /// What was being read.
    public let what: String

    /// Malformed bytes at `offset`, while reading `what`.
    public init(offset: Int, what: String) {
        self.offset = offset
        self.what = what
    }
}

/// A checked reader of binary layouts. Damaged bytes give `MalformedBytes`, never a trap.
public struct ByteReader {
    /// The bytes being read.
    public let view: ByteView
    /// The offset of the next byte.
    public private(set) var offset = 0

    /// A reader at the start of `view`, which must outlive it.
    public init(_ view: ByteView) { self.view = view }

    /// The number of bytes not read yet.
    public var remaining: Int { view.count - offset }

    /// Reads a little-endian integer.
    public mutating func fixed<Integer: FixedWidthInteger>(
        _ type: Integer.Type, _ what: StaticString
    ) throws(MalformedBytes) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard remaining >= size else { throw malformed(what) }
        let value = UnsafeRawPointer(view.start + offset).loadUnaligned(as: Integer.self)
        offset += size
        return Integer(littleEndian: value)
    }

    /// Reads a varint of at most 64 bits.
    public mutating func varint(_ what: StaticString) throws(MalformedBytes) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < view.count {
            let byte = view[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { throw malformed(what) }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw malformed(what)
    }

    /// Reads a zigzag-folded signed varint.
    public mutating func zigzag(_ what: StaticString) throws(MalformedBytes) -> Int64 {
        Varint.unzigzag(try varint(what))
    }

    /// Reads a varint that counts something, at most `limit`.
    public mutating func length(
        atMost limit: Int, _ what: StaticString
    ) throws(MalformedBytes) -> Int {
        let value = try varint(what)
        guard value <= UInt64(limit) else { throw malformed(what) }
        return Int(value)
    }

    /// Reads the lengths of `count` texts, each at most `limit`; where each text ends when they stand one behind the other.
    public mutating func ends(
        _ count: Int, atMost limit: Int, _ what: StaticString
    ) throws(MalformedBytes) -> [Int] {
        var failure: MalformedBytes?
        let ends = [Int](unsafeUninitializedCapacity: count) { ends, filled in
            var end = 0
            for index in 0..<count {
                // Most lengths are one byte.
                if offset < view.count, view[offset] < 0x80 {
                    end += Int(view[offset])
                    offset += 1
                } else {
                    do throws(MalformedBytes) {
                        end += try length(atMost: limit, what)
                    } catch {
                        failure = error
                        return
                    }
                }
                ends[index] = end
                filled = index + 1
            }
        }
        if let failure { throw failure }
        return ends
    }

    /// Reads `count` bytes as a view into the same memory.
    public mutating func bytes(
        _ count: Int, _ what: StaticString
    ) throws(MalformedBytes) -> ByteView {
        guard count >= 0, remaining >= count else { throw malformed(what) }
        defer { offset += count }
        return ByteView(view.start + offset, count)
    }

    /// Reads a varint length and that many bytes.
    public mutating func lengthPrefixed(_ what: StaticString) throws(MalformedBytes) -> ByteView {
        let count = try length(atMost: remaining, what)
        return try bytes(count, what)
    }

    /// The error of this reader at its present offset.
    public func malformed(_ what: StaticString) -> MalformedBytes {
        MalformedBytes(offset: offset, what: "\(what)")
    }
}
