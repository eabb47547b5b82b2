internal import LogBytes

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
    static let kindsCodec: UInt8 = 1
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
        var chunks: [EncodedChunk] = []
        var out = ByteWriter(capacity: 1 << 14)
        if kinds.isUsable {
            kinds.append(deflater, into: &out)
        } else {
            IntegerPacking.encode(rows.shapes.buffer, into: &out)
        }
        chunks.append(
            EncodedChunk(
                role: .shapes, codec: kinds.isUsable ? Self.kindsCodec : 0,
                valueCount: rows.count, bytes: Array(out.view)))
        for (role, values) in [
            (ChunkRole.times, rows.times.buffer), (.sequences, rows.sequences.buffer),
        ] {
            out.removeAll()
            EntropyIntegers.encode(values, into: &out)
            chunks.append(
                EncodedChunk(
                    role: role, codec: Self.integersCodec, valueCount: rows.count,
                    bytes: Array(out.view)))
        }
        let stored = StoredKinds(kinds)
        for column in planned {
            out.removeAll()
            let codec = encode(column, rows, stored, into: &out)
            chunks.append(
                EncodedChunk(
                    role: .column(column.number), codec: codec,
                    valueCount: rows.columns[column.number].count, bytes: Array(out.view)))
        }
        return chunks
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
        // Numbers and identifiers have no templates; whether they are such shows quickly.
        var scratch = ByteWriter(capacity: 1 << 12)
        for codec in [TimestampCodec(), EpochTimeCodec(), AffixNumberCodec(), DigitPatternCodec()]
            as [any ColumnCodec]
        {
            if codec.encode(column, context, into: &scratch) { return .other }
            scratch.removeAll()
        }
        guard let split = TextTemplates(column) else { return .other }
        let variables = TemplateCodec.variables(split, context)
        scratch.removeAll()
        _ = ColumnCodecs.appendSmallest(column, ColumnCodecs.cold, context, into: &scratch)
        let numbersBytes = CodeStream.bits(split.numbers, limit: split.templates.count) / 8
        let templatesBytes = split.templates.reduce(0) { $0 + $1.count } / 3
        let needed = variables.count + Int(numbersBytes) + templatesBytes
        return needed < scratch.count ? .text(split, variables: variables) : .other
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

    private func encode(
        _ column: PlannedColumn, _ rows: ColdRows, _ kinds: StoredKinds,
        into out: inout ByteWriter
    ) -> UInt8 {
        let values = rows.columns[column.number]
        return withContext(values, rows, column.hasColumn) { context in
            let ofColumn = column.isByKind ? kinds.of(hasColumn: column.hasColumn) : nil
            switch column.plan {
            case .coded(let firsts, let codes):
                guard let ofColumn else { break }
                KindCodec.append(
                    values, firsts: firsts, codes: codes, kinds: ofColumn, context, deflater,
                    into: &out)
                return KindCodec().id
            case .text(let split, let variables):
                TemplateCodec.append(split, kinds: ofColumn, context, deflater, into: &out)
                variables.withView { out.append($0) }
                return TemplateCodec().id
            case .other: break
            }
            return ColumnCodecs.appendSmallest(values, ColumnCodecs.cold, context, into: &out)
        }
    }
}
