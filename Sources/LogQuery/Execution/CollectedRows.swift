internal import LogBytes
internal import LogRecords

/// Rows that are held until the last has come: copies, so that the blocks which they came from can go.
///
/// Rows that are stored lines are held as lines and scanned again when they are given on; others as names and values.
final class CollectedRows {
    private var bytes = ByteWriter(capacity: 1 << 12)
    private var ends = Vector<Int>(capacity: 256)
    private var times: [Int64] = []
    private var sequences: [UInt64] = []
    private var classes: [UInt32] = []
    private var formats: [LineFormat] = []
    private let classNames = ByteTable()
    private let names = ByteTable()
    /// Whether the rows are lines; nil while there is none.
    private var areLines: Bool?

    /// The number of rows.
    var count: Int { ends.count }

    /// The memory in use, roughly.
    var memoryBytes: Int { bytes.capacity + ends.capacity * 29 }

    /// The time and sequence number of row `number`.
    func place(_ number: Int) -> (time: Int64, sequence: UInt64) {
        (times[number], sequences[number])
    }

    /// Copies the rows of `slice`, which are lines or not, as all rows before.
    func append(_ slice: RowSlice) throws {
        let block = slice.block
        let areLines = block.rowsAreLines
        self.areLines = areLines
        let blockTimes = try block.times()
        let blockSequences = try block.sequences()
        let className = UInt32(block.className.withView { classNames.insert($0).number })
        let fieldNames = areLines ? [] : try block.queryFieldNames()
        let columns = try fieldNames.map { try block.queryColumn($0) }
        let numbers = fieldNames.map { $0.withView { names.insert($0).number } }
        if areLines { try slice.appendLines(into: &bytes, ends: &ends) }
        for row in slice.rows {
            if !areLines {
                for (number, column) in zip(numbers, columns) {
                    column.withText(row: row) { text in
                        if text.isEmpty { return }
                        bytes.append(length: number)
                        bytes.append(lengthPrefixed: text)
                    }
                }
            }
            if !areLines { ends.append(bytes.count) }
            times.append(blockTimes[row])
            sequences.append(blockSequences[row])
            classes.append(className)
            formats.append(areLines ? try block.lineFormat(row: row) : .json)
        }
    }

    private func row(_ number: Int) -> ByteView {
        let start = number == 0 ? 0 : ends[number - 1]
        return ByteView(bytes.base + start, ends[number] - start)
    }

    /// Forgets all rows but `kept`, which get the numbers 0, 1, … in this order.
    func keep(only kept: [Int]) {
        var fresh = ByteWriter(capacity: 1 << 12)
        var freshEnds = Vector<Int>(capacity: kept.count + 1)
        for number in kept {
            fresh.append(row(number))
            freshEnds.append(fresh.count)
        }
        times = kept.map { times[$0] }
        sequences = kept.map { sequences[$0] }
        classes = kept.map { classes[$0] }
        formats = kept.map { formats[$0] }
        bytes = fresh
        ends = freshEnds
    }

    /// Gives the rows `order` to `next`, in this order, until it has enough.
    func give(_ order: ArraySlice<Int>, to next: any RowConsumer) throws {
        var rest = order
        while !rest.isEmpty {
            let rows = rest.prefix(Self.rowsPerBlock)
            rest = rest.dropFirst(rows.count)
            let block = areLines == true ? lineBlock(rows) : valueBlock(rows)
            if try next.consume(RowSlice(block: block, rows: Array(0..<rows.count))) == .stop {
                return
            }
        }
    }

    /// Rows that are given on at once.
    private static let rowsPerBlock = 1_024

    private func lineBlock(_ rows: ArraySlice<Int>) -> any ColumnBlock {
        let size = rows.reduce(0) { $0 + row($1).count }
        let chunk = ByteChunk(capacity: size, spareBytes: size)
        let batch = RecordBatch()
        batch.reset(over: chunk, arrivalTime: 0)
        for number in rows {
            let start = chunk.count
            chunk.append(row(number))
            batch.append(
                line: ByteView(chunk.base + start, chunk.count - start),
                readable: chunk.readableEnd, as: formats[number])
            // The time of a line without one was that of its arrival, which the line does not tell.
            batch.records[batch.records.count - 1].time = times[number]
        }
        var builder = ColumnBuilder()
        for number in rows { builder.append(classNames.key(Int(classes[number]))) }
        return LinesBlock(
            batch: batch, sequences: rows.map { sequences[$0] },
            classes: builder.column())
    }

    private func valueBlock(_ rows: ArraySlice<Int>) -> any ColumnBlock {
        let values = rows.map { number -> [Int: ByteView] in
            var reader = ByteReader(row(number))
            var values: [Int: ByteView] = [:]
            while reader.remaining > 0,
                let name = try? reader.length(atMost: names.count, "field"),
                let value = try? reader.lengthPrefixed("value")
            {
                values[name] = value
            }
            return values
        }
        let columns = (0..<names.count).map { name -> (name: String, column: Column) in
            var builder = ColumnBuilder()
            for row in values { builder.append(row[name] ?? .empty) }
            return (names.key(name).text, builder.column())
        }
        return DerivedBlock(columns: columns, rowCount: rows.count)
    }
}

/// Lines of any classes in an order of the query's, scanned again.
private final class LinesBlock: NamedColumns {
    private let batch: RecordBatch
    private let rowSequences: [UInt64]
    private let classes: Column

    init(batch: RecordBatch, sequences: [UInt64], classes: Column) {
        self.batch = batch
        self.rowSequences = sequences
        self.classes = classes
    }

    var hasLines: Bool { true }
    let className = ""
    var rowCount: Int { batch.records.count }
    func times() -> [Int64] { batch.records.buffer.map(\.time) }
    func sequences() -> [UInt64] { rowSequences }

    var timeBounds: (first: Int64, last: Int64) {
        let times = times()
        return (times.min() ?? .min, times.max() ?? .max)
    }

    private var inner: BatchBlock? {
        BatchBlock(
            batch: batch, rows: Array(0..<rowCount), sequences: rowSequences, className: "")
    }

    func column(_ name: String) throws -> Column {
        switch name {
        case "_time": .times(times())
        case "_class": classes
        default: inner?.column(name) ?? .constant([], rowCount: rowCount)
        }
    }

    func fieldNames() throws -> [String] {
        let special = ["_time", "_msg", "_class"]
        return special
            + (inner?.fieldNames() ?? []).filter { !special.contains($0) }.sorted()
    }

    func lineFormat(row: Int) -> LineFormat { batch.shape(batch.records[row]).format }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        out.append(batch.line(batch.records[row]))
    }
}
