internal import LogBytes
internal import LogRecords

/// The fields of a batch's records, each value looked up once, whoever asks for it.
///
/// Classes, metrics and rules ask the same few things of every record: which service, which endpoint, is it a failed request, how
/// long did it take. Those who work on the same batches one after the other share columns. One thread at a time uses them.
package final class FieldColumns {
    let core: UnsafeMutablePointer<FieldColumnsCore>

    /// Columns of nothing yet.
    package init() {
        core = .allocate(capacity: 1)
        core.initialize(to: FieldColumnsCore())
    }

    deinit {
        core.deinitialize(count: 1)
        core.deallocate()
    }
}

/// A struct, so that loops work on plain memory and not through class properties.
///
/// Records are looked at in blocks of 64, in each of which a set of records is a word, one bit each. Nothing is looked up before
/// somebody asks for it.
struct FieldColumnsCore: ~Copyable {
    /// The records of a block.
    static var blockRows: Int { 64 }

    /// What is known of one block.
    private struct Outcome: BitwiseCopyable {
        var isKnown = false
        var requests: UInt64 = 0
        var failed: UInt64 = 0
    }

    private(set) var slots = FieldSlots(names: [])
    private var columns: UnsafeMutablePointer<FieldColumn>
    private var capacity = 8
    private static var statusField: Int { 0 }
    private static var endpointField: Int { 1 }
    private static var eventField: Int { 2 }
    private var statuses = Vector<Int16>(capacity: 64)
    private var outcomes = Vector<Outcome>(capacity: 1)
    private var knownStatuses = PlaceMap<Int16>(0)
    private var knownMetrics = PlaceMap<Bool>(false)
    /// The batch that is loaded, the contents that it had, and how many its records were.
    private var batch: RecordBatch?
    private var age = 0
    private var count = 0
    /// How often something was loaded.
    private var load = 0

    init() {
        columns = .allocate(capacity: capacity)
        var names: [String] = []
        for name in ["status_code", "endpoint", "event"] {
            (columns + names.count).initialize(to: FieldColumn(names.count))
            names.append(name)
        }
        slots = FieldSlots(names: names)
    }

    deinit {
        columns.deinitialize(count: slots.names.count)
        columns.deallocate()
    }

    /// The number of field `name`, the same for the same name.
    mutating func field(_ name: String) -> Int {
        var names = slots.names
        let number = FieldSlots.number(of: name, in: &names)
        guard names.count > slots.names.count else { return number }
        if number == capacity {
            let fresh = UnsafeMutablePointer<FieldColumn>.allocate(capacity: capacity * 2)
            fresh.moveInitialize(from: columns, count: capacity)
            columns.deallocate()
            columns = fresh
            capacity *= 2
        }
        (columns + number).initialize(to: FieldColumn(number))
        slots = FieldSlots(names: names, tableAge: slots.tableAge)
        batch = nil
        return number
    }

    /// Makes ready for the records of `batch`, whose lines have all been appended.
    mutating func prepare(_ batch: RecordBatch) {
        if self.batch === batch, age == batch.age, count == batch.records.count { return }
        self.batch = batch
        age = batch.age
        count = batch.records.count
        load &+= 1
        slots.prepare(batch)
        outcomes.removeAll()
        let blocks = (count + Self.blockRows - 1) / Self.blockRows
        outcomes.reserve(blocks)
        for _ in 0..<blocks { outcomes.append(Outcome()) }
        statuses.removeAll()
        statuses.reserve(blocks * Self.blockRows)
    }

    /// The records of block `block`: how many, and the set of all.
    @inline(__always)
    func rows(_ block: Int) -> (count: Int, all: UInt64) {
        let rows = max(min(count - block * Self.blockRows, Self.blockRows), 0)
        return (rows, rows == 0 ? 0 : ~0 >> UInt64(Self.blockRows - rows))
    }

