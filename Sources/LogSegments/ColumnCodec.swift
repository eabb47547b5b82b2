internal import LogBytes
internal import LogQuery

/// A way to store the values of one column of one block in few bytes.
///
/// A codec refuses values that it cannot give back byte for byte. A new one is a file of its own and a line in
/// `ColumnCodecs.fresh` or `ColumnCodecs.cold`; its `id` is on disk and never changes its meaning.
protocol ColumnCodec: Sendable {
    /// The number of the codec on disk.
    var id: UInt8 { get }
    /// The name in statistics.
    var name: String { get }
    /// Appends the values of `column` (at least one) and returns true, or returns false when they do not suit; what was
    /// appended by then is dropped by the caller.
    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool
    /// Reads `count` values.
    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column
    /// Whether `distinctValues` is cheaper than `decode`.
    var hasDistinctValues: Bool { get }
    /// Whether `mayHold` tells anything: a value is found without reading the others. Worth a little more room.
    var isIndexed: Bool { get }
    /// Whether one of the `count` values is spelled `text`, or holds it where `isPart`, told by some of the stored bytes, which `bytes` reads; nil where it is not
    /// known.
    func mayHold(
        _ text: ByteView, isPart: Bool, count: Int, _ bytes: (Range<Int>) throws -> [UInt8]
    ) throws -> Bool?
    /// Whether `alphabet` tells anything.
    var tellsAlphabet: Bool { get }
    /// The bytes that may occur in values stored as `bytes`, found without decoding them; nil when it is not known.
    func alphabet(_ bytes: ByteView) -> ByteSet?
    /// Reads all values that occur, without which row has which.
    func distinctValues(_ reader: inout ByteReader, count: Int) throws -> Column
    /// Whether the kind of a row says its value, and `valuesOfKinds` which.
    var isByKind: Bool { get }
    /// Reads the values that occur, and the number of the one that each of `kinds` kinds of rows has.
    func valuesOfKinds(
        _ reader: inout ByteReader, count: Int, kinds: Int
    ) throws -> (values: Column, numbers: [UInt32])
}

extension ColumnCodec {
    var hasDistinctValues: Bool { false }
    var isIndexed: Bool { false }

    func mayHold(
        _ text: ByteView, isPart: Bool, count: Int, _ bytes: (Range<Int>) throws -> [UInt8]
    ) throws -> Bool? { nil }

    var tellsAlphabet: Bool { false }
    func alphabet(_ bytes: ByteView) -> ByteSet? { nil }

    func distinctValues(_ reader: inout ByteReader, count: Int) throws -> Column {
        throw reader.malformed("distinct values")
    }

    var isByKind: Bool { false }

    func valuesOfKinds(
        _ reader: inout ByteReader, count: Int, kinds: Int
    ) throws -> (values: Column, numbers: [UInt32]) {
        throw reader.malformed("values of kinds")
    }
}

/// What a codec may know of the block besides its column.
struct EncodeContext {
    /// The times of the values' rows, when they are known.
    var times: UnsafeBufferPointer<Int64>?
    /// Packs bytes by deflate: there for cold blocks only.
    var deflater: Deflater?
}

/// What a codec may ask of the block besides its own bytes.
struct DecodeContext {
    /// Reads the times of the values' rows.
    let times: () throws -> [Int64]
    /// Reads which kind of row each of the column's values belongs to.
    let kinds: () throws -> ColumnKinds
    /// What is read is a part of these bytes, or of others: parts of them are kept without a copy (`KeptBytes`).
    var bytes: [UInt8] = []

    /// The context of values that belong to no row of their own.
    static var nested: DecodeContext {
        DecodeContext(
            times: { throw MalformedBytes(offset: 0, what: "times inside of a column") },
            kinds: { throw MalformedBytes(offset: 0, what: "kinds inside of a column") })
    }
}

