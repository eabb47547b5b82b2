internal import LogBytes
internal import LogJSON
internal import LogQuery
internal import LogRecords

/// One block of a segment for a query: columns are read and decoded when they are asked for, and kept.
final class SegmentBlock: ColumnBlock {
    let reader: SegmentReader
    private let entry: BlockEntry
    private var loadedTimes: [Int64]?
    private var loadedLayout: BlockLayout?
    private var loadedColumns: [Int: Column] = [:]
    /// For each column, or set of shapes that have it: where the value of each row stands among its values.
    private var rowPlaces: [[Bool]: RowPlaces] = [:]
    /// For each shape that a row was written of: its columns.
    private var writers: [Int: [FieldWriter]] = [:]
    private var textColumns: [String: Column] = [:]
    private var whole: WholeLines?
    /// The fields that will be asked for, as far as is known.
    private var loadedFields: Set<String> = []

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
        try reader.integers(.sequences, of: entry).map { UInt64(bitPattern: $0) }
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
            if !literals.isEmpty, let alphabet = try reader.alphabet(column: number, of: entry),
                !literals.contains(where: { $0.withView { alphabet.containsAll(of: $0) } })
            {
                return nil
            }
            if let values = try reader.distinctValues(column: number, of: entry) {
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

    private func damaged(_ what: String) -> ScanFault {
        ScanFault(
            file: reader.path, offset: entry.chunks.first?.offset ?? 0,
            message: "a block is damaged (\(what)); its lines are left out of the answer")
    }

    private func stored(_ number: Int) throws -> Column {
        if let known = loadedColumns[number] { return known }
        let column = try reader.values(column: number, of: entry, context(number))
        guard let column else { throw damaged("a column is missing") }
        loadedColumns[number] = column
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
        // One more than there are rows: the last is the number of values.
        var next: UInt32 = 0
        var places: [UInt32] = []
        places.reserveCapacity(shapes.count + 1)
        for shape in shapes {
            places.append(next)
            next += has[Int(shape)] ? 1 : 0
        }
        places.append(next)
        return .listed(places)
    }

    // MARK: Text of fields

    func column(_ name: String) throws -> Column {
        if let known = textColumns[name] { return known }
        let column = try makeColumn(name)
        textColumns[name] = column
        return column
    }

    /// A stored column and how it is to be read.
    private struct Source: Hashable {
        let column: Int
        let transform: ValueTransform
    }

    /// Where the values of a field stand.
    private struct Sources {
        var columns: [Source] = []
        /// For each shape the number of its source; −1: it has no such field; −2: its lines are stored whole.
        var ofShape: [Int] = []
        /// Those that occur.
        var used: Set<Int> = []
    }

    private func sources(_ name: String) throws -> Sources {
        var sources = Sources()
        let isUsed = try layout().isUsed
        for (number, stored) in reader.footer.shapes.enumerated() {
            guard isUsed[number] else {
                sources.ofShape.append(-1)
                continue
            }
            let index = sourceIndex(stored, name, &sources.columns)
            sources.ofShape.append(index)
            sources.used.insert(index)
        }
        return sources
    }

    private func sourceIndex(
        _ stored: StoredShape, _ name: String, _ sources: inout [Source]
    ) -> Int {
        if stored.isWhole { return -2 }
        guard let slot = stored.shape.slot(named: name) else { return -1 }
        let source = Source(column: stored.columns[slot.field], transform: slot.transform)
        if let known = sources.firstIndex(of: source) { return known }
        sources.append(source)
        return sources.count - 1
    }

    private func makeColumn(_ name: String) throws -> Column {
        let sources = try sources(name)
        if sources.used == [-1] || sources.used.isEmpty {
            return .constant([], rowCount: entry.rows)
        }
        if sources.used.count == 1, let only = sources.used.first, only >= 0 {
            return try text(of: sources.columns[only])
        }
        return try join(sources, name)
    }

    func rows(
        _ field: String, matching matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap {
        try reporting {
            if textColumns[field] == nil, matcher.onlyTexts != nil, try !mayMatch(field, matcher) {
                return Bitmap(count: candidates.count)
            }
            return try queryColumn(field).rows(matching: matcher, within: candidates)
        }
    }

    /// Whether one of the distinct values of a field meets the condition, where these can be read without those of each row.
    private func mayMatch(_ field: String, _ matcher: ValueMatcher) throws -> Bool {
        if field == "_time" || field == "_class" { return true }
        let sources = try sources(field)
        for index in sources.used {
            if index == -2 { return true }
            if index == -1 {
                if matcher.matches(.empty) { return true }
                continue
            }
            let source = sources.columns[index]
            guard loadedColumns[source.column] == nil,
                let values = try reader.distinctValues(column: source.column, of: entry)
            else { return true }
            let all = Bitmap(count: values.valueCount, all: true)
            if try !resolve(values, source).values(matching: matcher, within: all).isEmpty {
                return true
            }
        }
        return false
    }

    /// The text of a column that every row has a value in.
    private func text(of source: Source) throws -> Column {
        let column = try stored(source.column)
        guard column.rowCount == entry.rows else {
            throw damaged("a column has not one value for each line")
        }
        return resolve(column, source)
    }

    /// The stored values of `column` as text, value for value.
    private func resolve(_ column: Column, _ source: Source) -> Column {
        column.resolved(reader.footer.columns[source.column].kind, source.transform)
    }

    /// The text of a field that stands in several stored columns, or not in every row: value 0 is empty.
    private func join(_ sources: Sources, _ name: String) throws -> Column {
        let shapes = try rowShapes()
        var parts: [Column] = [.constant([], rowCount: 1)]
        var count = 1
        var found: [Int: (column: Column, places: RowPlaces, offset: Int)] = [:]
        for index in sources.used.sorted() where index >= 0 {
            let source = sources.columns[index]
            let column = resolve(try stored(source.column), source)
            found[index] = (column, try places(source.column), count)
            parts.append(column)
            count += column.valueCount
        }
        let wholeColumn = sources.used.contains(-2) ? try wholeLines(for: name).column(name) : nil
        let wholeOffset = count
        if let wholeColumn { parts.append(wholeColumn) }
        var wholeRow = 0
        var codes: [UInt32] = []
        codes.reserveCapacity(shapes.count)
        for (row, shape) in shapes.enumerated() {
            switch sources.ofShape[Int(shape)] {
            case -2:
                let number = wholeColumn?.valueNumber(row: wholeRow) ?? 0
                codes.append(UInt32(wholeOffset + number))
                wholeRow += 1
            case -1:
                codes.append(0)
            case let index:
                guard let source = found[index] else { throw damaged("a column is missing") }
                let number = source.column.valueNumber(row: source.places.place(row))
                codes.append(UInt32(source.offset + number))
            }
        }
        return .joined(parts, codes: codes)
    }

    // MARK: Lines stored whole

    /// The lines of the block that are stored whole, scanned; in row order.
    private final class WholeLines {
        let block: BatchBlock?
        /// The fields that the lines were scanned for. Others are found, too, at more cost.
        let names: Set<String>

        init(_ lines: Column, formats: [LineFormat], className: String, names: Set<String>) {
            self.names = names
            var size = 0
            for row in 0..<lines.rowCount { lines.withText(row: row) { size += $0.count + 1 } }
            let chunk = ByteChunk(capacity: size, spareBytes: size)
            let batch = RecordBatch()
            batch.learnsShapes = false
            for name in names.sorted() { _ = batch.register(name) }
            batch.reset(over: chunk, arrivalTime: 0)
            // Where the lines begin that are plain JSON and can be scanned in one go.
            var start = 0
            func scanPlain() {
                batch.format = .json
                batch.appendLines(
                    ByteView(chunk.base + start, chunk.count - start), readable: chunk.readableEnd)
                start = chunk.count
            }
            for row in 0..<lines.rowCount {
                lines.withText(row: row) { line in
                    let isPlain =
                        formats[row] == .json && !line.isEmpty
                        && line.firstIndex(of: ASCII.newline) == nil
                    if !isPlain { scanPlain() }
                    let lineStart = chunk.count
                    chunk.append(line)
                    chunk.append(ByteView("\n"))
                    if isPlain { return }
                    batch.append(
                        line: ByteView(chunk.base + lineStart, line.count),
                        readable: chunk.readableEnd, as: formats[row])
                    start = chunk.count
                }
            }
            scanPlain()
            block = BatchBlock(
                batch: batch, rows: Array(0..<lines.rowCount), sequences: [],
                className: className)
        }

        func column(_ name: String) -> Column {
            block?.column(name) ?? .constant([], rowCount: 0)
        }
    }

    /// The lines that are stored whole, scanned for the field `name` and those before.
    private func wholeLines(for name: String? = nil) throws -> WholeLines {
        if let whole, name.map(whole.names.contains) ?? true { return whole }
        let names = (whole?.names ?? loadedFields).union(name.map { [$0] } ?? [])
        guard
            let number = reader.footer.shapes.first(where: { $0.isWhole })?.columns.first
        else { throw damaged("a column is missing") }
        let column = try stored(number)
        let stored = reader.footer.shapes
        let formats = try rowShapes().compactMap { shape -> LineFormat? in
            let stored = stored[Int(shape)]
            return stored.isWhole ? stored.shape.format : nil
        }
        guard formats.count == column.rowCount else {
            throw damaged("a column has not one value for each line")
        }
        let lines = WholeLines(column, formats: formats, className: className, names: names)
        whole = lines
        return lines
    }

    func fieldNames() throws -> [String] {
        let shapes = reader.footer.shapes
        let isUsed = try layout().isUsed
        var names = Set<String>()
        for index in shapes.indices where isUsed[index] {
            if shapes[index].isWhole {
                names.formUnion(try wholeLines().block?.fieldNames() ?? [])
            } else {
                names.formUnion(shapes[index].shape.fields.map(\.path))
            }
        }
        return Array(names)
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
        _ = try sequences()
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

    /// The column of a field, and the place of each row's value in it.
    private struct FieldWriter {
        let column: Column
        let places: RowPlaces
    }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        let shapeNumber = Int(try rowShapes()[row])
        let stored = reader.footer.shapes[shapeNumber]
        let fields: [FieldWriter]
        if let known = writers[shapeNumber] {
            fields = known
        } else {
            fields = try stored.columns.map {
                FieldWriter(column: try self.stored($0), places: try places($0))
            }
            writers[shapeNumber] = fields
        }
        let shape = stored.shape
        shape.pieceBytes.withView { pieces in
            var start = 0
            for (index, field) in fields.enumerated() {
                let end = shape.pieceEnds[index]
                out.append(ByteView(pieces.start + start, end - start))
                start = end
                let number = field.column.valueNumber(row: field.places.place(row))
                field.column.appendValue(number, into: &out)
            }
            out.append(pieces.dropFirst(start))
        }
    }
}
