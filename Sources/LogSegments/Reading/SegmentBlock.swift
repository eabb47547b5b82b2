internal import CLogKernels
internal import LogBytes
internal import LogJSON
internal import LogQuery
internal import LogRecords

/// One block of a segment for a query: columns are read and decoded when they are asked for, and kept.
final class SegmentBlock: ColumnBlock {
    let reader: SegmentReader
    let entry: BlockEntry
    private var loadedTimes: [Int64]?
    private var loadedSequences: [UInt64]?
    private var loadedLayout: BlockLayout?
    var loadedColumns: [Int: Column] = [:]
    private var lastBytes: SegmentReader.StoredColumn?
    /// For each column, or set of shapes that have it: where the value of each row stands among its values.
    private var rowPlaces: [[Bool]: RowPlaces] = [:]
    /// What puts lines together, and the number that it knows each stored column by.
    private var loadedAssembler: TextAssembler?
    private var assembledColumns: [Int: Int] = [:]
    var textColumns: [String: Column] = [:]
    var whole: WholeLines?
    /// The fields that will be asked for, as far as is known.
    var loadedFields: Set<String> = []

    init(reader: SegmentReader, entry: BlockEntry) {
        self.reader = reader
        self.entry = entry
    }

    var rowCount: Int { entry.rows }

    var timeBounds: (first: Int64, last: Int64) { (entry.firstTime, entry.lastTime) }

    var className: String { reader.footer.className }

    func times() throws -> [Int64] {
        if let loadedTimes { return loadedTimes }
        let times = try reader.integers(.times, of: entry)
        loadedTimes = times
        return times
    }

    func sequences() throws -> [UInt64] {
        if let loadedSequences { return loadedSequences }
        let sequences = try reader.integers(.sequences, of: entry).map { UInt64(bitPattern: $0) }
        loadedSequences = sequences
        return sequences
    }

    // MARK: What is stored

    /// The bytes of the block's lines.
    var rawBytes: Int { entry.rawBytes }

    /// The numbers of the stored columns that rows of the block have values in.
    var storedColumns: [Int] {
        entry.chunks.compactMap { chunk in
            if case .column(let number) = chunk.role { number } else { nil }
        }
    }

    /// The values of stored column `number`, as they stand in the lines, ready to be read.
    func storedColumn(_ number: Int) throws -> Column {
        let column = try stored(number)
        try reporting { try column.prepare(rows: Bitmap(count: column.rowCount, all: true)) }
        return column
    }

    /// The shape with this number in the segment.
    func storedShape(_ number: Int) -> StoredShape { reader.footer.shapes[number] }

    /// The values of stored column `number` that meet a condition, as they stand in the lines; nil when none does. The column is
    /// not decoded where that is not needed to know it.
    func storedValues(_ number: Int, matching matcher: ValueMatcher) throws -> Bitmap? {
        if loadedColumns[number] == nil {
            let literals = matcher.literals
            if !literals.isEmpty, let bytes = try columnBytes(number, where: \.tellsAlphabet),
                let alphabet = reader.alphabet(bytes),
                !literals.contains(where: { $0.withView { alphabet.containsAll(of: $0) } })
            {
                return nil
            }
            let told = try mayHold(
                matcher.onlyTexts ?? literals, isPart: matcher.onlyTexts == nil, column: number)
            if told == false { return nil }
            if told == nil, let bytes = try columnBytes(number, where: \.hasDistinctValues) {
                let values = try reader.distinctValues(bytes)
                let all = Bitmap(count: values.valueCount, all: true)
                if try values.values(matching: matcher, within: all).isEmpty { return nil }
            }
        }
        let column = try stored(number)
        let found = try column.rows(
            matching: matcher, within: Bitmap(count: column.rowCount, all: true))
        return found.isEmpty ? nil : found
    }

    /// The number of each row's shape in the segment.
    func rowShapes() throws -> [UInt32] {
        try reporting { try layout().shapes() }
    }

    func layout() throws -> BlockLayout {
        if let loadedLayout { return loadedLayout }
        let layout = try reader.layout(of: entry)
        loadedLayout = layout
        return layout
    }

    /// For each shape whether its rows have a value in stored column `number`.
    func hasColumn(_ number: Int) -> [Bool] { reader.shapesWithColumn(number) }

    /// What the codec of stored column `number` may ask.
    private func context(_ number: Int) -> DecodeContext {
        DecodeContext {
            let times = try self.times()
            let has = self.hasColumn(number)
            if !has.contains(false) { return times }
            let shapes = try self.rowShapes()
            return zip(times, shapes).compactMap { time, shape in has[Int(shape)] ? time : nil }
        } kinds: {
            guard let kinds = try self.layout().kinds else {
                throw MalformedBytes(offset: 0, what: "kinds of rows")
            }
            return try kinds.of(hasColumn: self.hasColumn(number))
        }
    }

