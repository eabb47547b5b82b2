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
