public import LogBytes
package import LogQuery
public import LogRecords

/// What rules and configured metrics ask about one record, each thing found out at most once a record: does a filter match,
/// is it a failed request, which number is in a field, which group is it in.
///
/// Stages of layers above run it in their loops over records, hence all that is inlinable. One thread uses it.
@usableFromInline
package struct RecordInputs: ~Copyable {
    /// Longer keys are cut: groups that differ only behind so many bytes are one.
    @usableFromInline package static var keyBytesMax: Int { 1_024 }

    /// The values of a `by` list in one record.
    @usableFromInline
    struct GroupKey: ~Copyable {
        /// The fields, by their numbers in `slots`.
        var fields: Vector<Int32>
        var endpointIndex: Int
        @usableFromInline var stamp: UInt64 = 0
        @usableFromInline var view = ByteView.empty
        @usableFromInline var hash: UInt64 = 0
        var scratch = ByteWriter(capacity: 64)
        var text = ByteWriter(capacity: 64)
    }

    /// A filter, by its terms in the index, and what their rests say of a record.
    @usableFromInline
    struct FilterState: BitwiseCopyable {
        /// The word of a set of terms, and the bits in it.
        @usableFromInline let word: Int
        @usableFromInline let mask: UInt64
        /// Whether terms have rests, which have to be asked.
        @usableFromInline let isOpen: Bool
        @usableFromInline var matches = false
        @usableFromInline var stamp: UInt64 = 0
    }

    @usableFromInline
    struct NumberState: BitwiseCopyable {
        @usableFromInline var slot: Int32
        @usableFromInline var stamp: UInt64
        @usableFromInline var value: Double
    }

    private var fieldNames: [String] = ["status_code", "endpoint", "event"]
    @usableFromInline private(set) var slots = FieldSlots(names: [])
    /// Behind an address, and not inside: what is inlined into other modules holds nothing that has to be destroyed.
    private let index: UnsafeMutablePointer<FilterIndex>
    @usableFromInline var filters = Vector<FilterState>(capacity: 8)
    /// The terms of filters that the records of `found` may match, `termWords` words each.
    @usableFromInline private(set) var candidates: UnsafePointer<UInt64>
    /// Words of a set of terms.
    @usableFromInline package private(set) var termWords = 1
    @usableFromInline private(set) var found = 0..<0
    /// The stamp of the record before the first one of the batch.
    @usableFromInline private(set) var batchStamp: UInt64 = 0
    @usableFromInline var numbers = Vector<NumberState>(capacity: 4)
    private var keyFields: [[String]] = []
    @usableFromInline var keys: UnsafeMutablePointer<GroupKey>
    /// How many group keys there are.
    package private(set) var keyCount = 0
    /// All keys name the same endpoint of a record, so that they share one template.
    private var templates = TemplateCache()
    /// Tells records apart.
    @usableFromInline package internal(set) var stamp: UInt64 = 0
    @usableFromInline var requestStamp: UInt64 = 0
    @usableFromInline var isRequest = false
    @usableFromInline var isError = false
    @usableFromInline var scratch = ByteWriter(capacity: 256)

    private var keyCapacity = 8

    /// Inputs for whoever asks: name what you need, then `freeze`.
    package init() {
        keys = .allocate(capacity: keyCapacity)
        index = .allocate(capacity: 1)
        index.initialize(to: FilterIndex())
        candidates = UnsafePointer(index.pointee.candidates)
    }

    deinit {
        keys.deinitialize(count: keyCount)
        keys.deallocate()
        index.deinitialize(count: 1)
        index.deallocate()
    }

    // MARK: What is asked for

    private mutating func field(_ name: String) -> Int32 {
        if let known = fieldNames.firstIndex(of: name) { return Int32(known) }
        fieldNames.append(name)
        return Int32(fieldNames.count - 1)
    }

    /// The number of `filter`, the same for equal filters.
    package mutating func add(filter: Filter) -> Int32 {
        let index = index
        let number = index.pointee.add(filter) { field($0) }
        if Int(number) == filters.count {
            let terms = index.pointee.terms(of: number)
            filters.append(
                FilterState(word: terms.word, mask: terms.mask, isOpen: terms.hasRest))
        }
        return number
    }

    /// The number under which the number in field `name` is asked for.
    package mutating func add(number name: String) -> Int32 {
        let slot = field(name)
        if let known = numbers.buffer.firstIndex(where: { $0.slot == slot }) {
            return Int32(known)
        }
        numbers.append(NumberState(slot: slot, stamp: 0, value: .nan))
        return Int32(numbers.count - 1)
    }

    /// The number under which the group of a record by `names` is asked for.
    package mutating func add(groupBy names: [String]) -> Int32 {
        if let known = keyFields.firstIndex(of: names) { return Int32(known) }
        var fields = Vector<Int32>(capacity: max(names.count, 1))
        for name in names { fields.append(field(name)) }
        if keyCount == keyCapacity {
            keys = Self.grown(keys, keyCount, to: keyCapacity * 2)
            keyCapacity *= 2
        }
        (keys + keyCount).initialize(
            to: GroupKey(
                fields: fields, endpointIndex: names.firstIndex(of: "endpoint") ?? -1))
        keyCount += 1
        keyFields.append(names)
        return Int32(keyCount - 1)
    }

    private static func grown<Element: ~Copyable>(
        _ old: UnsafeMutablePointer<Element>, _ count: Int, to capacity: Int
    ) -> UnsafeMutablePointer<Element> {
        let fresh = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        fresh.moveInitialize(from: old, count: count)
        old.deallocate()
        return fresh
    }

    /// Call when everybody has named what they need.
    package mutating func freeze() {
        slots = FieldSlots(names: fieldNames)
        index.pointee.freeze()
        candidates = UnsafePointer(index.pointee.candidates)
        termWords = index.pointee.words
    }

    // MARK: What records say

    /// Makes ready for the records of `batch`, whose lines have all been appended.
    package mutating func prepare(_ batch: RecordBatch) {
        slots.prepare(batch)
        batchStamp = stamp
        found = 0..<0
    }

    /// Begins with the next record of the batch: to be called once for each, in their order.
    @inlinable @inline(__always)
    package mutating func next() { stamp &+= 1 }

    @inlinable @inline(__always)
    package mutating func matches(_ filter: Int32, _ record: Record, _ reader: BatchReader) -> Bool
    {
        let state = filters.base + Int(filter)
        let open = terms(reader)[state.pointee.word] & state.pointee.mask
        if open == 0 { return false }
        if !state.pointee.isOpen { return true }
        if state.pointee.stamp != stamp { askRests(state, open, record, reader) }
        return state.pointee.matches
    }

    /// The terms of filters that the present record may match: a set of bits, in words of 64.
    @inlinable @inline(__always)
    package mutating func terms(_ reader: BatchReader) -> UnsafePointer<UInt64> {
        let row = Int(truncatingIfNeeded: stamp &- batchStamp) &- 1
        if row >= found.upperBound { findCandidates(from: row, reader) }
        return candidates + (row &- found.lowerBound) &* termWords
    }

    /// The terms of `filter`: the bits of one word of a set.
    package func terms(of filter: Int32) -> (word: Int, mask: UInt64) {
        (filters[Int(filter)].word, filters[Int(filter)].mask)
    }

    @usableFromInline @inline(never)
    mutating func findCandidates(from row: Int, _ reader: BatchReader) {
        found = row..<min(row + FilterIndex.recordsMax, reader.count)
        index.pointee.find(found, slots, reader)
    }

    @usableFromInline @inline(never)
    func askRests(
        _ state: UnsafeMutablePointer<FilterState>, _ open: UInt64, _ record: Record,
        _ reader: BatchReader
    ) {
        state.pointee.stamp = stamp
        state.pointee.matches = index.pointee.restMatches(
            open, word: state.pointee.word, record, reader)
    }

    /// Whether the record is a request, and a failed one.
    @inlinable @inline(__always)
    package mutating func request(_ record: Record, _ reader: BatchReader) -> (
        is: Bool, failed: Bool
    ) {
        if requestStamp != stamp {
            requestStamp = stamp
            let status = reader.status(record, slots.slot(record.shape, 0))
            isRequest = RequestRule.isRequest(
                status: status,
                hasEndpoint: reader.isPresent(record, slots.slot(record.shape, 1)))
            if isRequest {
                let event = slots.slot(record.shape, 2)
                isRequest = !RequestRule.isMetricLine(record, eventSlot: event, reader)
            }
            isError = RequestRule.isError(status: status, level: record.level)
        }
        return (isRequest, isError)
    }

    @inlinable @inline(__always)
    package mutating func number(_ index: Int32, _ record: Record, _ reader: BatchReader) -> Double
    {
        let state = numbers.base + Int(index)
        if state.pointee.stamp != stamp {
            state.pointee.stamp = stamp
            let slot = slots.slot(record.shape, Int(state.pointee.slot))
            state.pointee.value = reader.number(record, slot, scratch: &scratch)
        }
        return state.pointee.value
    }

    /// The group of a record: for one field its text, for several each text behind its length. The endpoint is templated.
    /// Valid until the next record.
    @inlinable @inline(__always)
    package mutating func key(
        _ index: Int32, _ record: Record, _ reader: BatchReader
    ) -> (view: ByteView, hash: UInt64) {
        let key = keys + Int(index)
        if key.pointee.stamp != stamp { makeKey(key, record, reader) }
        return (key.pointee.view, key.pointee.hash)
    }

    @usableFromInline
    mutating func makeKey(
        _ key: UnsafeMutablePointer<GroupKey>, _ record: Record, _ reader: BatchReader
    ) {
        key.pointee.stamp = stamp
        let count = key.pointee.fields.count
        if count == 1 {
            let slot = slots.slot(record.shape, Int(key.pointee.fields[0]))
            let text = reader.text(record, slot, scratch: &key.pointee.text)
            if key.pointee.endpointIndex == 0, slot >= 0 {
                let template = templates.template(text)
                key.pointee.view = template.view
                key.pointee.hash = template.hash
                return
            }
            key.pointee.view = text
        } else {
            key.pointee.scratch.removeAll()
            for number in 0..<count {
                let slot = slots.slot(record.shape, Int(key.pointee.fields[number]))
                var text = reader.text(record, slot, scratch: &key.pointee.text)
                if key.pointee.endpointIndex == number, slot >= 0 {
                    text = templates.template(text).view
                }
                key.pointee.scratch.append(lengthPrefixed: text)
            }
            key.pointee.view = key.pointee.scratch.view
        }
        if key.pointee.view.count > Self.keyBytesMax {
            key.pointee.view = key.pointee.view.prefix(Self.keyBytesMax)
        }
        key.pointee.hash = key.pointee.view.memoryHash
    }
}
