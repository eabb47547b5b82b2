internal import CLogKernels
internal import LogBytes

/// The values of one column while its block is being filled: the bytes as they stand in the lines, one behind the other.
final class ColumnBuffer {
    /// The bytes of all values.
    var bytes: ByteWriter
    /// The end of each value in `bytes`.
    var ends: Vector<UInt32>

    /// Bytes behind the last value that there is always room for.
    static let spareBytes = Int(WEIR_SHORT_VALUE)

    /// An empty column with room for that much.
    init(byteCapacity: Int = 256, capacity: Int = 64) {
        bytes = ByteWriter(capacity: byteCapacity + Self.spareBytes)
        ends = Vector<UInt32>(capacity: capacity)
    }

    /// The number of values.
    var count: Int { ends.count }

    @inline(__always)
    func append(_ value: ByteView) {
        bytes.reserve(value.count + Self.spareBytes)
        bytes.append(short: value)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
    }

    /// Where the next value goes, for `weir_append_values`: there is room for a few at least. Valid until the column changes
    /// otherwise; what is put there counts when `take` is called.
    func makeEnd() -> weir_column_end {
        bytes.reserve(2 * Self.spareBytes)
        ends.reserve(8)
        return weir_column_end(
            bytes: bytes.base, ends: ends.base, used: bytes.count,
            used_max: bytes.capacity - 2 * Self.spareBytes, count: ends.count,
            count_max: ends.capacity)
    }

    /// Counts what was put behind the values since `makeEnd`.
    func take(_ end: weir_column_end) {
        bytes.advance(end.used - bytes.count)
        ends.advance(end.count - ends.count)
    }

    /// The bytes of a value; `spareBytes` behind it may be loaded.
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
