internal import LogBytes
internal import LogQuery

/// Which kind of row each row of a cold block is. Rows of one kind have one shape, and one value in each of the columns that
/// depend on one another: level, service, endpoint, status, message template. The kind is stored once for all of them.
///
///     varint   kinds k, at most 4,096
///     k ×      varint shape
///     k ×      varint rows of this kind; not in version 2
///     …        kind of each row, `CodeStream`
struct RowKinds {
    /// The kind of each row.
    private(set) var rows: [Int64] = []
    /// The shape of each kind.
    private(set) var shapes: [Int] = []
    /// About what the kinds of all rows cost.
    private(set) var bits: Double

    /// What a further kind costs: its frequency, and its value in some columns.
    private static let kindBits = 40.0
    /// A column that depends less on the kinds than by this share stays outside: it would only multiply them.
    private static let dependencyMin = 0.05

    /// Each shape of `rowShapes` is a kind, for a start.
    init(_ rowShapes: UnsafeBufferPointer<Int64>) {
        rows.reserveCapacity(rowShapes.count)
        var numbers: [Int64: Int64] = [:]
        for shape in rowShapes {
            if let known = numbers[shape] {
                rows.append(known)
            } else {
                numbers[shape] = Int64(shapes.count)
                rows.append(Int64(shapes.count))
                shapes.append(Int(shape))
            }
        }
        bits =
            shapes.count <= EntropyCoder.alphabetMax
            ? CodeStream.bits(rows, limit: max(shapes.count, 1)) : .infinity
    }

    /// About what the table of kinds costs, in all columns.
    var tableBits: Double { Double(shapes.count) * Self.kindBits }

    /// True when there are not too many shapes for kinds.
    var isUsable: Bool { shapes.count <= EntropyCoder.alphabetMax }

    /// Splits the kinds by a column whose values have the numbers `codes`, below `limit`, if that saves bits.
    ///
    /// - Parameters:
    ///   - hasColumn: for each shape whether its rows have the column; `codes` holds theirs, in row order.
    ///   - always: also if it saves none, unless there would be too many kinds.
    mutating func split(
        by codes: [Int64], limit: Int, hasColumn: [Bool], always: Bool = false
    ) -> Bool {
        var table: [Int64: Int64] = [:]
        var splitRows: [Int64] = []
        splitRows.reserveCapacity(rows.count)
        var splitShapes: [Int] = []
        var next = 0
        for row in 0..<rows.count {
            let kind = rows[row]
            var code: Int64 = 0
            if hasColumn[shapes[Int(kind)]] {
                code = codes[next] + 1
                next += 1
            }
            let pair = kind * Int64(limit + 1) + code
            if let known = table[pair] {
                splitRows.append(known)
                continue
            }
            guard splitShapes.count < EntropyCoder.alphabetMax else { return false }
            table[pair] = Int64(splitShapes.count)
            splitRows.append(Int64(splitShapes.count))
            splitShapes.append(shapes[Int(kind)])
        }
        let splitBits = CodeStream.bits(splitRows, limit: splitShapes.count)
        if !always {
            let alone = CodeStream.bits(codes, limit: limit)
            let table = Double(splitShapes.count - shapes.count) * Self.kindBits
            let gain = alone - (splitBits - bits) - table
            guard gain > 0, gain >= alone * Self.dependencyMin else { return false }
        }
        rows = splitRows
        shapes = splitShapes
        bits = splitBits
        return true
    }

    func append(_ deflater: Deflater, into out: inout ByteWriter) {
        out.append(length: shapes.count)
        for shape in shapes { out.append(length: shape) }
        var counts = [Int](repeating: 0, count: shapes.count)
        for kind in rows { counts[Int(kind)] += 1 }
        for count in counts { out.append(length: count) }
        CodeStream.append(rows, limit: max(shapes.count, 1), deflater, into: &out)
    }
}

/// Kinds of rows as they are read: which there are at once, that of each row when it is first asked for.
final class StoredKinds {
    /// The shape of each kind.
    let shapes: [Int]
    private let count: Int
    /// The number of rows of each kind, where it is stored.
    let counts: [Int]?
    /// The kinds of the rows, `CodeStream`.
    private let bytes: [UInt8]
    private var loadedRows: [UInt32]?

    /// Reads the kinds of `count` rows up to the end of `reader`.
    init(_ reader: inout ByteReader, count: Int, hasCounts: Bool) throws(MalformedBytes) {
        let kinds = try reader.length(atMost: EntropyCoder.alphabetMax, "kinds of rows")
        var shapes: [Int] = []
        for _ in 0..<kinds {
            shapes.append(try reader.length(atMost: SegmentFormat.shapesMax + 1, "shape"))
        }
        self.shapes = shapes
        self.count = count
        var counts: [Int]?
        if hasCounts {
            var rest = count
            counts = []
            for _ in 0..<kinds {
                let rows = try reader.length(atMost: rest, "rows of a kind")
                counts?.append(rows)
                rest -= rows
            }
            guard rest == 0 else { throw reader.malformed("rows of kinds") }
        }
        self.counts = counts
        bytes = Array(try reader.bytes(reader.remaining, "kinds of rows"))
    }

