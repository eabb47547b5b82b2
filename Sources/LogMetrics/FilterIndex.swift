internal import LogBytes
internal import LogQuery
internal import LogRecords

/// Finds the few of many filters that a record may match, with one look at each field that they ask for.
///
/// A filter is cut at its outermost ANDs. What looks at one field alone is a condition of that field (`FieldConditions`); all
/// else is the filter's rest, which is asked only where the conditions hold. Worked example:
///
///     filter 0   service:api status_code:>=500        conditions of service and of status_code, no rest
///     filter 1   service:auth "bad password"          a condition of service, and a rest
///
///     service=api, status_code=200      service leaves {0}, status_code leaves {1}: none
///     service=auth, status_code=401     service leaves {1}, status_code leaves {1}: 1, if its rest matches
///
/// So a record costs a look at each field, and not one at each filter. Records are looked at some dozens at a time, field by
/// field: the looks do not depend on each other, and a processor overlaps them. One thread uses an index.
struct FilterIndex: ~Copyable {
    /// Records that `find` looks at together.
    static var recordsMax: Int { 32 }

    private var filters: [Filter] = []
    /// What is left of each filter, nil for nothing.
    private var rests: [RecordFilter?] = []
    private var fields: UnsafeMutablePointer<FieldConditions>
    private var fieldSlots: [Int32] = []
    private var capacity = 4
    /// Words of a set of filters.
    private(set) var words = 1
    /// The set of all filters.
    private var all = Vector<UInt64>(capacity: 1)
    /// The filters that each of the records of the last `find` may match, one set behind the other.
    private(set) var candidates: UnsafeMutablePointer<UInt64>

    init() {
        fields = .allocate(capacity: capacity)
        candidates = .allocate(capacity: 1)
        candidates.initialize(to: 0)
    }

    deinit {
        fields.deinitialize(count: fieldSlots.count)
        fields.deallocate()
        candidates.deallocate()
    }

    var count: Int { filters.count }

    /// The number of `filter`, the same for equal filters. `slotNumber` gives the number under which the owner looks up where
    /// a field stands.
    mutating func add(_ filter: Filter, slotNumber: (String) -> Int32) -> Int32 {
        if let known = filters.firstIndex(of: filter) { return Int32(known) }
        let number = filters.count
        filters.append(filter)
        var parts = [filter]
        if case .and(let inner) = filter { parts = inner }
        var rest: [Filter] = []
        for part in parts {
            if let name = Self.field(of: part) {
                // First the place: a new field may move all of them.
                let place = field(name, slotNumber)
                fields[place].add(part, for: number)
            } else {
                rest.append(part)
            }
        }
        let whole = Filter.matching(all: rest)
        rests.append(whole == .all ? nil : RecordFilter(whole))
        return Int32(number)
    }

    /// The one field that a filter looks at; nil when there are several or none, or one that is not in the line.
    private static func field(of filter: Filter) -> String? {
        let names = filter.fieldNames
        guard names.count == 1, filter.timeRange == .all, let name = names.first,
            !name.hasPrefix("_")
        else { return nil }
        return name
    }

    private mutating func field(_ name: String, _ slotNumber: (String) -> Int32) -> Int {
        let count = fieldSlots.count
        if let known = (0..<count).first(where: { fields[$0].name == name }) { return known }
        if count == capacity {
            capacity *= 2
            let fresh = UnsafeMutablePointer<FieldConditions>.allocate(capacity: capacity)
            fresh.moveInitialize(from: fields, count: count)
            fields.deallocate()
            fields = fresh
        }
        (fields + count).initialize(to: FieldConditions(name: name))
        fieldSlots.append(slotNumber(name))
        return count
    }

    /// Call when all filters are known.
    mutating func freeze() {
        words = max((filters.count + 63) / 64, 1)
        all.removeAll()
        for _ in 0..<words { all.append(0) }
        for number in filters.indices { all[number >> 6] |= 1 << UInt64(number & 63) }
        candidates.deallocate()
        candidates = .allocate(capacity: words * Self.recordsMax)
        candidates.initialize(repeating: 0, count: words * Self.recordsMax)
        for index in fieldSlots.indices { fields[index].freeze(words: words) }
    }

    /// Finds the filters that the records of `range`, at most `recordsMax`, may match.
    mutating func find(_ range: Range<Int>, _ slots: borrowing FieldSlots, _ reader: BatchReader) {
        let words = words
        for index in 0..<range.count * words { candidates[index] = all[index % words] }
        for index in 0..<fieldSlots.count {
            let number = Int(fieldSlots[index])
            var set = candidates
            for row in range {
                let record = reader[row]
                let slot = slots.slot(record.shape, number)
                fields[index].narrow(set, record, slot: slot, reader)
                set += words
            }
        }
    }

    /// Whether something is left of `filter` behind its conditions.
    func hasRest(_ filter: Int32) -> Bool { rests[Int(filter)] != nil }

    /// Whether the rest of `filter` matches.
    func restMatches(_ filter: Int32, _ record: Record, _ reader: BatchReader) -> Bool {
        guard let rest = rests[Int(filter)] else { return true }
        return reader.owner._withUnsafeGuaranteedRef { rest.matches(record, in: $0) }
    }
}
