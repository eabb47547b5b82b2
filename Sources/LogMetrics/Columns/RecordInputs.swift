package import LogBytes
package import LogQuery
package import LogRecords

/// What rules, classes and configured metrics ask about records, each thing found out at most once a record: does a filter match,
/// is it a failed request, which number is in a field, which group is it in.
///
/// Some dozens of records are looked at together (`load`), column by column: a set of them is a word, one bit a record, counted
/// from the first one that was loaded. One thread uses it.
package struct RecordInputs: ~Copyable {
    /// Records that are looked at together.
    package static var rowsMax: Int { FieldColumnsCore.blockRows }
    /// Longer keys are cut: groups that differ only behind so many bytes are one.
    static var keyBytesMax: Int { 1_024 }

    /// A filter, by its terms in the index, and what is known of the loaded records.
    private struct FilterState: BitwiseCopyable {
        /// The word of a set of terms, and the bits in it.
        let word: Int
        let mask: UInt64
        /// Whether terms have rests, which have to be asked.
        let hasRest: Bool
        /// The records whose rests were asked, and those of them that match.
        var asked: UInt64 = 0
        var matching: UInt64 = 0
    }

    /// Where values are looked up.
    private let columns: FieldColumns
    private let fields: UnsafeMutablePointer<FieldColumnsCore>
    private var index = FilterIndex()
    private var filters = Vector<FilterState>(capacity: 8)
    private var keyFields: [[String]] = []
    private var keys: UnsafeMutablePointer<KeyColumn>
    private var keyCapacity = 8
    /// All keys name the same endpoint of a record, so that they share one template.
    private var templates = TemplateCache()
    /// The block of the batch that is loaded, its first record, and all of them as a set.
    private var block = 0
    private var first: Int { block * Self.rowsMax }
    package private(set) var all: UInt64 = 0

    /// Inputs for whoever asks: name what you need, then `freeze`. Values are looked up in `columns`, for all who share them.
    package init(columns: FieldColumns = FieldColumns()) {
        self.columns = columns
        fields = columns.core
        keys = .allocate(capacity: keyCapacity)
    }

    deinit {
        keys.deinitialize(count: keyFields.count)
        keys.deallocate()
    }

    // MARK: What is asked for

    /// The number of `filter`, the same for equal filters.
    package mutating func add(filter: Filter) -> Int32 {
        let number = index.add(filter, fields)
        if Int(number) == filters.count {
            let terms = index.terms(of: number)
            filters.append(
                FilterState(word: terms.word, mask: terms.mask, hasRest: terms.hasRest))
        }
        return number
    }

    /// The number under which the number in field `name` is asked for.
    package mutating func add(number name: String) -> Int32 { Int32(fields.pointee.field(name)) }

    /// The number under which the group of a record by `names` is asked for.
    package mutating func add(groupBy names: [String]) -> Int32 {
        if let known = keyFields.firstIndex(of: names) { return Int32(known) }
        if keyFields.count == keyCapacity {
            let fresh = UnsafeMutablePointer<KeyColumn>.allocate(capacity: keyCapacity * 2)
            fresh.moveInitialize(from: keys, count: keyCapacity)
            keys.deallocate()
            keys = fresh
            keyCapacity *= 2
        }
        (keys + keyFields.count).initialize(
            to: KeyColumn(
                names.map { fields.pointee.field($0) },
                endpointIndex: names.firstIndex(of: "endpoint")))
        keyFields.append(names)
        return Int32(keyFields.count - 1)
    }

    /// Call when everybody has named what they need.
    package mutating func freeze() { index.freeze() }

    // MARK: What records say

    /// Makes ready for the records of `batch`, whose lines have all been appended.
    package mutating func prepare(_ batch: RecordBatch) {
        fields.pointee.prepare(batch)
        index.prepare(fields.pointee.slots)
    }

    /// Looks at the records from `first` on, a multiple of `rowsMax`; how many they are, at most `rowsMax`. What was said of others is
    /// void.
    package mutating func load(from first: Int, _ reader: BatchReader) -> Int {
        block = first / Self.rowsMax
        let count: Int
        (count, all) = fields.pointee.rows(block)
        fields.pointee.prefetch(behind: block, reader)
        index.find(block, fields, reader)
        for number in 0..<filters.count { (filters.base + number).pointee.asked = 0 }
        for number in 0..<keyFields.count { keys[number].reset() }
        return count
    }

    /// The terms of filters that some of the loaded records may match: a set of bits, in words of 64.
    package var openTerms: UnsafePointer<UInt64> { index.openTerms }

    /// Words of a set of terms.
    package var termWords: Int { index.words }

    /// The terms of `filter`: the bits of one word of a set.
    package func terms(of filter: Int32) -> (word: Int, mask: UInt64) {
        (filters[Int(filter)].word, filters[Int(filter)].mask)
    }

    /// The records of `rows` that `filter` matches.
    package mutating func matching(
        _ filter: Int32, among rows: UInt64, _ reader: BatchReader
    ) -> UInt64 {
        let state = filters.base + Int(filter)
        let open = index.rows(word: state.pointee.word, mask: state.pointee.mask) & rows
        if open == 0 || !state.pointee.hasRest { return open }
        var rest = open & ~state.pointee.asked
        state.pointee.asked |= rest
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            let bit = rest & (~rest &+ 1)
            rest &= rest &- 1
            let matches = index.restMatches(
                row, word: state.pointee.word, mask: state.pointee.mask, first + row, reader)
            state.pointee.matching =
                matches ? state.pointee.matching | bit : state.pointee.matching & ~bit
        }
        return open & state.pointee.matching
    }

    /// Whether `filter` matches the record `row`.
    package mutating func matches(_ filter: Int32, _ row: Int, _ reader: BatchReader) -> Bool {
        matching(filter, among: 1 << UInt64(row), reader) != 0
    }

    /// The requests among the loaded records, and the failed ones among those.
    package mutating func requests(_ reader: BatchReader) -> (all: UInt64, failed: UInt64) {
        let found = fields.pointee.requests(block, reader)
        return (found.all, found.failed)
    }

    /// The numbers of a field, by record, for those of `rows`: NaN where there is none.
    package mutating func numbers(
        _ number: Int32, of rows: UInt64, _ reader: BatchReader
    ) -> UnsafePointer<Double> {
        fields.pointee.numbers(Int(number), block, rows, reader)
    }

    /// The number of a field in the record `row`, NaN where there is none.
    package mutating func number(_ number: Int32, _ row: Int, _ reader: BatchReader) -> Double {
        numbers(number, of: 1 << UInt64(row), reader)[row]
    }

    /// How many group keys there are.
    package var keyCount: Int { keyFields.count }

    /// The numbers of the groups (`KeyNumbers`), by record, for those of `rows`.
    package mutating func groups(
        _ key: Int32, of rows: UInt64, _ reader: BatchReader
    ) -> UnsafePointer<Int32> {
        keys[Int(key)].groups(of: rows, block, fields, reader, &templates)
    }

    /// What the numbers of `groups` stand for. They are valid until the next `load`.
    package func numbering(_ key: Int32) -> UnsafeMutablePointer<KeyNumbers> {
        keys[Int(key)].numbering
    }

    /// The group of the record `row`: for one field its text, for several each text behind its length. The endpoint is templated.
    /// Valid until the next one is asked for.
    package mutating func key(_ key: Int32, _ row: Int, _ reader: BatchReader) -> ByteView {
        keys[Int(key)].text(first + row, fields, reader, &templates)
    }
}