    /// The kinds as they will be read.
    init(_ kinds: RowKinds) {
        shapes = kinds.shapes
        count = kinds.rows.count
        counts = nil
        bytes = []
        loadedRows = kinds.rows.map { UInt32($0) }
    }

    /// The kind of each row.
    func rows() throws(MalformedBytes) -> [UInt32] {
        if let loadedRows { return loadedRows }
        let rows = try bytes.withView { view throws(MalformedBytes) in
            var reader = ByteReader(view)
            let rows = try CodeStream.read(&reader, count: count, limit: shapes.count)
            guard reader.remaining == 0 else { throw reader.malformed("kinds of rows") }
            return rows
        }
        loadedRows = rows
        return rows
    }

    /// Whether the numbers of rows that are stored are those of the rows.
    func hasRightCounts() throws(MalformedBytes) -> Bool {
        guard let counts else { return true }
        var met = [Int](repeating: 0, count: shapes.count)
        for kind in try rows() { met[Int(kind)] += 1 }
        return met == counts
    }

    /// The kinds whose rows have a column.
    func present(hasColumn: [Bool]) -> [Int] {
        shapes.indices.filter { hasColumn[shapes[$0]] }
    }

    /// The kinds as a column sees them whose values belong to the rows of some shapes.
    func of(hasColumn: [Bool]) throws(MalformedBytes) -> ColumnKinds {
        let rows = try rows()
        let present = present(hasColumn: hasColumn)
        if present.count == shapes.count {
            return ColumnKinds(values: rows, present: present, kindCount: shapes.count)
        }
        var has = [Bool](repeating: false, count: shapes.count)
        for kind in present { has[kind] = true }
        return ColumnKinds(
            values: rows.filter { has[Int($0)] }, present: present, kindCount: shapes.count)
    }
}

/// The kinds of the rows that have a certain column.
struct ColumnKinds {
    /// The kind of each value's row.
    let values: [UInt32]
    /// The kinds that have the column, ascending.
    let present: [Int]
    /// The number of all kinds.
    let kindCount: Int

    /// For each kind what `numbers`, one for each of the present kinds, says of it; 0 for the others.
    func table(_ numbers: [UInt32]) -> [UInt32] {
        var table = [UInt32](repeating: 0, count: kindCount)
        for (kind, number) in zip(present, numbers) { table[kind] = number }
        return table
    }

    /// For each of the present kinds the number that its values have in `codes`: the same one for all of them.
    func gather(_ codes: [Int64]) -> [Int64] {
        var table = [Int64](repeating: 0, count: kindCount)
        for (index, kind) in values.enumerated() { table[Int(kind)] = codes[index] }
        return present.map { table[$0] }
    }
}

/// Values that the kind of the row says.
///
///     varint   distinct values
///     …        the values, `NestedColumn`
///     …        for each kind that has the column the number of its value, `CodeStream`
struct KindCodec: ColumnCodec {
    let id: UInt8 = 25
    let name = "kind of row"

    /// Columns are chosen for the kinds of a block as a whole: see `append`.
    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool { false }

    /// Appends the distinct values, which stand in the rows `firsts` of `column`, and each kind's.
    static func append(
        _ column: ColumnBuffer, firsts: [Int], codes: [Int64],
        kinds: ColumnKinds, _ context: borrowing EncodeContext, _ deflater: Deflater,
        into out: inout ByteWriter
    ) {
        out.append(length: firsts.count)
        NestedColumn.append(
            column.selecting(firsts), ColumnCodecs.nested, context, into: &out)
        let numbers = kinds.gather(codes)
        CodeStream.append(numbers, limit: firsts.count, deflater, into: &out)
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let kinds = try context.kinds()
        guard kinds.values.count == count else { throw reader.malformed("kinds of rows") }
        let (values, numbers) = try valuesOfKinds(
            &reader, count: count, kinds: kinds.present.count)
        let distinct = values.rowCount
        // A value for each kind, and the kind for each row: whether two kinds share a value matters to nobody.
        var bytes = ByteWriter(capacity: 1 << 10)
        var ends: [Int] = []
        for number in kinds.table(numbers) {
            if distinct > 0 { values.withText(row: Int(number)) { bytes.append($0) } }
            ends.append(bytes.count)
        }
        return .dictionary(bytes: Array(bytes.view), ends: ends, codes: kinds.values)
    }
}

extension KindCodec {
    var hasDistinctValues: Bool { true }

    func distinctValues(_ reader: inout ByteReader, count: Int) throws -> Column {
        let distinct = try reader.length(atMost: count, "values of kinds")
        return try NestedColumn.read(&reader, count: distinct)
    }

    var isByKind: Bool { true }

    func valuesOfKinds(
        _ reader: inout ByteReader, count: Int, kinds: Int
    ) throws -> (values: Column, numbers: [UInt32]) {
        let values = try distinctValues(&reader, count: count)
        return (values, try CodeStream.read(&reader, count: kinds, limit: values.rowCount))
    }
}