    /// Asks for the lines of the block behind `block`, unless most of what somebody may ask of them is known.
    func prefetch(behind block: Int, _ reader: BatchReader) {
        guard block + 1 < outcomes.count, !outcomes[block + 1].isKnown else { return }
        let first = (block + 1) * Self.blockRows
        reader.owner._withUnsafeGuaranteedRef { $0.prefetch(first..<first + Self.blockRows) }
    }

    // MARK: Columns

    /// The places of the texts of a field, by record, for those of `rows`: `TextPlace.none` for a text that has none.
    @inline(__always)
    func places(
        _ field: Int, _ block: Int, _ rows: UInt64, _ reader: BatchReader
    ) -> UnsafePointer<TextPlace> {
        columns[field].places(block, rows, slots, reader, load: load)
    }

    /// The numbers in a field, by record, for those of `rows`: NaN where there is none.
    @inline(__always)
    func numbers(
        _ field: Int, _ block: Int, _ rows: UInt64, _ reader: BatchReader
    ) -> UnsafePointer<Double> {
        columns[field].numbers(block, rows, slots, reader, load: load)
    }

    /// Where field `field` stands in record `row`, −1 for nowhere.
    @inline(__always)
    func slot(_ field: Int, _ row: Int, _ reader: BatchReader) -> Int32 {
        slots.slot(reader[row].shape, field)
    }

    // MARK: Requests

    /// The requests of a block, the failed ones among them, and the HTTP status of each record, 0 for none.
    @inline(__always)
    mutating func requests(
        _ block: Int, _ reader: BatchReader
    ) -> (all: UInt64, failed: UInt64, statuses: UnsafePointer<Int16>) {
        if !outcomes[block].isKnown { findRequests(block, reader) }
        let outcome = outcomes[block]
        return (
            outcome.requests, outcome.failed,
            UnsafePointer(statuses.base + block * Self.blockRows)
        )
    }

    @inline(never)
    private mutating func findRequests(_ block: Int, _ reader: BatchReader) {
        let first = block * Self.blockRows
        let (count, all) = rows(block)
        let statusPlaces = places(Self.statusField, block, all, reader)
        let endpointPlaces = places(Self.endpointField, block, all, reader)
        let eventPlaces = places(Self.eventField, block, all, reader)
        var outcome = Outcome(isKnown: true)
        for row in 0..<count {
            let index = first + row
            let status = httpStatus(index, statusPlaces[row], reader)
            statuses.base[index] = status
            let place = endpointPlaces[row]
            var isRequest = RequestRule.isRequest(
                status: Int(status),
                hasEndpoint: place != .none
                    ? place != .absent
                    : reader.isPresent(index, slot(Self.endpointField, index, reader)))
            if isRequest, eventPlaces[row] != .absent {
                isRequest = !isMetric(index, eventPlaces[row], reader)
            }
            let isFailed =
                isRequest
                && RequestRule.isError(status: Int(status), level: reader[index].level)
            outcome.requests |= (isRequest ? 1 : 0) << UInt64(row)
            outcome.failed |= (isFailed ? 1 : 0) << UInt64(row)
        }
        outcomes[block] = outcome
    }

    @inline(__always)
    private func httpStatus(_ row: Int, _ place: TextPlace, _ reader: BatchReader) -> Int16 {
        knownStatuses.value(at: place) ?? findStatus(row, place, reader)
    }

    @inline(never)
    private func findStatus(_ row: Int, _ place: TextPlace, _ reader: BatchReader) -> Int16 {
        let found = Int16(reader.status(row, slot(Self.statusField, row, reader)))
        knownStatuses.set(found, at: place)
        return found
    }

    /// Whether the event at `place` says that its line is a metric.
    @inline(never)
    private func isMetric(_ row: Int, _ place: TextPlace, _ reader: BatchReader) -> Bool {
        if let known = knownMetrics.value(at: place) { return known }
        let found = RequestRule.isMetricLine(
            row, eventSlot: slot(Self.eventField, row, reader), reader)
        knownMetrics.set(found, at: place)
        return found
    }
}

