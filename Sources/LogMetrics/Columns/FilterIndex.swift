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
/// So a record costs a look at each field that it has, and not one at each filter; what is left where fields are missing is
/// known of its shape. Some dozens of records are looked at together, and the answer is turned round: for each term the
/// records that it may match, one bit a record. One thread uses an index.
struct FilterIndex: ~Copyable {
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
    private var fieldCount = 0
    /// The fields in the order in which records are asked.
    private var order = Vector<Int32>(capacity: 4)
    private var capacity = 4
    /// Words of a set of terms.
    private(set) var words = 1
    /// The set of all terms.
    private var all = Vector<UInt64>(capacity: 1)
    /// For each term the records of the last `find` that it may match. Terms that are not in `open` are not kept up.
    private var rows = Vector<UInt64>(capacity: 64)
    /// The terms that some of those records may match.
    private var open = Vector<UInt64>(capacity: 1)
    /// For each of the records that are looked at the terms that it may match.
    private var candidates = Vector<UInt64>(capacity: 64)

    /// The fields that the lines of a shape have: where they stand in `present`, by their numbers.
    private struct Shape: BitwiseCopyable {
        /// −1 while nothing is known.
        var start: Int32 = -1
        var end: Int32 = -1
    }

    private var shapes = Vector<Shape>(capacity: 16)
    private var present = Vector<Int32>(capacity: 64)
    /// For each shape the terms that its missing fields leave.
    private var shapeSets = Vector<UInt64>(capacity: 16)
    /// For each field the records that have it, as far as their shapes leave anything.
    private var having = Vector<UInt64>(capacity: 4)
    private var tableAge = -1

    init() {
        fields = .allocate(capacity: capacity)
        all.append(0)
    }

    deinit {
        fields.deinitialize(count: fieldCount)
        fields.deallocate()
    }

    // MARK: Filters

