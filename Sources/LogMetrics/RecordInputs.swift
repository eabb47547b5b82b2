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
        @usableFromInline var fields: Vector<Int32>
        @usableFromInline var endpointIndex: Int
        @usableFromInline var stamp: UInt64 = 0
        @usableFromInline var view = ByteView.empty
        @usableFromInline var hash: UInt64 = 0
        @usableFromInline var scratch = ByteWriter(capacity: 64)
        @usableFromInline var text = ByteWriter(capacity: 64)
    }

    @usableFromInline
    struct FilterState: ~Copyable {
        @usableFromInline var filter: RememberedFilter
        /// The number of the filter's one field in `slots`, −1 when it has none.
        @usableFromInline let field: Int32
        @usableFromInline var stamp: UInt64 = 0
        @usableFromInline var matches = false
    }

    @usableFromInline
    struct NumberState: BitwiseCopyable {
        @usableFromInline var slot: Int32
        @usableFromInline var stamp: UInt64
        @usableFromInline var value: Double
    }

    private var fieldNames: [String] = ["status_code", "endpoint"]
    @usableFromInline var slots = FieldSlots(names: [])
    private var filters: [Filter] = []
    @usableFromInline var filterStates: UnsafeMutablePointer<FilterState>
    @usableFromInline var numbers = Vector<NumberState>(capacity: 4)
    private var keyFields: [[String]] = []
    @usableFromInline var keys: UnsafeMutablePointer<GroupKey>
    private var keyCount = 0
    /// All keys name the same endpoint of a record, so that they share one template.
    @usableFromInline var templates = TemplateCache()
    @usableFromInline var stamp: UInt64 = 0
    @usableFromInline var requestStamp: UInt64 = 0
    @usableFromInline var isRequest = false
    @usableFromInline var isError = false
    @usableFromInline var scratch = ByteWriter(capacity: 256)

    private var filterCapacity = 8
    private var keyCapacity = 8

    /// Inputs for whoever asks: name what you need, then `freeze`.
    package init() {
        keys = .allocate(capacity: keyCapacity)
        filterStates = .allocate(capacity: filterCapacity)
    }

    deinit {
        keys.deinitialize(count: keyCount)
        keys.deallocate()
        filterStates.deinitialize(count: filters.count)
        filterStates.deallocate()
    }

    // MARK: What is asked for

    private mutating func field(_ name: String) -> Int32 {
        if let known = fieldNames.firstIndex(of: name) { return Int32(known) }
        fieldNames.append(name)
        return Int32(fieldNames.count - 1)
    }

    /// The number of `filter`, the same for equal filters.
    package mutating func add(filter: Filter) -> Int32 {
        if let known = filters.firstIndex(of: filter) { return Int32(known) }
        let remembered = RememberedFilter(filter)
        if filters.count == filterCapacity {
            filterStates = Self.grown(filterStates, filters.count, to: filterCapacity * 2)
            filterCapacity *= 2
        }
        let number = remembered.field.map { field($0) } ?? -1
        (filterStates + filters.count).initialize(
            to: FilterState(filter: remembered, field: number))
        filters.append(filter)
        return Int32(filters.count - 1)
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
    package mutating func freeze() { slots = FieldSlots(names: fieldNames) }

    // MARK: What records say

    package mutating func prepare(_ batch: RecordBatch) { slots.prepare(batch) }

    /// Begins with the next record.
    @inlinable @inline(__always)
    package mutating func next() { stamp &+= 1 }

    @inlinable @inline(__always)
    package mutating func matches(_ filter: Int32, _ record: Record, _ reader: BatchReader) -> Bool
    {
        let state = filterStates + Int(filter)
        if state.pointee.stamp != stamp {
            state.pointee.stamp = stamp
            let field = state.pointee.field
            let slot = field < 0 ? -1 : slots.slot(record.shape, Int(field))
            state.pointee.matches = state.pointee.filter.matches(record, slot: slot, reader)
        }
        return state.pointee.matches
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
