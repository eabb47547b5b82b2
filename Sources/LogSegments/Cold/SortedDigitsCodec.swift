internal import LogBytes
internal import LogQuery

/// Identifiers such as trace ids, in an order in which one is found without reading the others.
///
/// The distinct values are sorted and lose their first two bytes, which an index has instead (Elias, "Efficient storage and
/// retrieval", 1974): that saves about as much as the order of the rows costs. Whether a value occurs, the index and one page tell.
///
///     4 bytes  size of the head, these and its CRC included
///     head:    varint distinct values d · varint new values n · pattern, `DigitPattern` · byte k of first bytes that the index
///              has, 1 or 2 · varint values of a page
///              for each page: 4 bytes CRC-32C
///              bits, least significant first: for each of the 256^k first bytes a one for each value that has them, then a zero
///              4 bytes CRC-32C of the head up to here
///     pages:   the digits of the values but for the first k bytes, two a byte
///     …        for each row the distance to the row with the same value, 0 where it is new, `CodeStream`
///     bytes    for each new value its place among the sorted ones, in as few bits as d needs, `BitPacker`
struct SortedDigitsCodec: ColumnCodec {
    let id: UInt8 = 28
    let name = "sorted digits"
    let isIndexed = true

    /// Fewer values are found as fast by looking at all of them.
    private static let distinctMin = 512
    /// Identifiers of fewer bytes repeat too often, longer ones do not occur.
    private static let widths = 6...32
    /// Values up to which the index goes by one byte.
    private static let narrowMax = 8_192

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater, column.count >= Self.distinctMin,
            let pattern = DigitPattern(column)?.even,
            Self.widths.contains(pattern.digitCount / 2)
        else { return false }
        let (distances, fresh) = RecentCodec.distances(column)
        let width = pattern.digitCount / 2
        var digits = ByteWriter(capacity: fresh.count * width)
        var pending: UInt8?
        for row in fresh {
            guard pattern.append(column.value(row), pending: &pending, into: &digits) else {
                return false
            }
        }
        let packed = digits.view
        func value(_ number: Int) -> ByteView { ByteView(packed.start + number * width, width) }
        let order = fresh.indices.sorted { value($0) < value($1) }
        var sorted: [ByteView] = []
        var places = [Int](repeating: 0, count: fresh.count)
        for number in order {
            if sorted.last != value(number) { sorted.append(value(number)) }
            places[number] = sorted.count - 1
        }
        guard sorted.count >= Self.distinctMin else { return false }
        SortedDigits.append(
            sorted, pattern: pattern, newValues: fresh.count,
            indexBytes: sorted.count < Self.narrowMax ? 1 : 2, into: &out)
        CodeStream.append(distances, limit: RecentCodec.distanceMax + 1, deflater, into: &out)
        var packer = BitPacker()
        let bits = Self.bits(sorted.count)
        for place in places { packer.append(UInt64(place), bits, into: &out) }
        packer.finish(into: &out)
        return true
    }

    /// The bits of a place among `count` values.
    private static func bits(_ count: Int) -> Int {
        Int.bitWidth - max(count - 1, 1).leadingZeroBitCount
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let sorted = try SortedDigits(&reader, count: count)
        let values = try sorted.values(&reader, of: context.bytes)
        let distances = try CodeStream.read(
            &reader, count: count, limit: RecentCodec.distanceMax + 1)
        let bits = Self.bits(sorted.count)
        let places = BitUnpacker.numbers(
            try reader.bytes((sorted.newValues * bits + 7) / 8, "places of values"), bits,
            count: sorted.newValues
        ).map { UInt32(truncatingIfNeeded: $0) }
        guard places.reduce(0, max) < UInt32(sorted.count) else {
            throw reader.malformed("places of values")
        }
        let codes = try RecentCodec.codes(
            distances, newValues: places.count, numbers: places, &reader)
        return Column.encoded(values).selecting(codes)
    }

    var hasDistinctValues: Bool { true }

    func distinctValues(_ reader: inout ByteReader, count: Int) throws -> Column {
        let sorted = try SortedDigits(&reader, count: count)
        return .encoded(try sorted.values(&reader))
    }

    func mayHold(
        _ text: ByteView, isPart: Bool, count: Int, _ bytes: (Range<Int>) throws -> [UInt8]
    ) throws -> Bool? {
        let size = try bytes(0..<4).withView { view throws(MalformedBytes) -> Int in
            var reader = ByteReader(view)
            return Int(try reader.fixed(UInt32.self, "size of a head"))
        }
        guard size <= SortedDigits.headBytesMax else {
            throw MalformedBytes(offset: 0, what: "size of a head")
        }
        let head = try bytes(0..<size)
        let sorted = try head.withView { view throws(MalformedBytes) in
            var reader = ByteReader(view)
            return try SortedDigits(&reader, count: count)
        }
        return try sorted.mayHold(text, isPart: isPart, bytes)
    }
}
