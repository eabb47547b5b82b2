public import CLogKernels

// Keys and values are short, and calling `memcmp` or `memcpy` costs more than their bytes do. Here words overlap, so that
// nothing beyond the bytes is touched, and their number depends on the length in few steps only, since a loop that ends
// elsewhere for each value is predicted badly.

extension ByteView {
    /// Whether both have the same bytes: as `==`, and faster where they have 8 to 32.
    @inlinable @inline(__always)
    public func hasSameBytes(as other: ByteView) -> Bool {
        guard count == other.count else { return false }
        let left = UnsafeRawPointer(start)
        let right = UnsafeRawPointer(other.start)
        if count >= 8, count <= 16 {
            return Self.difference(left, right, 0) | Self.difference(left, right, count - 8) == 0
        }
        if count > 16, count <= 32 {
            let front = Self.difference(left, right, 0) | Self.difference(left, right, 8)
            let back =
                Self.difference(left, right, count - 16) | Self.difference(left, right, count - 8)
            return front | back == 0
        }
        return self == other
    }

    /// Zero when the eight bytes at `offset` are the same.
    @inlinable @inline(__always)
    static func difference(
        _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ offset: Int
    ) -> UInt64 {
        left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}

extension Vector where Element == UInt8 {
    /// Appends the bytes of `view`: as `append`, and faster where they are up to 32.
    @inlinable @inline(__always)
    public mutating func append(short view: ByteView) {
        reserve(view.count)
        weir_copy_short(base + count, view.start, view.count)
        advance(view.count)
    }
}
