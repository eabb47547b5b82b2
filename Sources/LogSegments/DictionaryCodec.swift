internal import LogBytes
internal import LogQuery

/// Distinct values once, then each row's number in as few bits as the count of values needs.
///
///     varint   n              number of distinct values
///     n ×      varint length
///     bytes    the values, in the order in which they first occur
///     bytes    numbers, `IntegerPacking`
enum DictionaryLayout {
    /// Fills `codes` with the number of each row, or of the first `rows`; nil when there are more than `limit` distinct values.
    static func number(
        _ column: ColumnBuffer, rows: Int? = nil, limit: Int, codes: inout Vector<Int64>
    ) -> [Int]? {
        let rows = rows ?? column.count
        codes.reserve(rows)
        var table = ValueTable(limit: limit)
        var firsts: [Int] = []
        var start = 0
        for row in 0..<rows {
            let end = Int(column.ends[row])
            let value = ByteView(column.bytes.base + start, end - start)
            start = end
            let code = table.number(of: value)
            guard code >= 0 else { return nil }
            if code == firsts.count { firsts.append(row) }
            codes.append(Int64(code))
        }
        return firsts
    }

    /// Distinct values by their bytes, which somebody else keeps.
    private struct ValueTable: ~Copyable {
        /// The upper half of a value's hash, and its number; −1 where there is none.
        private struct Slot: BitwiseCopyable {
            var tag: UInt32 = 0
            var number: Int32 = -1
        }

        private let limit: Int
        private let mask: Int
        private var slots: Vector<Slot>
        private var values: Vector<ByteView>

        init(limit: Int) {
            self.limit = limit
            let count = max(16, (limit * 2).nextPowerOfTwo)
            mask = count - 1
            slots = Vector<Slot>(capacity: count)
            for _ in 0..<count { slots.append(Slot()) }
            values = Vector<ByteView>(capacity: min(limit, 256))
        }

        /// The number of `value`, the next one when it is new; −1 when it is one too many.
        @inline(__always)
        mutating func number(of value: ByteView) -> Int {
            let hash = value.memoryHash
            let tag = UInt32(truncatingIfNeeded: hash >> 32)
            var place = Int(truncatingIfNeeded: hash) & mask
            while slots[place].number >= 0 {
                let number = Int(slots[place].number)
                if slots[place].tag == tag, values[number].hasSameBytes(as: value) { return number }
                place = (place + 1) & mask
            }
            guard values.count < limit else { return -1 }
            slots[place] = Slot(tag: tag, number: Int32(values.count))
            values.append(value)
            return values.count - 1
        }
    }

    static func encode(_ column: ColumnBuffer, limit: Int, into out: inout ByteWriter) -> Bool {
        var codes = Vector<Int64>(capacity: column.count)
        guard let firsts = number(column, limit: limit, codes: &codes) else { return false }
        out.append(length: firsts.count)
        for row in firsts { out.append(length: column.value(row).count) }
        for row in firsts { out.append(column.value(row)) }
        IntegerPacking.encode(codes.buffer, into: &out)
        return true
    }

    static func decode(_ reader: inout ByteReader, count: Int) throws -> Column {
        let distinct = try reader.length(atMost: count, "dictionary size")
        var ends: [Int] = []
        var end = 0
        for _ in 0..<distinct {
            end += try reader.length(atMost: reader.view.count, "value length")
            ends.append(end)
        }
        let bytes = Array(try reader.bytes(end, "dictionary values"))
        let codes = try IntegerPacking.decode(&reader, count: count).map { code in
            guard code >= 0, code < distinct else { throw reader.malformed("dictionary code") }
            return UInt32(code)
        }
        return .dictionary(bytes: bytes, ends: ends, codes: codes)
    }
}

extension Int {
    /// The smallest power of two that is no less; 1 for numbers below.
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}

/// At most 256 distinct values: levels, services, endpoints, status codes.
struct SmallDictionaryCodec: ColumnCodec {
    let id: UInt8 = 3
    let name = "dictionary"

    /// Up to here a row costs at most a byte, less than any number that varies.
    private static let distinctMax = 256

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        DictionaryLayout.encode(
            column, limit: min(Self.distinctMax, max(column.count / 4, 1)), into: &out)
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        try DictionaryLayout.decode(&reader, count: count)
    }
}

/// Values of which at least half are repetitions.
struct DictionaryCodec: ColumnCodec {
    let id: UInt8 = 4
    let name = "large dictionary"

    private static let sampleCount = 1_024

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        // The first rows show whether values repeat; looking at all of them is dear.
        var codes = Vector<Int64>(capacity: Self.sampleCount)
        if column.count > 2 * Self.sampleCount,
            DictionaryLayout.number(
                column, rows: Self.sampleCount, limit: Self.sampleCount / 4 * 3, codes: &codes)
                == nil
        {
            return false
        }
        return DictionaryLayout.encode(column, limit: column.count / 2, into: &out)
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        try DictionaryLayout.decode(&reader, count: count)
    }
}