    /// The number of `filter`, the same for equal filters. Its fields are added to `columns`.
    mutating func add(
        _ filter: Filter, _ columns: UnsafeMutablePointer<FieldColumnsCore>
    ) -> Int32 {
        if let known = filters.firstIndex(of: filter) { return Int32(known) }
        filters.append(filter)
        let alternatives = Self.alternatives(filter)
        // The terms of a filter stand in one word, so that one look says whether any of them is left.
        while (owners.count & 63) + alternatives.count > 64 { addTerm(nil) }
        let first = owners.count
        for parts in alternatives { add(term: parts, columns) }
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

    private mutating func add(
        term parts: [Filter], _ columns: UnsafeMutablePointer<FieldColumnsCore>
    ) {
        var rest: [Filter] = []
        for part in parts {
            if let name = Self.field(of: part) {
                // First the place: a new field may move all of them.
                let place = field(name, columns)
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

    private mutating func field(
        _ name: String, _ columns: UnsafeMutablePointer<FieldColumnsCore>
    ) -> Int {
        let count = fieldCount
        if let known = (0..<count).first(where: { fields[$0].name == name }) { return known }
        if count == capacity {
            capacity *= 2
            let fresh = UnsafeMutablePointer<FieldConditions>.allocate(capacity: capacity)
            fresh.moveInitialize(from: fields, count: count)
            fields.deallocate()
            fields = fresh
        }
        (fields + count).initialize(
            to: FieldConditions(name: name, field: columns.pointee.field(name)))
        fieldCount += 1
        return count
    }

    /// Call when all filters are known.
    mutating func freeze() {
        words = all.count
        rows.removeAll()
        for _ in 0..<words * 64 { rows.append(0) }
        open.removeAll()
        candidates.removeAll()
        for _ in 0..<words { open.append(0) }
        for _ in 0..<words * FieldColumnsCore.blockRows { candidates.append(0) }
        for index in 0..<fieldCount { fields[index].freeze(words: words) }
        // The field that most terms ask leaves the fewest of them to the others.
        order.removeAll()
        let busiest = (0..<fieldCount).sorted {
            (fields[$0].askerCount, $1) > (fields[$1].askerCount, $0)
        }
        for index in busiest { order.append(Int32(index)) }
        having.removeAll()
        for _ in 0..<fieldCount { having.append(0) }
        tableAge = -1
    }

    /// The terms of filter `number`.
    func terms(of number: Int32) -> Terms { terms[Int(number)] }

    // MARK: Records

    /// Makes ready for the records of a batch, for which `slots` was prepared.
    mutating func prepare(_ slots: borrowing FieldSlots) {
        if slots.tableAge != tableAge {
            tableAge = slots.tableAge
            shapes.removeAll()
            shapeSets.removeAll()
            present.removeAll()
        }
        while shapes.count < slots.shapeCount {
            shapes.append(Shape())
            for _ in 0..<words { shapeSets.append(0) }
        }
    }

    /// Finds the terms that the records of a block may match.
    mutating func find(
        _ block: Int, _ columns: UnsafeMutablePointer<FieldColumnsCore>, _ reader: BatchReader
    ) {
        let (count, whole) = columns.pointee.rows(block)
        if fieldCount == 0 { return takeAll(whole) }
        for word in 0..<words {
            var left = open[word]
            while left != 0 {
                rows[word << 6 + left.trailingZeroBitCount] = 0
                left &= left &- 1
            }
            open[word] = 0
        }
        let first = block * FieldColumnsCore.blockRows
        var open = begin(first, count, reader)
        for next in 0..<order.count {
            let index = Int(order[next])
            let asked = having[index] & open
            if asked == 0 { continue }
            open &= ~asked | fields[index].narrow(candidates.base, asked, block, columns, reader)
        }
        turn(open)
    }

    /// Makes the candidates of each record what its shape leaves; the records that have some.
    @inline(__always)
    private mutating func begin(_ first: Int, _ count: Int, _ reader: BatchReader) -> UInt64 {
        for index in 0..<fieldCount { having[index] = 0 }
        var result: UInt64 = 0
        var bit: UInt64 = 1
        for row in 0..<count {
            let number = reader[first + row].shape
            let left = candidates.base + row * words
            if number < RecordBatch.looseShape {
                if shapes[Int(number)].start < 0 { learn(first + row, reader) }
                let set = shapeSets.base + Int(number) * words
                var any = set[0]
                left[0] = any
                if words > 1 {
                    for word in 1..<words {
                        left[word] = set[word]
                        any |= set[word]
                    }
                }
                if any != 0 {
                    result |= bit
                    let shape = shapes[Int(number)]
                    for place in Int(shape.start)..<Int(shape.end) {
                        having[Int(present[place])] |= bit
                    }
                }
            } else {
                for word in 0..<words { left[word] = all[word] }
                result |= bit
                for index in 0..<fieldCount { having[index] |= bit }
            }
            bit <<= 1
        }
        return result
    }

    /// Turns the candidates of `records` round: for each term its records.
    @inline(__always)
    private mutating func turn(_ records: UInt64) {
        var rest = records
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            let bit = rest & (~rest &+ 1)
            rest &= rest &- 1
            for word in 0..<words {
                var left = candidates[row * words + word]
                open[word] |= left
                while left != 0 {
                    rows[word << 6 + left.trailingZeroBitCount] |= bit
                    left &= left &- 1
                }
            }
        }
    }

    /// Without fields all terms may match all records.
    private func takeAll(_ records: UInt64) {
        for word in 0..<words {
            open[word] = all[word]
            for term in 0..<64 where all[word] >> UInt64(term) & 1 != 0 {
                rows[word << 6 + term] = records
            }
        }
    }

    /// Finds out which fields lines of a record's shape have, and what is left where others are missing.
    @inline(never)
    private mutating func learn(_ row: Int, _ reader: BatchReader) {
        let number = Int(reader[row].shape)
        let set = shapeSets.base + number * words
        for word in 0..<words { set[word] = all[word] }
        let shape = reader.batch.table.shapes[number]
        let start = present.count
        for index in 0..<fieldCount {
            if shape.slot(named: fields[index].name) != nil {
                present.append(Int32(index))
            } else {
                fields[index].narrowWithout(set, row, reader)
            }
        }
        shapes[number] = Shape(start: Int32(start), end: Int32(present.count))
    }

    /// The terms that some of the records may match.
    var openTerms: UnsafePointer<UInt64> { UnsafePointer(open.base) }

    /// The records that one of the terms `mask` of word `word` may match.
    @inline(__always)
    func rows(word: Int, mask: UInt64) -> UInt64 {
        var left = open[word] & mask
        var result: UInt64 = 0
        while left != 0 {
            result |= rows[word << 6 + left.trailingZeroBitCount]
            left &= left &- 1
        }
        return result
    }

    /// Whether one of the terms `mask` of word `word` that record `index` of the batch, number `row` of those, may match has no rest or one that matches.
    func restMatches(
        _ row: Int, word: Int, mask: UInt64, _ index: Int, _ reader: BatchReader
    ) -> Bool {
        var left = open[word] & mask
        while left != 0 {
            let term = word << 6 + left.trailingZeroBitCount
            left &= left &- 1
            guard rows[term] >> UInt64(row) & 1 != 0 else { continue }
            guard let rest = rests[term] else { return true }
            let matches = reader.owner._withUnsafeGuaranteedRef { batch in
                rest._withUnsafeGuaranteedRef { $0.matches(reader[index], in: batch) }
            }
            if matches { return true }
        }
        return false
    }
}
