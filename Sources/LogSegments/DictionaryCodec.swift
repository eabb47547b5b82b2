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
        let short = ShortValueTable()
        var long = ValueTable(limit: limit)
        let isSmall = limit <= ShortValueTable.countMax
        var firsts: [Int] = []
        var start = 0
        for row in 0..<rows {
            let end = Int(column.ends[row])
            let value = ByteView(column.bytes.base + start, end - start)
            start = end
            let next = firsts.count
            let code =
                isSmall && value.count <= MediumText.bytesMax
                ? short.number(of: value, next: next) : long.number(of: value, next: next)
            if code == next {
                guard next < limit else { return nil }
                firsts.append(row)
            }
            codes.append(Int64(code))
        }
        return firsts
    }

    /// A few distinct values of at most 32 bytes, of which 32 bytes may be loaded.
    private struct ShortValueTable: ~Copyable {
        /// So many values there may be.
        static let countMax = 256
        private static let slotCount = 2 * countMax

        private struct Slot: BitwiseCopyable {
            var value = MediumText.empty
            var number: Int32 = -1
        }

        /// A value of at most eight bytes that came lately.
        private struct Word: BitwiseCopyable {
            var bytes: UInt64 = 0
            var count: Int32 = -1
            var number: Int32 = 0
        }

        private static let wordCount = 64

        private var slots = Vector<Slot>(capacity: slotCount)
        private var words = Vector<Word>(capacity: wordCount)

        init() {
            for _ in 0..<Self.slotCount { slots.append(Slot()) }
            for _ in 0..<Self.wordCount { words.append(Word()) }
        }

        /// The number of `value`; `next`, which it has from now on, when it is new.
        @inline(__always)
        func number(of value: ByteView, next: Int) -> Int {
            let count = value.count
            guard count <= 8 else { return number(of: MediumText(readable: value), next: next) }
            let bytes = UnsafeRawPointer(value.start).loadUnaligned(as: UInt64.self)
            let key = count == 8 ? bytes : bytes & ~(~0 << UInt64(count * 8))
            let word = words.base + Int((key &* 0x9E37_79B9_7F4A_7C15) >> 58)
            if word.pointee.bytes == key, Int(word.pointee.count) == count {
                return Int(word.pointee.number)
            }
            let number = number(of: MediumText(readable: value), next: next)
            word.pointee = Word(bytes: key, count: Int32(count), number: Int32(number))
            return number
        }

        @inline(__always)
        private func number(of value: MediumText, next: Int) -> Int {
            var place = value.place & (Self.slotCount - 1)
            while slots[place].number >= 0 {
                if slots[place].value == value { return Int(slots[place].number) }
                place = (place + 1) & (Self.slotCount - 1)
            }
            slots[place] = Slot(value: value, number: Int32(next))
            return next
        }
    }

    /// Distinct values by their bytes, which somebody else keeps.
    private struct ValueTable: ~Copyable {
        /// The upper half of a value's hash, and where it stands in `values`; −1 where there is none.
        private struct Slot: BitwiseCopyable {
            var tag: UInt32 = 0
            var place: Int32 = -1
        }

        private struct Value: BitwiseCopyable {
            let bytes: ByteView
            let number: Int
        }

        private let mask: Int
        private var slots: Vector<Slot>
        private var values: Vector<Value>

        init(limit: Int) {
            let count = max(16, (limit * 2).nextPowerOfTwo)
            mask = count - 1
            slots = Vector<Slot>(capacity: count)
            for _ in 0..<count { slots.append(Slot()) }
            values = Vector<Value>(capacity: min(limit, 256))
        }

        /// The number of `bytes`; `next`, which they have from now on, when they are new.
        @inline(__always)
        mutating func number(of bytes: ByteView, next: Int) -> Int {
            let hash = bytes.memoryHash
            let tag = UInt32(truncatingIfNeeded: hash >> 32)
            var place = Int(truncatingIfNeeded: hash) & mask
            while slots[place].place >= 0 {
                let known = values[Int(slots[place].place)]
                if slots[place].tag == tag, known.bytes.hasSameBytes(as: bytes) {
                    return known.number
                }
                place = (place + 1) & mask
            }
            slots[place] = Slot(tag: tag, place: Int32(values.count))
            values.append(Value(bytes: bytes, number: next))
            return next
        }
    }

    static func encode(_ column: ColumnBuffer, limit: Int, into out: inout ByteWriter) -> Bool {
        var codes = Vector<Int64>(capacity: column.count)
        guard let firsts = number(column, limit: limit, codes: &codes) else { return false }
        out.append(length: firsts.count)
        for row in firsts { out.append(length: column.value(row).count) }
        for row in firsts { out.append(column.value(row)) }
        IntegerPacking.encode(codes: codes.buffer, into: &out)
        return true
    }

    static func decode(_ reader: inout ByteReader, count: Int) throws -> Column {
        let distinct = try reader.length(atMost: count, "dictionary size")
        let ends = try reader.ends(distinct, atMost: reader.view.count, "value length")
        let bytes = Array(try reader.bytes(ends.last ?? 0, "dictionary values"))
        let codes = try IntegerPacking.decodeCodes(&reader, count: count, limit: distinct)
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