    /// Runs `body`, which may decode what was not needed before; what it finds malformed is damage of this block.
    func reporting<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as MalformedBytes {
            throw damaged(error.what)
        }
    }

    func damaged(_ what: String) -> ScanFault {
        ScanFault(
            file: reader.path, offset: entry.chunks.first?.offset ?? 0,
            message: "a block is damaged (\(what)); its lines are left out of the answer")
    }

    /// The bytes of stored column `number`; those that were read last are kept, because a column is often asked for its alphabet,
    /// its distinct values and then all of them.
    ///
    /// - Parameter isWanted: whether the codec is one that the bytes are wanted for; others are not read.
    func columnBytes(
        _ number: Int, where isWanted: (any ColumnCodec) -> Bool = { _ in true }
    ) throws -> SegmentReader.StoredColumn? {
        if let lastBytes, lastBytes.number == number, isWanted(lastBytes.codec) {
            return lastBytes
        }
        guard let bytes = try reader.column(number, of: entry, where: isWanted) else { return nil }
        lastBytes = bytes
        return bytes
    }

    func stored(_ number: Int) throws -> Column {
        if let known = loadedColumns[number] { return known }
        guard let bytes = try columnBytes(number) else { throw damaged("a column is missing") }
        let column = try reader.values(bytes, context(number))
        loadedColumns[number] = column
        lastBytes = nil
        return column
    }

    /// Where the value of each row stands among a column's values.
    enum RowPlaces {
        /// Every row has one.
        case same
        /// The place of each row's; the one behind where the row has none.
        case listed([UInt32])

        @inline(__always)
        func place(_ row: Int) -> Int {
            switch self {
            case .same: row
            case .listed(let places): Int(places[row])
            }
        }
    }

    /// Where the values of stored column `number` belong.
    func places(_ number: Int) throws -> RowPlaces {
        let has = hasColumn(number)
        let places: RowPlaces
        if let known = rowPlaces[has] {
            places = known
        } else {
            places = try findPlaces(has)
            rowPlaces[has] = places
        }
        let count: Int
        switch places {
        case .same: count = entry.rows
        case .listed(let places): count = Int(places[entry.rows])
        }
        guard try stored(number).rowCount == count else {
            throw damaged("a column has not one value for each line")
        }
        return places
    }

    private func findPlaces(_ has: [Bool]) throws -> RowPlaces {
        let isUsed = try layout().isUsed
        if isUsed.indices.allSatisfy({ has[$0] || !isUsed[$0] }) { return .same }
        let shapes = try rowShapes()
        let isThere = has.map { $0 ? 1 : 0 as UInt8 }
        // One more than there are rows: the last is the number of values.
        let places = [UInt32](unsafeUninitializedCapacity: shapes.count + 1) { places, filled in
            guard let out = places.baseAddress else { return }
            weir_places(shapes, shapes.count, isThere, out)
            filled = shapes.count + 1
        }
        return .listed(places)
    }

    func rowKinds(_ fields: Set<String>) throws -> (any WeightedBlock)? {
        try reporting { try KindBlock(self, fields) }
    }

    // MARK: Loading

    func load(_ fields: Set<String>?, rows: Bitmap) throws {
        try reporting { try prepare(fields, rows: rows) }
    }

    private func prepare(_ fields: Set<String>?, rows: Bitmap) throws {
        if let fields {
            loadedFields.formUnion(fields)
            for field in fields where field != "_time" && field != "_class" {
                try column(field).prepare(rows: rows)
            }
            return
        }
        let shapes = try rowShapes()
        var isUsed = [Bool](repeating: false, count: reader.footer.shapes.count)
        rows.visit { isUsed[Int(shapes[$0])] = true }
        var columns: Set<Int> = []
        for (shape, stored) in reader.footer.shapes.enumerated() where isUsed[shape] {
            columns.formUnion(stored.columns)
        }
        for number in columns {
            let places = try places(number)
            let column = try stored(number)
            guard column.encoded != nil else { continue }
            let has = hasColumn(number)
            var wanted = Bitmap(count: column.rowCount)
            rows.visit { row in
                if has[Int(shapes[row])] { wanted[places.place(row)] = true }
            }
            try column.prepare(rows: wanted)
        }
    }

    // MARK: Lines

    func lineFormat(row: Int) throws -> LineFormat {
        reader.footer.shapes[Int(try rowShapes()[row])].shape.format
    }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        var ends = Vector<Int>(capacity: 1)
        let shape = Int(try rowShapes()[row])
        let assembler = try assembler(for: shape)
        assembler.add(shape, row: row)
        assembler.write(into: &out, ends: &ends)
    }

    func appendLines(_ rows: Bitmap, into out: inout ByteWriter, ends: inout Vector<Int>) throws {
        // Lines of a block differ little in length: one growth is enough, if it is more than the average.
        let bytes = min(entry.rawBytes, SegmentFormat.coldBlockBytesMax)
        out.reserve(bytes / max(entry.rows, 1) * rows.population / 8 * 9)
        do {
            try gatherLines(rows, into: &out, ends: &ends)
        } catch {
            // What was gathered is not for those who ask next.
            loadedAssembler = nil
            assembledColumns = [:]
            throw error
        }
    }

    private func gatherLines(
        _ rows: Bitmap, into out: inout ByteWriter, ends: inout Vector<Int>
    ) throws {
        let shapes = try rowShapes()
        try shapes.withUnsafeBufferPointer { shapes in
            try rows.visit { row in
                let shape = Int(shapes[row])
                let assembler = try assembler(for: shape)
                assembler.add(shape, row: row)
                if assembler.count == TextAssembler.batchMax {
                    assembler.write(into: &out, ends: &ends)
                }
            }
        }
        loadedAssembler?.write(into: &out, ends: &ends)
    }

    /// What puts lines together, that of shape `number` among them.
    @inline(__always)
    private func assembler(for number: Int) throws -> TextAssembler {
        if let loadedAssembler, loadedAssembler.isDefined(number) { return loadedAssembler }
        return try defineLines(number)
    }

    private func defineLines(_ number: Int) throws -> TextAssembler {
        let assembler = loadedAssembler ?? TextAssembler(patterns: reader.footer.shapes.count)
        loadedAssembler = assembler
        let stored = reader.footer.shapes[number]
        let values = try stored.columns.map { column in
            if let known = assembledColumns[column] { return known }
            let added = assembler.add(try self.stored(column), try places(column))
            assembledColumns[column] = added
            return added
        }
        assembler.define(
            number, bytes: stored.shape.pieceBytes, ends: stored.shape.pieceEnds, values: values)
        return assembler
    }
}