/// One field of a batch's records.
struct FieldColumn: ~Copyable {
    /// What was looked up of the records: the values, and which of them are known, a word for each block.
    private struct Values<Value: BitwiseCopyable>: ~Copyable {
        private var values = Vector<Value>(capacity: 64)
        private var known = Vector<UInt64>(capacity: 1)
        /// The load that they are of.
        private var load = 0

        /// The values of a block, and those of `rows` that are not known, which the caller looks up.
        @inline(__always)
        mutating func take(
            _ block: Int, _ rows: UInt64, _ count: Int, load: Int
        ) -> (base: UnsafeMutablePointer<Value>, unknown: UInt64) {
            if self.load != load { reset(count, load) }
            let unknown = rows & ~known[block]
            known[block] |= rows
            return (values.base + block * FieldColumnsCore.blockRows, unknown)
        }

        @inline(never)
        private mutating func reset(_ count: Int, _ load: Int) {
            self.load = load
            let blocks = (count + FieldColumnsCore.blockRows - 1) / FieldColumnsCore.blockRows
            values.removeAll()
            values.reserve(blocks * FieldColumnsCore.blockRows)
            known.removeAll()
            known.reserve(blocks)
            for _ in 0..<blocks { known.append(0) }
        }
    }

    private let field: Int
    private var texts: UnsafeMutablePointer<TextPlaces>?
    private var textPlaces = Values<TextPlace>()
    private var decimals = Values<Double>()
    private var scratch = ByteWriter(capacity: 64)

    init(_ field: Int) { self.field = field }

    deinit {
        texts?.deinitialize(count: 1)
        texts?.deallocate()
    }

    /// The table of texts; it takes its memory when somebody asks for texts.
    private var table: UnsafeMutablePointer<TextPlaces> {
        mutating get { texts ?? makeTable() }
    }

    @inline(never)
    private mutating func makeTable() -> UnsafeMutablePointer<TextPlaces> {
        let fresh = UnsafeMutablePointer<TextPlaces>.allocate(capacity: 1)
        fresh.initialize(to: TextPlaces())
        texts = fresh
        return fresh
    }

    @inline(__always)
    mutating func places(
        _ block: Int, _ rows: UInt64, _ slots: borrowing FieldSlots, _ reader: BatchReader,
        load: Int
    ) -> UnsafePointer<TextPlace> {
        let (base, unknown) = textPlaces.take(block, rows, reader.count, load: load)
        if unknown != 0 { find(unknown, block, base, slots, reader) }
        return UnsafePointer(base)
    }

    @inline(never)
    private mutating func find(
        _ rows: UInt64, _ block: Int, _ places: UnsafeMutablePointer<TextPlace>,
        _ slots: borrowing FieldSlots, _ reader: BatchReader
    ) {
        let table = table
        let first = block * FieldColumnsCore.blockRows
        if table.pointee.remembers {
            var view = reader.view(of: field, from: first, slots)
            return table.pointee.find(rows, &view, places)
        }
        var rest = rows
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            rest &= rest &- 1
            let isAbsent = slots.slot(reader[first + row].shape, field) < 0
            places[row] = isAbsent ? .absent : .none
        }
    }

    @inline(__always)
    mutating func numbers(
        _ block: Int, _ rows: UInt64, _ slots: borrowing FieldSlots, _ reader: BatchReader,
        load: Int
    ) -> UnsafePointer<Double> {
        let (base, unknown) = decimals.take(block, rows, reader.count, load: load)
        if unknown != 0 { read(unknown, block, base, slots, reader) }
        return UnsafePointer(base)
    }

    @inline(never)
    private mutating func read(
        _ rows: UInt64, _ block: Int, _ numbers: UnsafeMutablePointer<Double>,
        _ slots: borrowing FieldSlots, _ reader: BatchReader
    ) {
        let first = block * FieldColumnsCore.blockRows
        var rest = rows
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            rest &= rest &- 1
            numbers[row] = reader.number(
                first + row, slots.slot(reader[first + row].shape, field), scratch: &scratch)
        }
    }
}
