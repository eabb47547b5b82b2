internal import CLogKernels
public import LogBytes
public import LogRecords

/// Where each of a few fields stands in each shape, looked up once a shape and not once a record.
public struct FieldSlots: ~Copyable {
    /// The fields, by the names that queries use.
    public let names: [String]
    @usableFromInline var packed = Vector<Int32>(capacity: 64)
    @usableFromInline let width: Int
    private(set) var shapeCount = 0
    /// How often another table of shapes came, which numbers them anew.
    private(set) var tableAge: Int
    /// The slots of the loose lines of the batch that was prepared last.
    @usableFromInline var loose = Vector<Int32>(capacity: 1)
    /// The numbers of the fields in that batch.
    private var registered: [Int] = []
    /// Kept, so that no other table can come to stand at the same address.
    private var table: ShapeTable?

    /// A lookup for `names`.
    public init(names: [String]) { self.init(names: names, tableAge: 0) }

    /// A lookup for `names` that goes on counting from `tableAge`.
    init(names: [String], tableAge: Int) {
        self.names = names
        self.width = names.count
        self.tableAge = tableAge
    }

    /// The place of `name` in `names`, to whose end it is added where it is not there.
    static func number(of name: String, in names: inout [String]) -> Int {
        if let known = names.firstIndex(of: name) { return known }
        names.append(name)
        return names.count - 1
    }

    /// Makes ready for the records of `batch`, whose lines have all been appended.
    public mutating func prepare(_ batch: RecordBatch) {
        if table !== batch.table {
            table = batch.table
            tableAge += 1
            shapeCount = 0
            packed.removeAll()
            registered = names.map { batch.register($0) }
        }
        prepareLoose(batch)
        let shapes = batch.table.shapes
        while shapeCount < shapes.count {
            for name in names { packed.append(Self.pack(shapes[shapeCount].slot(named: name))) }
            shapeCount += 1
        }
    }

    private mutating func prepareLoose(_ batch: RecordBatch) {
        loose.removeAll()
        guard batch.hasLooseLines else { return }
        // Loose shapes are numbered in the order of their records.
        for record in batch.records.buffer where RecordBatch.isLoose(record) {
            batch.appendSlots(record, registered: registered, to: &loose)
        }
    }

    private static func pack(_ slot: FieldSlot?) -> Int32 {
        slot?.packed ?? -1
    }

    /// The places of all fields, by their number in `names`, in lines of `shape`: −1 for none. Valid until the next `prepare`.
    @inlinable @inline(__always)
    public func row(_ shape: UInt32) -> UnsafePointer<Int32> {
        UnsafePointer(
            shape < RecordBatch.looseShape
                ? packed.base + Int(shape) * width
                : loose.base + Int(shape - RecordBatch.looseShape) * width)
    }

    /// The place of field `name` in lines of `shape`: −1 for none.
    @inlinable @inline(__always)
    public func slot(_ shape: UInt32, _ name: Int) -> Int32 { row(shape)[name] }
}

/// The records of one batch behind plain pointers, for loops that look at every record. Valid while the batch is unchanged;
/// the caller keeps the batch alive.
@frozen
public struct BatchReader {
    /// The batch, uncounted: a loop that copies the reader must not pay for it.
    public let owner: Unmanaged<RecordBatch>
    /// The number of records.
    public let count: Int
    @usableFromInline let records: UnsafeMutablePointer<Record>
    @usableFromInline let values: UnsafeMutablePointer<ValueSpan>
    @usableFromInline let origin: UnsafePointer<UInt8>

    /// A reader of `batch`.
    @inlinable
    public init(_ batch: RecordBatch) {
        self.owner = .passUnretained(batch)
        self.count = batch.records.count
        self.records = batch.records.base
        self.values = batch.values.base
        self.origin = batch.origin
    }

    /// The batch.
    @inlinable
    public var batch: RecordBatch { owner.takeUnretainedValue() }

    /// Record `index`.
    @inlinable @inline(__always)
    public subscript(index: Int) -> Record { records[index] }

    /// Where a value of record `row` stands; `slot` is not −1. What is asked of a record takes its number: a loop needs some of its
    /// fields only, and would load and keep all of them for the calls that it seldom makes.
    @inlinable @inline(__always)
    func span(_ row: Int, _ slot: Int32) -> ValueSpan {
        values[Int(records[row].firstValue) + Int(slot >> FieldSlot.transformBits)]
    }

    /// The bytes of a value as they stand in the line; `slot` is not −1.
    @inlinable @inline(__always)
    public func raw(_ row: Int, _ slot: Int32) -> ByteView {
        let span = span(row, slot)
        return ByteView(origin + Int(span.start), span.length)
    }

    /// The text of a field, empty where the line has none; in the line or in `scratch`, whose content is replaced.
    @inlinable @inline(__always)
    public func text(_ row: Int, _ slot: Int32, scratch: inout ByteWriter) -> ByteView {
        if slot < 0 { return ByteView(origin, 0) }
        let span = span(row, slot)
        let start = origin + Int(span.start)
        // Four bytes that begin with n may be `null`, which is no text; no bytes may be a flag, which is.
        if slot & (FieldSlot.transformLimit - 1) == 0, !span.isEscaped,
            span.length != 0, span.length != 4 || start[0] != UInt8(ascii: "n")
        {
            return ByteView(start, span.length)
        }
        return slowText(row, slot, scratch: &scratch)
    }

