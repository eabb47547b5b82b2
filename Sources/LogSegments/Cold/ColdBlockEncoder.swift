internal import LogBytes
internal import LogQuery

/// The rows of one block, gathered to be stored cold.
final class ColdRows {
    /// The values of each column of the segment.
    var columns: [ColumnBuffer] = []
    /// The shape of each row, its time and its sequence number.
    var shapes = Vector<Int64>(capacity: 1 << 12)
    var times = Vector<Int64>(capacity: 1 << 12)
    var sequences = Vector<Int64>(capacity: 1 << 12)
    /// The bytes of the lines.
    var rawBytes = 0

    var count: Int { times.count }

    func removeAll() {
        for column in columns { column.removeAll() }
        shapes.removeAll()
        times.removeAll()
        sequences.removeAll()
        rawBytes = 0
    }
}

/// A chunk as it is to be stored.
struct EncodedChunk {
    let role: ChunkRole
    let codec: UInt8
    let valueCount: Int
    let bytes: [UInt8]
}

/// Stores a block in as few bytes as weir can: finds which columns depend on one another, splits texts into templates and
/// variables, tries all codecs for the rest.
struct ColdBlockEncoder {
    private let deflater: Deflater

    init(deflater: Deflater) { self.deflater = deflater }

    /// Columns with more distinct values say no kind of row.
    private static let kindValuesMax = 1_024
    /// Shapes by the kinds of rows; the codec of the chunk with role `shapes`.
    static let kindsCodec: UInt8 = 2
    /// `EntropyIntegers`; the codec of the chunks with roles `times` and `sequences`.
    static let integersCodec: UInt8 = 1

    /// What is known of a column before the kinds are.
    private enum Plan {
        /// Few distinct values: the row of the first of each, and the number of each row's.
        case coded(firsts: [Int], codes: [Int64])
        /// Templates, and the variables as they will be stored.
        case text(TextTemplates, variables: [UInt8])
        /// Whatever codec needs least.
        case other
    }

    private final class PlannedColumn {
        let number: Int
        let hasColumn: [Bool]
        let plan: Plan
        var isByKind = false

        init(number: Int, hasColumn: [Bool], plan: Plan) {
            self.number = number
            self.hasColumn = hasColumn
            self.plan = plan
        }
    }

    /// The chunks of the block.
    ///
    /// - Parameter shapeColumns: for each shape the columns that its rows have values in.
    func encode(_ rows: ColdRows, shapeColumns: [[Int]]) -> [EncodedChunk] {
        var kinds = RowKinds(rows.shapes.buffer)
        let planned = plan(rows, shapeColumns)
        if kinds.isUsable { choose(planned, &kinds) }
        let stored = StoredKinds(kinds)
        var out = ByteWriter(capacity: 1 << 14)
        if kinds.isUsable { kinds.append(deflater, into: &out) }
        let isKept = kinds.isUsable && isSame(stored, out.view, count: rows.count)
        var chunks: [EncodedChunk] = []
        if isKept {
            chunks.append(chunk(.shapes, Self.kindsCodec, rows.count, out.view))
        } else {
            for column in planned { column.isByKind = false }
            chunks.append(integers(.shapes, rows.shapes.buffer, into: &out))
        }
        chunks.append(integers(.times, rows.times.buffer, into: &out))
        chunks.append(integers(.sequences, rows.sequences.buffer, into: &out))
        for column in planned {
            let values = rows.columns[column.number]
            let codec = encode(column, rows, stored, into: &out)
            chunks.append(chunk(.column(column.number), codec, values.count, out.view))
        }
        return chunks
    }

    private func chunk(
        _ role: ChunkRole, _ codec: UInt8, _ count: Int, _ bytes: ByteView
    ) -> EncodedChunk {
        EncodedChunk(role: role, codec: codec, valueCount: count, bytes: Array(bytes))
    }

    // MARK: Verification

