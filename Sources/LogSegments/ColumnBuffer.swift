internal import LogBytes

/// The values of one column while its block is being filled: the bytes as they stand in the lines, one behind the other.
final class ColumnBuffer {
    /// The bytes of all values.
    var bytes: ByteWriter
    /// The end of each value in `bytes`.
    var ends: Vector<UInt32>

    /// An empty column with room for that much.
    init(byteCapacity: Int = 256, capacity: Int = 64) {
        bytes = ByteWriter(capacity: byteCapacity)
        ends = Vector<UInt32>(capacity: capacity)
    }

    /// The number of values.
    var count: Int { ends.count }

    @inline(__always)
    func append(_ value: ByteView) {
        bytes.append(short: value)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// A value no longer than this is copied as if it were so long.
    private static let shortMax = 32

    /// Appends `length` bytes from `start`, of which `shortMax` may be loaded, however few they are: a copy that does not
    /// depend on the length, which is different for each value and so predicted badly.
    @inline(__always)
    func append(padded start: UnsafePointer<UInt8>, _ length: Int) {
        guard length <= Self.shortMax else { return append(ByteView(start, length)) }
        bytes.reserve(Self.shortMax)
        UnsafeMutableRawPointer(bytes.base + bytes.count).copyMemory(
            from: start, byteCount: Self.shortMax)
        bytes.advance(length)
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

    /// The values of the rows `rows`, in that order.
    func selecting(_ rows: [Int]) -> ColumnBuffer {
        let selected = ColumnBuffer(capacity: rows.count)
        for row in rows { selected.append(value(row)) }
        return selected
    }
}
