public import LogBytes

/// Whether `count` bytes are the same in both places. Keys are short, and calling `memcmp` costs more than comparing them.
///
/// Words may overlap, so that nothing beyond the keys is read, and their number depends on the length in two steps only,
/// since a loop that ends elsewhere for each key is predicted badly.
@inlinable @inline(__always)
func sameBytes(
    _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int
) -> Bool {
    let left = UnsafeRawPointer(left)
    let right = UnsafeRawPointer(right)
    if count >= 8, count <= 16 {
        return difference(left, right, 0) | difference(left, right, count - 8) == 0
    }
    if count > 16, count <= 32 {
        let front = difference(left, right, 0) | difference(left, right, 8)
        let back = difference(left, right, count - 16) | difference(left, right, count - 8)
        return front | back == 0
    }
    return ByteView(left.assumingMemoryBound(to: UInt8.self), count)
        == ByteView(right.assumingMemoryBound(to: UInt8.self), count)
}

/// Zero when the eight bytes at `offset` are the same.
@inlinable @inline(__always)
func difference(
    _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ offset: Int
) -> UInt64 {
    left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
}
