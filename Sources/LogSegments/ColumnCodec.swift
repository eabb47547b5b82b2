internal import LogBytes
internal import LogQuery

/// A way to store the values of one column of one block in few bytes.
///
/// A codec refuses values that it cannot give back byte for byte. A new one is a file of its own and a line in
/// `ColumnCodecs.all`; its `id` is on disk and never changes its meaning.
protocol ColumnCodec: Sendable {
    /// The number of the codec on disk.
    var id: UInt8 { get }
    /// The name in statistics.
    var name: String { get }
    /// Appends the values of `column` (at least one) and returns true, or returns false when they do not suit; what was
    /// appended by then is dropped by the caller.
    ///
    /// - Parameter times: the rows' times when the column has one value for each row, else nil.
    func encode(
        _ column: ColumnBuffer, times: UnsafeBufferPointer<Int64>?, into out: inout ByteWriter
    ) -> Bool
    /// Reads `count` values.
    ///
    /// - Parameter times: reads the rows' times, for the codec that refers to them.
    func decode(
        _ reader: inout ByteReader, count: Int, times: () throws -> [Int64]
    ) throws -> Column
}

/// All codecs, in the order in which they are tried: the first that suits is used.
enum ColumnCodecs {
    static let all: [any ColumnCodec] = [
        ConstantCodec(), TimestampCodec(), SmallDictionaryCodec(), IntegerCodec(), DecimalCodec(),
        HexCodec(), DictionaryCodec(), PlainCodec(),
    ]

    private static let byID = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })

    /// The codec that has this number on disk.
    static func codec(_ id: UInt8) -> (any ColumnCodec)? { byID[id] }
}

/// Every value is the same: it is stored once.
struct ConstantCodec: ColumnCodec {
    let id: UInt8 = 1
    let name = "constant"

    func encode(
        _ column: ColumnBuffer, times: UnsafeBufferPointer<Int64>?, into out: inout ByteWriter
    ) -> Bool {
        let first = column.value(0)
        guard column.bytes.count == first.count * column.count else { return false }
        for index in 1..<max(column.count, 1) where column.value(index) != first { return false }
        out.append(first)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, times: () throws -> [Int64]
    ) throws -> Column {
        .constant(Array(try reader.bytes(reader.remaining, "constant")), rowCount: count)
    }
}

/// The values as they stand: all lengths, then all bytes.
struct PlainCodec: ColumnCodec {
    let id: UInt8 = 2
    let name = "plain"

    func encode(
        _ column: ColumnBuffer, times: UnsafeBufferPointer<Int64>?, into out: inout ByteWriter
    ) -> Bool {
        for index in 0..<column.count { out.append(length: column.value(index).count) }
        out.append(column.bytes.view)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, times: () throws -> [Int64]
    ) throws -> Column {
        var ends: [Int] = []
        ends.reserveCapacity(count)
        var end = 0
        for _ in 0..<count {
            end += try reader.length(atMost: reader.view.count, "value length")
            ends.append(end)
        }
        let bytes = try reader.bytes(end, "values")
        guard reader.remaining == 0 else { throw reader.malformed("values") }
        return count == 1
            ? .constant(Array(bytes), rowCount: 1) : .plain(bytes: Array(bytes), ends: ends)
    }
}
