internal import LogBytes

/// Records that count, and wait until there are enough of them to be added to their rules together.
struct PendingRecords: ~Copyable {
    /// So many records wait at most: enough to overlap the waits for memory, few enough to stay in the nearest cache.
    private static var recordsMax: Int { 32 }
    private static var touchesMax: Int { 256 }

    /// What a record adds to a rule, and where.
    struct Touch: BitwiseCopyable {
        let rule: Int32
        /// The place of the group's key in `keys`.
        let key: Int32
        /// The number of the group in the rule's table, −1 while there is none.
        var number: Int32 = -1
        let contribution: Contribution
    }

    /// A key of a record, which several of its touches share.
    struct Key: BitwiseCopyable {
        /// Which fields it is made of.
        let index: Int32
        /// Where its bytes are in `keyBytes`.
        let start: Int32
        let count: Int32
        let hash: UInt64
        /// Its number, for all rules by the same fields (`KeyNumbers`).
        var shared: Int32 = -1
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
    var keys = Vector<Key>(capacity: PendingRecords.touchesMax)
    private var keyBytes = Vector<UInt8>(capacity: 1_024)
    /// The first of `keys` that belongs to the record whose touches are being added.
    private var firstKey = 0
    /// Operations that contributions refer to.
    var further = Vector<SlotOperation>(capacity: 16)

    var isFull: Bool {
        records.count >= Self.recordsMax || touches.count >= Self.touchesMax
    }

    /// The place of the present record's key of the fields `index`, −1 when nobody asked for it yet.
    @inline(__always)
    func key(_ index: Int32) -> Int32 {
        for place in firstKey..<keys.count where keys[place].index == index {
            return Int32(place)
        }
        return -1
    }

    /// Adds the present record's key of the fields `index`, whose bytes are gone with the next record; its place.
    @inline(__always)
    mutating func append(key: ByteView, hash: UInt64, _ index: Int32) -> Int32 {
        keys.append(
            Key(
                index: index, start: Int32(keyBytes.count), count: Int32(key.count), hash: hash))
        keyBytes.append(key.start, key.count)
        return Int32(keys.count - 1)
    }

    /// The bytes of a key, valid until the next one comes.
    @inline(__always)
    func bytes(of key: Key) -> ByteView {
        ByteView(keyBytes.base + Int(key.start), Int(key.count))
    }

    /// Ends the touches of a record.
    @inline(__always)
    mutating func append(time: Int64, watermark: Int64, arrival: Int64) {
        records.append(
            Entry(
                time: time, watermark: watermark, arrival: arrival, end: Int32(touches.count)))
        firstKey = keys.count
    }

    mutating func removeAll() {
        records.removeAll()
        touches.removeAll()
        keys.removeAll()
        keyBytes.removeAll()
        firstKey = 0
        further.removeAll()
    }
}