/// The codecs.
enum ColumnCodecs {
    /// Those of fresh blocks, in the order in which they are tried: the first that suits is used.
    static let fresh: [any ColumnCodec] = [
        ConstantCodec(), TimestampCodec(), EpochTimeCodec(), SmallDictionaryCodec(),
        IntegerCodec(), DecimalCodec(), HexCodec(), DictionaryCodec(), PrefixedIntegerCodec(),
        PlainCodec(),
    ]

    /// Those of cold blocks: all are tried, the one that needs least is used. `KindCodec` and `TemplateCodec` are chosen for a
    /// block as a whole, by `ColdBlockEncoder`.
    static let cold: [any ColumnCodec] = [
        ConstantCodec(), TimestampCodec(), EpochTimeCodec(), AffixNumberCodec(),
        DigitPatternCodec(), SortedDigitsCodec(), RecentCodec(), CodedCodec(), JSONLinesCodec(),
        PackedTextCodec(),
    ]

    /// Those of columns inside of columns, such as the distinct values of a dictionary: without those that would nest again.
    static let nested: [any ColumnCodec] = [
        ConstantCodec(), AffixNumberCodec(), DigitPatternCodec(), PackedTextCodec(),
    ]

    private static let byID = Dictionary(
        (fresh + cold + [KindCodec(), TemplateCodec()]).map { ($0.id, $0) },
        uniquingKeysWith: { first, _ in first })

    /// The codec that has this number on disk.
    static func codec(_ id: UInt8) -> (any ColumnCodec)? { byID[id] }

    /// Values that codecs are compared on before they are given a large column.
    private static let sampleCount = 3_072
    /// A codec that needs so much more than the best one for the sample is not tried on all values.
    private static let sampleTolerance = 1.3

    /// Appends `column` by that of `codecs` which needs least; its number. One of them takes every column.
    static func appendSmallest(
        _ column: ColumnBuffer, _ codecs: [any ColumnCodec], _ context: borrowing EncodeContext,
        into out: inout ByteWriter
    ) -> UInt8 {
        if column.count > 2 * sampleCount {
            let promising = promising(codecs, column, context)
            if let codec = trySmallest(column, promising, context, into: &out) { return codec }
        }
        guard let codec = trySmallest(column, codecs, context, into: &out) else {
            preconditionFailure("BUG: one codec takes every column")
        }
        return codec
    }

    /// The codecs that need least for neighbouring values out of the middle of `column`.
    static func promising(
        _ codecs: [any ColumnCodec], _ column: ColumnBuffer, _ context: borrowing EncodeContext
    ) -> [any ColumnCodec] {
        let count = min(sampleCount, column.count)
        let start = (column.count - count) / 2
        let sample = column.selecting(Array(start..<start + count))
        let times = context.times.map {
            UnsafeBufferPointer(rebasing: $0[start..<start + count])
        }
        let sampleContext = EncodeContext(times: times, deflater: context.deflater)
        var sizes: [(codec: any ColumnCodec, bytes: Int)] = []
        var out = ByteWriter(capacity: 1 << 14)
        for codec in codecs {
            out.removeAll()
            if codec.encode(sample, sampleContext, into: &out) {
                sizes.append((codec, cost(of: codec, out.count)))
            }
        }
        sizes.sort { $0.bytes < $1.bytes }
        guard let best = sizes.first else { return [] }
        let limit = Double(best.bytes) * sampleTolerance
        return sizes.prefix(2).filter { Double($0.bytes) <= limit }.map(\.codec)
    }

    /// What `bytes` bytes of a codec count as: an index may cost one part in 16.
    private static func cost(of codec: any ColumnCodec, _ bytes: Int) -> Int {
        codec.isIndexed ? bytes - bytes / 16 : bytes
    }

