internal import LogBytes
internal import LogMetrics
internal import LogQuery
internal import LogRecords

/// What all rules ask about one record, each thing found out at most once a record: does a filter match, is it a failed
/// request, which number is in a field, which group is it in.
struct RecordInputs: ~Copyable {
    /// The values of a `by` list in one record.
    struct GroupKey: ~Copyable {
        /// The fields, by their numbers in `slots`.
        var fields: Vector<Int32>
        var endpointIndex: Int
        var stamp: UInt64 = 0
        var view = ByteView.empty
        var hash: UInt64 = 0
        var scratch = ByteWriter(capacity: 64)
        var text = ByteWriter(capacity: 64)
        var templates: TemplateCache
    }

    struct FilterState: ~Copyable {
        var filter: RememberedFilter
        /// The number of the filter's one field in `slots`, −1 when it has none.
        let field: Int32
        var stamp: UInt64 = 0
        var matches = false
    }

    struct NumberState: BitwiseCopyable {
        var slot: Int32
        var stamp: UInt64
        var value: Double
    }

    private(set) var fieldNames: [String] = ["status_code", "endpoint"]
    private var slots = FieldSlots(names: [])
    private var filters: [Filter] = []
    private var filterStates: UnsafeMutablePointer<FilterState>
    private var numbers = Vector<NumberState>(capacity: 4)
    private var keyFields: [[String]] = []
    private var keys: UnsafeMutablePointer<GroupKey>
    private var keyCount = 0
    private var stamp: UInt64 = 0
    private var requestStamp: UInt64 = 0
    private var isRequest = false
    private var isError = false
    private var scratch = ByteWriter(capacity: 256)

    /// Inputs for at most `ruleCount` rules.
    init(ruleCount: Int) {
        keys = .allocate(capacity: max(ruleCount, 1))
        filterStates = .allocate(capacity: max(ruleCount, 1))
    }

    deinit {
        keys.deinitialize(count: keyCount)
        keys.deallocate()
        filterStates.deinitialize(count: filters.count)
        filterStates.deallocate()
    }

    // MARK: What rules need

    private mutating func field(_ name: String) -> Int32 {
        if let known = fieldNames.firstIndex(of: name) { return Int32(known) }
        fieldNames.append(name)
        return Int32(fieldNames.count - 1)
    }

    /// The number of `filter`, the same for equal filters.
    mutating func add(filter: Filter) -> Int32 {
        if let known = filters.firstIndex(of: filter) { return Int32(known) }
        let remembered = RememberedFilter(filter)
        let number = remembered.field.map { field($0) } ?? -1
        (filterStates + filters.count).initialize(
            to: FilterState(filter: remembered, field: number))
        filters.append(filter)
        return Int32(filters.count - 1)
    }

    mutating func add(number name: String) -> Int32 {
        let slot = field(name)
        if let known = numbers.buffer.firstIndex(where: { $0.slot == slot }) {
            return Int32(known)
        }
        numbers.append(NumberState(slot: slot, stamp: 0, value: .nan))
        return Int32(numbers.count - 1)
    }

    mutating func add(groupBy names: [String]) -> Int32 {
        if let known = keyFields.firstIndex(of: names) { return Int32(known) }
        var fields = Vector<Int32>(capacity: max(names.count, 1))
        for name in names { fields.append(field(name)) }
        (keys + keyCount).initialize(
            to: GroupKey(
                fields: fields, endpointIndex: names.firstIndex(of: "endpoint") ?? -1,
                templates: TemplateCache()))
        keyCount += 1
        keyFields.append(names)
        return Int32(keyCount - 1)
    }

    /// Call when all rules have named what they need.
    mutating func freeze() { slots = FieldSlots(names: fieldNames) }

    // MARK: What records say

    mutating func prepare(_ batch: RecordBatch) { slots.prepare(batch) }

    /// Begins with the next record.
    @inline(__always)
    mutating func next() { stamp &+= 1 }

    @inline(__always)
    mutating func matches(_ filter: Int32, _ record: Record, _ reader: BatchReader) -> Bool {
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
    @inline(__always)
    mutating func request(_ record: Record, _ reader: BatchReader) -> (is: Bool, failed: Bool) {
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

    @inline(__always)
    mutating func number(_ index: Int32, _ record: Record, _ reader: BatchReader) -> Double {
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
    @inline(__always)
    mutating func key(
        _ index: Int32, _ record: Record, _ reader: BatchReader
    ) -> (view: ByteView, hash: UInt64) {
        let key = keys + Int(index)
        if key.pointee.stamp != stamp { makeKey(key, record, reader) }
        return (key.pointee.view, key.pointee.hash)
    }

    private func makeKey(
        _ key: UnsafeMutablePointer<GroupKey>, _ record: Record, _ reader: BatchReader
    ) {
        key.pointee.stamp = stamp
        let count = key.pointee.fields.count
        if count == 1 {
            let slot = slots.slot(record.shape, Int(key.pointee.fields[0]))
            let text = reader.text(record, slot, scratch: &key.pointee.text)
            if key.pointee.endpointIndex == 0, slot >= 0 {
                let template = key.pointee.templates.template(text)
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
                    text = key.pointee.templates.template(text).view
                }
                key.pointee.scratch.append(lengthPrefixed: text)
            }
            key.pointee.view = key.pointee.scratch.view
        }
        if key.pointee.view.count > GroupTable.keyBytesMax {
            key.pointee.view = key.pointee.view.prefix(GroupTable.keyBytesMax)
        }
        key.pointee.hash = key.pointee.view.memoryHash
    }
}
