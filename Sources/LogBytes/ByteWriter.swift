/// The writer of every binary layout: bytes, little-endian integers, varints.
public typealias ByteWriter = Vector<UInt8>

extension Vector where Element == UInt8 {
    /// Everything written so far, valid until the next append.
    @inlinable
    public var view: ByteView { ByteView(base, count) }

    /// Appends the bytes of `view`.
    @inlinable
    public mutating func append(_ view: ByteView) {
        append(view.start, view.count)
    }

    /// Appends the UTF-8 of `text`.
    public mutating func append(_ text: String) {
        text.withView { append($0) }
    }

    /// Appends `value` in little-endian order.
    @inlinable
    public mutating func append<Integer: FixedWidthInteger>(fixed value: Integer) {
        let size = MemoryLayout<Integer>.size
        reserve(size)
        UnsafeMutableRawPointer(base + count)
            .storeBytes(of: value.littleEndian, as: Integer.self)
        advance(size)
    }

    /// Appends `value` as a varint: seven bits a byte, least significant first, the high bit set on all but the last.
    @inlinable
    public mutating func append(varint value: UInt64) {
        reserve(Varint.bytesMax)
        var rest = value
        while rest >= 0x80 {
            base[count] = UInt8(truncatingIfNeeded: rest) | 0x80
            advance(1)
            rest >>= 7
        }
        base[count] = UInt8(truncatingIfNeeded: rest)
        advance(1)
    }

    /// Appends a length as a varint. Negative lengths do not exist.
    @inlinable
    public mutating func append(length: Int) {
        append(varint: UInt64(truncatingIfNeeded: length))
    }

    /// Appends a signed value as a varint, zigzag-folded so that small magnitudes stay short.
    @inlinable
    public mutating func append(zigzag value: Int64) {
        append(varint: Varint.zigzag(value))
    }

    /// Appends a varint length and then the bytes.
    @inlinable
    public mutating func append(lengthPrefixed view: ByteView) {
        append(length: view.count)
        append(view)
    }
}

/// The folding of signed numbers and the size of a varint.
public enum Varint {
    /// The longest varint: 64 bits in groups of seven.
    public static let bytesMax = 10

    /// Folds a signed value: 0, −1, 1, −2 … become 0, 1, 2, 3 ….
    @inlinable
    public static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
    }

    /// The inverse of `zigzag`.
    @inlinable
    public static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
