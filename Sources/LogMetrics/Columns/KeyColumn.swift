internal import LogBytes
internal import LogRecords

/// The values of a `by` list in a block of records, as numbers (`KeyNumbers`).
///
/// The group of a single field's value is known by the value's place (`TextPlaces`), so that neither the endpoint is templated nor
/// a key hashed again.
struct KeyColumn: ~Copyable {
    /// A key that has no number yet.
    private struct Newcomer: BitwiseCopyable {
        let row: Int
        /// Where its bytes are in `bytes`.
        let start: Int
        let count: Int
        let hash: UInt64
        /// The place of its value, `TextPlace.none` where it has none.
        let place: TextPlace
    }

    /// The fields, by their numbers in the columns.
    private var fields = Vector<Int32>(capacity: 4)
    private let endpointIndex: Int
    /// The group of each record.
    private let groups: UnsafeMutablePointer<Int32>
    /// The records whose groups are known.
    private var known: UInt64 = 0
    let numbering: UnsafeMutablePointer<KeyNumbers>
    /// Where there is one field, the groups of its values.
    private var knownGroups = PlaceMap<Int32>(-1)
    private var newcomers = Vector<Newcomer>(capacity: RecordInputs.rowsMax)
    private var bytes = Vector<UInt8>(capacity: 1_024)
    private var scratch = ByteWriter(capacity: 64)
    private var value = ByteWriter(capacity: 64)

    init(_ fields: [Int], endpointIndex: Int?) {
        for field in fields { self.fields.append(Int32(field)) }
        self.endpointIndex = endpointIndex ?? -1
        groups = .allocate(capacity: RecordInputs.rowsMax)
        numbering = .allocate(capacity: 1)
        numbering.initialize(to: KeyNumbers())
    }

    deinit {
        groups.deallocate()
        numbering.deinitialize(count: 1)
        numbering.deallocate()
    }

    /// Forgets the records, and makes room for further keys.
    mutating func reset() {
        known = 0
        if numbering.pointee.makeRoom() { knownGroups.removeAll() }
    }

    /// The numbers of the groups, by record, for those of `rows` of a block.
    mutating func groups(
        of rows: UInt64, _ block: Int, _ columns: UnsafeMutablePointer<FieldColumnsCore>,
        _ reader: BatchReader, _ templates: inout TemplateCache
    ) -> UnsafePointer<Int32> {
        let unknown = rows & ~known
        known |= rows
        if unknown == 0 { return UnsafePointer(groups) }
        let first = block * RecordInputs.rowsMax
        var rest = unknown
        if fields.count == 1 {
            let field = Int(fields[0])
            let places = columns.pointee.places(field, block, unknown, reader)
            while rest != 0 {
                let row = rest.trailingZeroBitCount
                rest &= rest &- 1
                let place = places[row]
                if let group = knownGroups.value(at: place) {
                    groups[row] = group
                } else {
                    add(row, first + row, columns, reader, &templates, place: place)
                }
            }
        } else {
            while rest != 0 {
                let row = rest.trailingZeroBitCount
                rest &= rest &- 1
                add(row, first + row, columns, reader, &templates, place: .none)
            }
        }
        if newcomers.count > 0 { number() }
        return UnsafePointer(groups)
    }

    /// Takes down the key of a record, to be numbered with others.
    @inline(never)
    private mutating func add(
        _ row: Int, _ record: Int, _ columns: UnsafeMutablePointer<FieldColumnsCore>,
        _ reader: BatchReader, _ templates: inout TemplateCache, place: TextPlace
    ) {
        let key = text(record, columns, reader, &templates)
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
            knownGroups.set(group, at: newcomer.place)
        }
        newcomers.removeAll()
        bytes.removeAll()
    }

    /// The key of a record, valid until the next one.
    mutating func text(
        _ record: Int, _ columns: UnsafeMutablePointer<FieldColumnsCore>, _ reader: BatchReader,
        _ templates: inout TemplateCache
    ) -> ByteView {
        let key: ByteView
        if fields.count == 1 {
            key = text(0, record, columns, reader, &templates)
        } else {
            scratch.removeAll()
            for index in 0..<fields.count {
                scratch.append(lengthPrefixed: text(index, record, columns, reader, &templates))
            }
            key = scratch.view
        }
        return key.count > RecordInputs.keyBytesMax ? key.prefix(RecordInputs.keyBytesMax) : key
    }

    @inline(__always)
    private mutating func text(
        _ index: Int, _ record: Int, _ columns: UnsafeMutablePointer<FieldColumnsCore>,
        _ reader: BatchReader,
        _ templates: inout TemplateCache
    ) -> ByteView {
        let slot = columns.pointee.slot(Int(fields[index]), record, reader)
        let text = reader.text(record, slot, scratch: &value)
        return index == endpointIndex && slot >= 0 ? templates.template(text).view : text
    }
}
