internal import CLogKernels
internal import LogBytes
internal import LogQuery

/// Distinct values once, each row's number by entropy.
///
///     varint   distinct values
///     …        the values in the order in which they first occur, `NestedColumn`
///     …        numbers, `CodeStream`
struct CodedCodec: ColumnCodec {
    let id: UInt8 = 20
    let name = "coded dictionary"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater, column.count > 1 else { return false }
        var codes = Vector<Int64>(capacity: column.count)
        let limit = column.count / 4 * 3
        guard let firsts = DictionaryLayout.number(column, limit: limit, codes: &codes) else {
            return false
        }
        out.append(length: firsts.count)
        NestedColumn.append(
            column.selecting(firsts), ColumnCodecs.nested, context, into: &out)
        CodeStream.append(Array(codes.buffer), limit: firsts.count, deflater, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let distinct = try reader.length(atMost: count, "dictionary size")
        let values = try NestedColumn.read(&reader, count: distinct)
        let codes = try CodeStream.read(&reader, count: count, limit: distinct)
        return values.selecting(codes)
    }
}

/// Values that often stand a few rows before already: requests log several lines with one trace id.
///
///     …        for each row the distance to the row with the same value, 0 where it is a new one, `CodeStream`
///     varint   new values
///     …        new values, `NestedColumn`
struct RecentCodec: ColumnCodec {
    let id: UInt8 = 21
    let name = "recent"

    /// How far back a value is looked for.
    static let distanceMax = Int(WEIR_DISTANCE_MAX)

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater else { return false }
        let (distances, fresh) = Self.distances(column)
        // Few repetitions do not pay for the distances.
        guard fresh.count < column.count - column.count / 32, !fresh.isEmpty else { return false }
        CodeStream.append(distances, limit: Self.distanceMax + 1, deflater, into: &out)
        out.append(length: fresh.count)
        NestedColumn.append(
            column.selecting(fresh), ColumnCodecs.nested + [TemplateCodec()], context, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let distances = try CodeStream.read(&reader, count: count, limit: Self.distanceMax + 1)
        let freshCount = try reader.length(atMost: count, "new values")
        let fresh = try NestedColumn.read(&reader, count: freshCount)
        let codes = try Self.codes(distances, newValues: freshCount, &reader)
        return fresh.selecting(codes)
    }
}

extension RecentCodec {
    /// For each row the distance to the row before it that has the same value, 0 where none is near, and the rows of these.
    static func distances(_ column: ColumnBuffer) -> (distances: [Int64], fresh: [Int]) {
        var distances: [Int64] = []
        distances.reserveCapacity(column.count)
        var fresh: [Int] = []
        for row in 0..<column.count {
            let value = column.value(row)
            var distance = 0
            for back in 1...distanceMax where row - back >= 0 {
                if column.value(row - back) == value {
                    distance = back
                    break
                }
            }
            distances.append(Int64(distance))
            if distance == 0 { fresh.append(row) }
        }
        return (distances, fresh)
    }

    /// For each row the number of its value: of new ones, of which there are `newValues`, these are `numbers`, or their own.
    static func codes(
        _ distances: [UInt32], newValues: Int, numbers: [UInt32]? = nil, _ reader: inout ByteReader
    ) throws(MalformedBytes) -> [UInt32] {
        var isSound = numbers.map { $0.count == newValues } ?? true
        let codes = [UInt32](unsafeUninitializedCapacity: distances.count) { codes, filled in
            guard isSound, let out = codes.baseAddress else { return }
            isSound = weir_recent_codes(distances, distances.count, numbers, newValues, out) != 0
            filled = isSound ? distances.count : 0
        }
        guard isSound else { throw reader.malformed("distances of values") }
        return codes
    }
}

extension CodedCodec {
    var hasDistinctValues: Bool { true }

    func distinctValues(_ reader: inout ByteReader, count: Int) throws -> Column {
        let distinct = try reader.length(atMost: count, "dictionary size")
        return try NestedColumn.read(&reader, count: distinct)
    }
}

extension RecentCodec {
    var hasDistinctValues: Bool { true }

    func distinctValues(_ reader: inout ByteReader, count: Int) throws -> Column {
        try CodeStream.skip(&reader)
        let freshCount = try reader.length(atMost: count, "new values")
        return try NestedColumn.read(&reader, count: freshCount)
    }

    var tellsAlphabet: Bool { true }

    func alphabet(_ bytes: ByteView) -> ByteSet? {
        var reader = ByteReader(bytes)
        guard (try? CodeStream.skip(&reader)) != nil, (try? reader.varint("new values")) != nil
        else { return nil }
        return NestedColumn.alphabet(bytes.dropFirst(reader.offset))
    }
}

/// All bytes packed by deflate, and all lengths.
///
///     …        lengths, `EntropyIntegers`
///     …        bytes, `PackedBytes`
struct PackedTextCodec: ColumnCodec {
    let id: UInt8 = 22
    let name = "packed text"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater else { return false }
        var lengths = Vector<Int64>(capacity: column.count)
        for row in 0..<column.count { lengths.append(Int64(column.value(row).count)) }
        EntropyIntegers.encode(lengths.buffer, into: &out)
        PackedBytes.append(column.bytes.view, deflater, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let lengths = try EntropyIntegers.decode(&reader, count: count)
        let bytes = try PackedBytes.read(&reader, "text")
        var end = 0
        var ends: [Int] = []
        ends.reserveCapacity(count)
        for length in lengths {
            guard length >= 0, length <= Int64(bytes.count - end) else {
                throw reader.malformed("length of a value")
            }
            end += Int(length)
            ends.append(end)
        }
        guard end == bytes.count else { throw reader.malformed("text") }
        return .plain(bytes: bytes, ends: ends)
    }
}