    private static func trySmallest(
        _ column: ColumnBuffer, _ codecs: [any ColumnCodec], _ context: borrowing EncodeContext,
        into out: inout ByteWriter
    ) -> UInt8? {
        let start = out.count
        var best: (id: UInt8, start: Int, count: Int, cost: Int)?
        for codec in codecs {
            let from = out.count
            guard codec.encode(column, context, into: &out) else {
                out.truncate(from)
                continue
            }
            let count = out.count - from
            let cost = cost(of: codec, count)
            if let best, cost >= best.cost {
                out.truncate(from)
            } else {
                best = (codec.id, from, count, cost)
            }
            // A constant cannot be beaten.
            if codec.id == ConstantCodec().id { break }
        }
        guard let best else { return nil }
        (out.base + start).update(from: out.base + best.start, count: best.count)
        out.truncate(start + best.count)
        return best.id
    }
}

/// A column inside of a column's chunk.
///
///     byte     codec
///     varint   bytes
///     bytes    as the codec says
enum NestedColumn {
    static func append(
        _ column: ColumnBuffer, _ codecs: [any ColumnCodec], _ context: borrowing EncodeContext,
        times: UnsafeBufferPointer<Int64>? = nil, into out: inout ByteWriter
    ) {
        var bytes = ByteWriter(capacity: 256)
        let inner = EncodeContext(times: times, deflater: context.deflater)
        let codec = ColumnCodecs.appendSmallest(column, codecs, inner, into: &bytes)
        out.append(codec)
        out.append(lengthPrefixed: bytes.view)
    }

    static func read(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext = .nested
    ) throws -> Column {
        let id = try reader.fixed(UInt8.self, "codec of a nested column")
        guard let codec = ColumnCodecs.codec(id) else {
            throw reader.malformed("codec of a nested column")
        }
        var inner = ByteReader(try reader.lengthPrefixed("nested column"))
        return try codec.decode(&inner, count: count, context)
    }

    /// Goes on behind a column without reading it.
    static func skip(_ reader: inout ByteReader) throws(MalformedBytes) {
        _ = try reader.fixed(UInt8.self, "codec of a nested column")
        _ = try reader.lengthPrefixed("nested column")
    }

    /// The bytes that may occur in the column at the start of `bytes`, where its codec tells without decoding it.
    static func alphabet(_ bytes: ByteView) -> ByteSet? {
        var reader = ByteReader(bytes)
        guard let id = try? reader.fixed(UInt8.self, "codec of a nested column"),
            let inner = try? reader.lengthPrefixed("nested column")
        else { return nil }
        return ColumnCodecs.codec(id)?.alphabet(inner)
    }
}

/// Every value is the same: it is stored once.
struct ConstantCodec: ColumnCodec {
    let id: UInt8 = 1
    let name = "constant"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        let first = column.value(0)
        guard column.bytes.count == first.count * column.count else { return false }
        for index in 1..<max(column.count, 1) where column.value(index) != first { return false }
        out.append(first)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        .constant(Array(try reader.bytes(reader.remaining, "constant")), rowCount: count)
    }

    var tellsAlphabet: Bool { true }
    func alphabet(_ bytes: ByteView) -> ByteSet? { ByteSet(bytes) }

    var isByKind: Bool { true }

    func valuesOfKinds(
        _ reader: inout ByteReader, count: Int, kinds: Int
    ) throws -> (values: Column, numbers: [UInt32]) {
        let value = Array(try reader.bytes(reader.remaining, "constant"))
        return (.constant(value, rowCount: 1), [UInt32](repeating: 0, count: kinds))
    }
}

/// The values as they stand: all lengths, then all bytes.
struct PlainCodec: ColumnCodec {
    let id: UInt8 = 2
    let name = "plain"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        for index in 0..<column.count { out.append(length: column.value(index).count) }
        out.append(column.bytes.view)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let ends = try reader.ends(count, atMost: reader.view.count, "value length")
        let bytes = try reader.bytes(ends.last ?? 0, "values")
        guard reader.remaining == 0 else { throw reader.malformed("values") }
        return count == 1
            ? .constant(Array(bytes), rowCount: 1)
            : .plain(KeptBytes(bytes, of: context.bytes), ends: ends)
    }
}
