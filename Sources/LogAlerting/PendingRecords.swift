internal import LogBytes

/// Records that count, and wait until there are enough of them to be added to their rules together.
struct PendingRecords: ~Copyable {
    /// So many records wait at most: enough to overlap the waits for memory, few enough to stay in the nearest cache.
    private static var recordsMax: Int { 32 }
    private static var touchesMax: Int { 256 }

    /// What a record adds to a rule, and where.
    struct Touch: BitwiseCopyable {
        let rule: Int32
        /// The number of the group's key, for all rules by the same fields (`KeyNumbers`).
        let shared: Int32
        /// The number of the group in the rule's table, −1 while there is none.
        var number: Int32 = -1
        let contribution: Contribution
    }

    struct Entry: BitwiseCopyable {
        let time: Int64
        /// The watermark behind which the record stands: boundaries up to it are evaluated first.
        let watermark: Int64
        /// Of a record without a time of its own the arrival, under which it is stored; else `.min`.
        let arrival: Int64
        /// The end of its touches.
        let end: Int32
    }

    var records = Vector<Entry>(capacity: PendingRecords.recordsMax)
    var touches = Vector<Touch>(capacity: 2 * PendingRecords.touchesMax)
    /// Operations that contributions refer to.
    var further = Vector<SlotOperation>(capacity: 16)

    var isFull: Bool {
        records.count >= Self.recordsMax || touches.count >= Self.touchesMax
    }

    /// Ends the touches of a record.
    @inline(__always)
    mutating func append(time: Int64, watermark: Int64, arrival: Int64) {
        records.append(
            Entry(
                time: time, watermark: watermark, arrival: arrival, end: Int32(touches.count)))
    }

    mutating func removeAll() {
        records.removeAll()
        touches.removeAll()
        further.removeAll()
    }
}
