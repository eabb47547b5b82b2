public import LogBytes
public import LogRecords

/// A batch of records as a column block: the journal's tail, and stored lines that were kept whole.
public final class BatchBlock: ColumnBlock {
    private let batch: RecordBatch
    /// The numbers of the batch's records that are rows of this block.
    private let rows: [Int]
    private let rowSequences: [UInt64]
    /// The earliest and the latest time of a row, both inclusive.
    public let timeBounds: (first: Int64, last: Int64)
    /// The retention class of all rows.
    public let className: String

    /// The records `rows` of `batch`, which all belong to `className`; nil when there is none. Keeps the batch, and relies on
    /// its buffer, as long as it lives.
    public init?(batch: RecordBatch, rows: [Int], sequences: [UInt64], className: String) {
        let times = rows.map { batch.records[$0].time }
        guard let first = times.min(), let last = times.max() else { return nil }
        self.batch = batch
        self.rows = rows
        self.rowSequences = sequences
        self.className = className
        self.timeBounds = (first, last)
    }

    /// The number of rows.
    public var rowCount: Int { rows.count }

    /// The format in which the line of `row` was read.
    public func lineFormat(row: Int) -> LineFormat { batch.shape(batch.records[rows[row]]).format }

    /// The time of each row.
    public func times() -> [Int64] { rows.map { batch.records[$0].time } }

    /// The arrival sequence number of each row.
    public func sequences() -> [UInt64] { rowSequences }

    /// The values of the field that a query calls `name`.
    public func column(_ name: String) -> Column {
        var slots: [Int: FieldSlot?] = [:]
        var bytes = ByteWriter(capacity: 1 << 12)
        var scratch = ByteWriter(capacity: 256)
        var ends: [Int] = []
        ends.reserveCapacity(rows.count)
        let registered = batch.register(name)
        for row in rows {
            let record = batch.records[row]
            let shape = Int(record.shape)
            let slot: FieldSlot?
            if RecordBatch.isLoose(record) {
                let packed = batch.slot(record, registered: registered)
                slot = packed < 0 ? nil : FieldSlot(packed: packed)
            } else if let known = slots[shape] {
                slot = known
            } else {
                slot = batch.shape(record).slot(named: name)
                slots[shape] = .some(slot)
            }
            if let slot { bytes.append(batch.text(record, slot, scratch: &scratch)) }
            ends.append(bytes.count)
        }
        return bytes.isEmpty
            ? .constant([], rowCount: rows.count) : .plain(bytes: Array(bytes.view), ends: ends)
    }

    /// The flattened paths that occur in the block, in no order.
    public func fieldNames() -> [String] {
        var shapes: Set<UInt32> = []
        var names: Set<String> = []
        for row in rows where shapes.insert(batch.records[row].shape).inserted {
            names.formUnion(batch.shape(batch.records[row]).fields.map(\.path))
        }
        return Array(names)
    }

    /// Appends the very bytes of the line of `row`.
    public func appendLine(row: Int, into out: inout ByteWriter) {
        out.append(batch.line(batch.records[rows[row]]))
    }
}