    /// The text of a field that stands in the line as it is, nil when it has to be made; `slot` is not −1.
    @inlinable @inline(__always)
    public func plainText(_ row: Int, _ slot: Int32) -> ByteView? {
        let span = span(row, slot)
        let start = origin + Int(span.start)
        if slot & (FieldSlot.transformLimit - 1) == 0, !span.isEscaped,
            span.length != 0, span.length != 4 || start[0] != UInt8(ascii: "n")
        {
            return ByteView(start, span.length)
        }
        return nil
    }

    @usableFromInline
    func slowText(_ row: Int, _ slot: Int32, scratch: inout ByteWriter) -> ByteView {
        batch.text(records[row], FieldSlot(packed: slot), scratch: &scratch)
    }

    /// The number in a field, NaN where there is none. Durations come in milliseconds.
    @inlinable @inline(__always)
    public func number(_ row: Int, _ slot: Int32, scratch: inout ByteWriter) -> Double {
        if slot < 0 { return .nan }
        if slot & (FieldSlot.transformLimit - 1) == 0 {
            return DecimalText.double(readable: raw(row, slot))
        }
        return transformedNumber(row, slot, scratch: &scratch)
    }

    /// The number in a field that has a transform. Bare numbers, which nearly all durations are, need no text of their own.
    @usableFromInline @inline(never)
    func transformedNumber(
        _ row: Int, _ slot: Int32, scratch: inout ByteWriter
    ) -> Double {
        let bare: Double
        switch FieldSlot(packed: slot).transform {
        case .seconds: bare = DecimalText.double(readable: raw(row, slot)) * 1_000
        case .milliseconds: bare = DecimalText.double(readable: raw(row, slot))
        case .microseconds: bare = DecimalText.double(readable: raw(row, slot)) / 1_000
        case .nanoseconds: bare = DecimalText.double(readable: raw(row, slot)) / 1_000_000
        case .postgresDuration:
            let span = span(row, slot)
            let number = ValueText.postgresNumber(ByteView(origin + Int(span.start), span.length))
            if number.isEmpty, !span.isEscaped { return .nan }
            bare = DecimalText.double(readable: number)
        default: bare = .nan
        }
        guard bare.isNaN else { return bare }
        return NumberText.double(slowText(row, slot, scratch: &scratch)) ?? .nan
    }

    /// The HTTP status in a field, 0 where there is none.
    @inlinable @inline(__always)
    public func status(_ row: Int, _ slot: Int32) -> Int {
        if slot < 0 { return 0 }
        if slot & (FieldSlot.transformLimit - 1) != 0 { return transformedStatus(row, slot) }
        let text = raw(row, slot)
        guard text.count == 3 else { return slowStatus(text) }
        let hundreds = text[0] &- ASCII.zero
        let tens = text[1] &- ASCII.zero
        let ones = text[2] &- ASCII.zero
        guard hundreds &- 1 < 5, tens <= 9, ones <= 9 else { return 0 }
        return Int(hundreds) * 100 + Int(tens) * 10 + Int(ones)
    }

    @usableFromInline
    func slowStatus(_ text: ByteView) -> Int {
        guard let status = NumberText.integer(text), (100...599).contains(status) else { return 0 }
        return Int(status)
    }

    /// The status that a text quotes.
    @usableFromInline @inline(never)
    func transformedStatus(_ row: Int, _ slot: Int32) -> Int {
        var scratch = ByteWriter(capacity: 1)
        return slowStatus(slowText(row, slot, scratch: &scratch))
    }

    /// True when a field has some text.
    @inlinable @inline(__always)
    public func isPresent(_ row: Int, _ slot: Int32) -> Bool {
        if slot < 0 { return false }
        if slot & (FieldSlot.transformLimit - 1) != 0 { return isMade(row, slot) }
        let text = raw(row, slot)
        if text.count == 4, text[0] == UInt8(ascii: "n") { return text != ByteView("null") }
        return text.count > 0
    }

    /// True when a transform makes some text of a field.
    @usableFromInline @inline(never)
    func isMade(_ row: Int, _ slot: Int32) -> Bool {
        var scratch = ByteWriter(capacity: 1)
        return !slowText(row, slot, scratch: &scratch).isEmpty
    }

    /// Where field `field` of `slots` stands in the records from `first` on, for kernels.
    func view(of field: Int, from first: Int, _ slots: borrowing FieldSlots) -> weir_field_view {
        weir_field_view(
            records: records + first, record_bytes: MemoryLayout<Record>.stride,
            spans: UnsafeRawPointer(values).assumingMemoryBound(to: UInt32.self), origin: origin,
            slots: slots.packed.base + field, loose_slots: slots.loose.base + field,
            width: slots.width, loose_shape: RecordBatch.looseShape,
            transform_bits: UInt32(FieldSlot.transformBits))
    }
}
