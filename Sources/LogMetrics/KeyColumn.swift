internal import LogBytes
internal import LogRecords

/// The values of a `by` list in some dozens of records, as numbers (`KeyNumbers`).
///
/// What came lately by a single field is known by the bytes that stand in the line, so that neither the endpoint is templated
/// nor a key hashed again. Where most values are new that is given up.
struct KeyColumn: ~Copyable {
    private static var entryCount: Int { 2_048 }
    /// After so many looks it is decided whether remembering is worth it.
    private static var trial: UInt32 { 4_096 }

    private struct Entry: BitwiseCopyable {
        var value: MediumText
        var group: Int32
    }

    /// A key that has no number yet.
    private struct Newcomer: BitwiseCopyable {
        let row: Int
        /// Where its bytes are in `bytes`.
        let start: Int
        let count: Int
        let hash: UInt64
        /// Where its value is to be remembered, −1 for nowhere.
        let place: Int
    }

    /// The fields, by their numbers in `FieldSlots`.
    private var fields = Vector<Int32>(capacity: 4)
    private let endpointIndex: Int
    /// The group of each record.
    private let groups: UnsafeMutablePointer<Int32>
    /// The records whose groups are known.
    private var known: UInt64 = 0
    let numbering: UnsafeMutablePointer<KeyNumbers>
    private let entries: UnsafeMutablePointer<Entry>
    private var looks: UInt32 = 0
    private var misses: UInt32 = 0
    /// Whether values are remembered.
    private var remembers: Bool
    private var newcomers = Vector<Newcomer>(capacity: RecordInputs.rowsMax)
    private var bytes = Vector<UInt8>(capacity: 1_024)
    private var scratch = ByteWriter(capacity: 64)
    private var value = ByteWriter(capacity: 64)

    init(fields: [Int32], endpointIndex: Int?) {
        for field in fields { self.fields.append(field) }
        self.endpointIndex = endpointIndex ?? -1
        remembers = fields.count == 1
        groups = .allocate(capacity: RecordInputs.rowsMax)
        numbering = .allocate(capacity: 1)
        numbering.initialize(to: KeyNumbers())
        entries = .allocate(capacity: Self.entryCount)
        entries.initialize(
            repeating: Entry(value: .empty, group: -1), count: Self.entryCount)
    }

    deinit {
        groups.deallocate()
        numbering.deinitialize(count: 1)
        numbering.deallocate()
        entries.deallocate()
    }

    /// What stands for the group of newcomer `index` until it has a number.
    private static func claim(_ index: Int) -> Int32 { -2 - Int32(index) }

    /// Forgets the records, and makes room for further keys.
    mutating func reset() {
        known = 0
        guard numbering.pointee.makeRoom() else { return }
        for place in 0..<Self.entryCount { entries[place].group = -1 }
    }

    /// The numbers of the groups, by record, for those of `rows`, counted from record `first` of the batch on.
    mutating func groups(
        of rows: UInt64, from first: Int, _ slots: borrowing FieldSlots, _ reader: BatchReader,
        _ templates: inout TemplateCache
    ) -> UnsafePointer<Int32> {
        var rest = rows & ~known
        known |= rest
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            rest &= rest &- 1
            let place = remembers ? place(row, first + row, slots, reader) : -1
            if let place { add(row, first + row, slots, reader, &templates, place: place) }
        }
        if newcomers.count > 0 { number() }
        return UnsafePointer(groups)
    }

    /// Finds the group of a record whose value is remembered, and gives nil; otherwise the place where to remember it, −1 for none.
    @inline(__always)
    private mutating func place(
        _ row: Int, _ record: Int, _ slots: borrowing FieldSlots, _ reader: BatchReader
    ) -> Int? {
        let slot = slots.slot(reader[record].shape, Int(fields[0]))
        guard slot >= 0, let text = reader.plainText(record, slot),
            text.count <= MediumText.bytesMax
        else { return -1 }
        let value = MediumText(readable: text)
        let place = value.place & (Self.entryCount - 1)
        looks &+= 1
        if entries[place].value == value, entries[place].group >= 0 {
            groups[row] = entries[place].group
            return nil
        }
        misses &+= 1
        entries[place] = Entry(value: value, group: Self.claim(newcomers.count))
        return place
    }

    /// Takes down the key of a record, to be numbered with others.
    @inline(never)
    private mutating func add(
        _ row: Int, _ record: Int, _ slots: borrowing FieldSlots, _ reader: BatchReader,
        _ templates: inout TemplateCache, place: Int
    ) {
        let key = text(record, slots, reader, &templates)
        newcomers.append(
            Newcomer(
                row: row, start: bytes.count, count: key.count, hash: key.memoryHash, place: place))
        bytes.append(key.start, key.count)
    }

    /// Gives the newcomers their numbers. Each step asks for the memory of the next for all of them.
    private mutating func number() {
        let count = newcomers.count
        for step in 0..<3 {
            for index in 0..<count {
                numbering.pointee.prefetch(hash: newcomers[index].hash, step: step)
            }
        }
        for index in 0..<count {
            let newcomer = newcomers[index]
            let group = Int32(
                numbering.pointee.number(
                    of: ByteView(bytes.base + newcomer.start, newcomer.count),
                    hash: newcomer.hash))
            groups[newcomer.row] = group
            // Unless another one took the place since.
            if newcomer.place >= 0, entries[newcomer.place].group == Self.claim(index) {
                entries[newcomer.place].group = group
            }
        }
        newcomers.removeAll()
        bytes.removeAll()
        guard looks >= Self.trial else { return }
        remembers = misses <= looks / 2
        looks = 0
        misses = 0
    }

    /// The key of a record, valid until the next one.
    mutating func text(
        _ record: Int, _ slots: borrowing FieldSlots, _ reader: BatchReader,
        _ templates: inout TemplateCache
    ) -> ByteView {
        let key: ByteView
        if fields.count == 1 {
            key = text(0, record, slots, reader, &templates)
        } else {
            scratch.removeAll()
            for index in 0..<fields.count {
                scratch.append(lengthPrefixed: text(index, record, slots, reader, &templates))
            }
            key = scratch.view
        }
        return key.count > RecordInputs.keyBytesMax ? key.prefix(RecordInputs.keyBytesMax) : key
    }

    @inline(__always)
    private mutating func text(
        _ index: Int, _ record: Int, _ slots: borrowing FieldSlots, _ reader: BatchReader,
        _ templates: inout TemplateCache
    ) -> ByteView {
        let slot = slots.slot(reader[record].shape, Int(fields[index]))
        let text = reader.text(record, slot, scratch: &value)
        return index == endpointIndex && slot >= 0 ? templates.template(text).view : text
    }
}