    /// Whether the kinds can be read again as they are.
    private func isSame(_ kinds: StoredKinds, _ bytes: ByteView, count: Int) -> Bool {
        var reader = ByteReader(bytes)
        guard let read = try? StoredKinds(&reader, count: count, hasCounts: true),
            let rows = try? read.rows(),
            let expected = try? kinds.rows()
        else { return false }
        return rows == expected && read.shapes == kinds.shapes && reader.remaining == 0
    }

    /// A chunk of numbers by entropy, or packed plainly if they could not be read again as they are.
    private func integers(
        _ role: ChunkRole, _ values: UnsafeBufferPointer<Int64>, into out: inout ByteWriter
    ) -> EncodedChunk {
        out.removeAll()
        EntropyIntegers.encode(values, into: &out)
        var reader = ByteReader(out.view)
        let read = try? EntropyIntegers.decode(&reader, count: values.count)
        if role != .shapes, let read, read.elementsEqual(values), reader.remaining == 0 {
            return chunk(role, Self.integersCodec, values.count, out.view)
        }
        out.removeAll()
        IntegerPacking.encode(values, into: &out)
        return chunk(role, 0, values.count, out.view)
    }

    /// Whether the values of a column can be read again from `bytes` as they are.
    private func isSame(
        _ values: ColumnBuffer, _ bytes: ByteView, _ codec: UInt8,
        _ context: borrowing EncodeContext, _ kinds: ColumnKinds?
    ) -> Bool {
        let times = context.times.map { Array($0) }
        let decoding = DecodeContext {
            guard let times else { throw MalformedBytes(offset: 0, what: "times of a column") }
            return times
        } kinds: {
            guard let kinds else { throw MalformedBytes(offset: 0, what: "kinds of a column") }
            return kinds
        }
        var reader = ByteReader(bytes)
        guard
            let column = try? ColumnCodecs.codec(codec)?
                .decode(&reader, count: values.count, decoding),
            reader.remaining == 0, column.rowCount == values.count
        else { return false }
        return (0..<values.count).allSatisfy { row in
            column.withText(row: row) { $0 == values.value(row) }
        }
    }

    // MARK: Plans

    private func plan(_ rows: ColdRows, _ shapeColumns: [[Int]]) -> [PlannedColumn] {
        var shapesOfColumn: [Int: [Int]] = [:]
        for (shape, columns) in shapeColumns.enumerated() {
            for column in columns { shapesOfColumn[column, default: []].append(shape) }
        }
        var planned: [PlannedColumn] = []
        for (number, column) in rows.columns.enumerated() where column.count > 0 {
            var has = [Bool](repeating: false, count: shapeColumns.count)
            for shape in shapesOfColumn[number, default: []] { has[shape] = true }
            planned.append(
                withContext(column, rows, has) { context in
                    PlannedColumn(
                        number: number, hasColumn: has, plan: plan(column, context))
                })
        }
        return planned
    }

    private func plan(_ column: ColumnBuffer, _ context: borrowing EncodeContext) -> Plan {
        var codes = Vector<Int64>(capacity: column.count)
        let limit = min(Self.kindValuesMax, column.count / 2)
        if limit > 1,
            let firsts = DictionaryLayout.number(column, limit: limit, codes: &codes)
        {
            return firsts.count == 1 ? .other : .coded(firsts: firsts, codes: Array(codes.buffer))
        }
        let promising = ColumnCodecs.promising(
            ColumnCodecs.cold + [TemplateCodec()], column, context)
        guard promising.first?.id == TemplateCodec().id, let split = TextTemplates(column) else {
            return .other
        }
        return .text(split, variables: TemplateCodec.variables(split, context))
    }

