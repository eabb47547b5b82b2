internal import LogBytes
internal import LogQuery
internal import LogRecords

/// Finds the few of many filters that a record may match, with one look at each field that they ask for.
///
/// A filter is alternatives, its terms, of which one must match; a term is conditions on single fields (`FieldConditions`) and a
/// rest, which is asked only where the conditions hold. Worked example:
///
///     filter 0   service:api status_code:>=500          term 0: conditions of service and of status_code
///     filter 1   service:auth "bad password"            term 1: a condition of service, and a rest
///     filter 2   logger:audit or event:(a or b)         term 2: a condition of logger; term 3: one of event
///
///     service=api, status_code=200      service leaves {0, 2, 3}, status_code {1, 2, 3}, no logger {0, 1, 3}, …: none
///     service=auth, status_code=401     … leaves {1}: filter 1 matches if its rest does
///
/// So a record costs a look at each field, and not one at each filter. Records are looked at some dozens at a time, field by
/// field: the looks do not depend on each other, and a processor overlaps them. One thread uses an index.
struct FilterIndex: ~Copyable {
    /// Records that `find` looks at together.
    static var recordsMax: Int { 32 }
    /// What would be more terms is a rest.
    private static var termsMax: Int { 8 }

    /// The terms of a filter: bits of one word of a set.
    struct Terms: BitwiseCopyable {
        let word: Int
        let mask: UInt64
        /// Whether one of them has a rest.
        let hasRest: Bool
    }

    private var filters: [Filter] = []
    private var terms = Vector<Terms>(capacity: 8)
    /// What is left of each term, nil for nothing. They own what `restMatches` asks.
    private var owners: [RecordFilter?] = []
    private var rests = Vector<Unmanaged<RecordFilter>?>(capacity: 8)
    private var fields: UnsafeMutablePointer<FieldConditions>
    private var fieldSlots = Vector<Int32>(capacity: 4)
    /// The fields in the order in which records are asked.
    private var order = Vector<Int32>(capacity: 4)
    private var capacity = 4
    /// Words of a set of terms.
    private(set) var words = 1
    /// The set of all terms.
    private var all = Vector<UInt64>(capacity: 1)
    /// The terms that each of the records of the last `find` may match, one set behind the other.
    private(set) var candidates: UnsafeMutablePointer<UInt64>

    init() {
        fields = .allocate(capacity: capacity)
        candidates = .allocate(capacity: 1)
        candidates.initialize(to: 0)
        all.append(0)
    }

    deinit {
        fields.deinitialize(count: fieldSlots.count)
        fields.deallocate()
        candidates.deallocate()
    }

    // MARK: Filters

    /// The number of `filter`, the same for equal filters. `slotNumber` gives the number under which the owner looks up where
    /// a field stands.
    mutating func add(_ filter: Filter, slotNumber: (String) -> Int32) -> Int32 {
        if let known = filters.firstIndex(of: filter) { return Int32(known) }
        filters.append(filter)
        let alternatives = Self.alternatives(filter)
        // The terms of a filter stand in one word, so that one look says whether any of them is left.
        while (owners.count & 63) + alternatives.count > 64 { addTerm(nil) }
        let first = owners.count
        for parts in alternatives { add(term: parts, slotNumber) }
        let mask = (UInt64.max >> UInt64(64 - alternatives.count)) << UInt64(first & 63)
        all[first >> 6] |= mask
        terms.append(
            Terms(
                word: first >> 6, mask: mask, hasRest: owners[first...].contains { $0 != nil }))
        return Int32(filters.count - 1)
    }

    /// The filters whose conjunction one of the lists is are, together, `filter`.
    private static func alternatives(_ filter: Filter) -> [[Filter]] {
        if field(of: filter) != nil { return [[filter]] }
        switch filter {
        case .and(let parts):
            var result: [[Filter]] = [[]]
            for part in parts {
                let further = alternatives(part)
                if result.count * further.count <= termsMax {
                    result = result.flatMap { known in further.map { known + $0 } }
                } else {
                    for index in result.indices { result[index].append(part) }
                }
            }
            return result
        case .or(let parts):
            let result = parts.flatMap { alternatives($0) }
            return result.count <= termsMax ? result : [[filter]]
        default: return [[filter]]
        }
    }

    /// The one field that a filter looks at; nil when there are several or none, or one that is not in the line.
    private static func field(of filter: Filter) -> String? {
        let names = filter.fieldNames
        guard names.count == 1, filter.timeRange == .all, let name = names.first,
            !name.hasPrefix("_")
        else { return nil }
        return name
    }

    private mutating func add(term parts: [Filter], _ slotNumber: (String) -> Int32) {
        var rest: [Filter] = []
        for part in parts {
            if let name = Self.field(of: part) {
                // First the place: a new field may move all of them.
                let place = field(name, slotNumber)
                fields[place].add(part, for: owners.count)
            } else {
                rest.append(part)
            }
        }
        let whole = Filter.matching(all: rest)
        addTerm(whole == .all ? nil : RecordFilter(whole))
    }

    private mutating func addTerm(_ rest: RecordFilter?) {
        if owners.count >> 6 == all.count { all.append(0) }
        owners.append(rest)
        rests.append(rest.map { Unmanaged.passUnretained($0) })
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
        words = all.count
        candidates.deallocate()
        candidates = .allocate(capacity: words * Self.recordsMax)
        candidates.initialize(repeating: 0, count: words * Self.recordsMax)
        for index in 0..<fieldSlots.count { fields[index].freeze(words: words) }
        // The field that most terms ask leaves the fewest of them to the others.
        order.removeAll()
        let busiest = (0..<fieldSlots.count).sorted {
            (fields[$0].askerCount, $1) > (fields[$1].askerCount, $0)
        }
        for index in busiest { order.append(Int32(index)) }
    }

    /// The terms of filter `number`.
    func terms(of number: Int32) -> Terms { terms[Int(number)] }

    // MARK: Records

    /// Finds the terms that the records of `range`, at most `recordsMax`, may match.
    mutating func find(_ range: Range<Int>, _ slots: borrowing FieldSlots, _ reader: BatchReader) {
        let words = words
        var set = candidates
        for _ in range {
            for word in 0..<words { set[word] = all[word] }
            set += words
        }
        for next in 0..<order.count {
            let index = Int(order[next])
            let number = Int(fieldSlots[index])
            set = candidates
            for row in range {
                var left: UInt64 = 0
                for word in 0..<words { left |= set[word] }
                if left != 0 {
                    let record = reader[row]
                    let slot = slots.slot(record.shape, number)
                    fields[index].narrow(set, record, slot: slot, reader)
                }
                set += words
            }
        }
    }

    /// Whether one of the terms `open`, in word `word` of a set, has no rest or one that matches.
    func restMatches(
        _ open: UInt64, word: Int, _ record: Record, _ reader: BatchReader
    ) -> Bool {
        var left = open
        while left != 0 {
            let term = word << 6 + left.trailingZeroBitCount
            left &= left &- 1
            guard let rest = rests[term] else { return true }
            let matches = reader.owner._withUnsafeGuaranteedRef { batch in
                rest._withUnsafeGuaranteedRef { $0.matches(record, in: batch) }
            }
            if matches { return true }
        }
        return false
    }
}
