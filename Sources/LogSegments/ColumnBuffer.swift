internal import LogBytes

/// The values of one column while its block is being filled: the bytes as they stand in the lines, one behind the other.
final class ColumnBuffer {
    /// The bytes of all values.
    var bytes = ByteWriter(capacity: 256)
    /// The end of each value in `bytes`.
    var ends = Vector<UInt32>(capacity: 64)

    /// The number of values.
    var count: Int { ends.count }

    @inline(__always)
    func append(_ value: ByteView) {
        bytes.append(value)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
    }

    @inline(__always)
    func value(_ index: Int) -> ByteView {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return ByteView(bytes.base + start, Int(ends[index]) - start)
    }

    func removeAll() {
        bytes.removeAll()
        ends.removeAll()
    }
}