    /// Calls `body` with what codecs may know of a column: the times of its rows among others.
    private func withContext<Result>(
        _ column: ColumnBuffer, _ rows: ColdRows, _ hasColumn: [Bool],
        _ body: (borrowing EncodeContext) -> Result
    ) -> Result {
        if column.count == rows.count {
            return body(EncodeContext(times: rows.times.buffer, deflater: deflater))
        }
        var times = Vector<Int64>(capacity: column.count)
        for row in 0..<rows.count where hasColumn[Int(rows.shapes[row])] {
            times.append(rows.times[row])
        }
        return body(EncodeContext(times: times.buffer, deflater: deflater))
    }

    /// A column that may split the kinds of rows.
    private struct Candidate {
        let column: PlannedColumn
        let codes: [Int64]
        let limit: Int
        /// What its codes cost by themselves.
        let bits: Double

        init?(_ column: PlannedColumn) {
            self.column = column
            switch column.plan {
            case .coded(let firsts, let codes):
                self.codes = codes
                limit = firsts.count
            case .text(let split, _):
                codes = split.numbers
                limit = split.templates.count
            case .other: return nil
            }
            bits = CodeStream.bits(codes, limit: limit)
        }
    }

    /// So many of the columns that say most are tried as the one that all others may depend on.
    private static let seedsMax = 3

    /// Lets columns split the kinds of rows, those that say most first, as long as that saves bits.
    ///
    /// The first one saves nothing by itself, and may be what others depend on: several are tried for it.
    private func choose(_ planned: [PlannedColumn], _ kinds: inout RowKinds) {
        let candidates = planned.compactMap(Candidate.init).sorted { $0.bits > $1.bits }
        var best: (bits: Double, kinds: RowKinds, columns: [PlannedColumn])?
        for seed in [nil] + candidates.prefix(Self.seedsMax).map({ $0.column }) {
            var tried = kinds
            var columns: [PlannedColumn] = []
            var bits = 0.0
            let first = candidates.filter { $0.column === seed }
            for candidate in first + candidates.filter({ $0.column !== seed }) {
                let isSplit = tried.split(
                    by: candidate.codes, limit: candidate.limit,
                    hasColumn: candidate.column.hasColumn, always: candidate.column === seed)
                if isSplit { columns.append(candidate.column) } else { bits += candidate.bits }
            }
            bits += tried.bits + tried.tableBits
            if best.map({ bits < $0.bits }) ?? true { best = (bits, tried, columns) }
        }
        guard let best else { return }
        kinds = best.kinds
        for column in best.columns { column.isByKind = true }
    }

    // MARK: Chunks

    /// Encodes a column into `out` and reads it again: what would not give back the same bytes is packed as text.
    private func encode(
        _ column: PlannedColumn, _ rows: ColdRows, _ kinds: StoredKinds,
        into out: inout ByteWriter
    ) -> UInt8 {
        let values = rows.columns[column.number]
        let ofColumn = column.isByKind ? try? kinds.of(hasColumn: column.hasColumn) : nil
        return withContext(values, rows, column.hasColumn) { context in
            out.removeAll()
            let codec = encode(column, values, ofColumn, context, into: &out)
            if isSame(values, out.view, codec, context, ofColumn) { return codec }
            out.removeAll()
            _ = PackedTextCodec().encode(values, context, into: &out)
            return PackedTextCodec().id
        }
    }

    private func encode(
        _ column: PlannedColumn, _ values: ColumnBuffer, _ kinds: ColumnKinds?,
        _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> UInt8 {
        switch column.plan {
        case .coded(let firsts, let codes):
            guard let kinds else { break }
            KindCodec.append(
                values, firsts: firsts, codes: codes, kinds: kinds, context, deflater, into: &out)
            return KindCodec().id
        case .text(let split, let variables):
            TemplateCodec.append(split, kinds: kinds, context, deflater, into: &out)
            variables.withView { out.append($0) }
            return TemplateCodec().id
        case .other: break
        }
        return ColumnCodecs.appendSmallest(values, ColumnCodecs.cold, context, into: &out)
    }
}
