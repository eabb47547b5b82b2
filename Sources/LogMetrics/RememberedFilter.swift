internal import LogBytes
public import LogQuery
public import LogRecords

/// A filter that remembers what it said about the values it saw last, where it looks at one field only; any other filter is
/// asked each time. One thread uses it.
@usableFromInline
package struct RememberedFilter: ~Copyable {
    @usableFromInline let filter: RecordFilter
    /// The one field whose values are remembered, by the name that queries use.
    @usableFromInline package let field: String?
    @usableFromInline let memo: FilterMemo?
    /// What the filter says about lines without its one field, once that is known.
    @usableFromInline var absent: Bool?

    /// Makes `filter` ready.
    @usableFromInline
    package init(_ filter: Filter) {
        self.filter = RecordFilter(filter)
        field = FilterMemo.field(of: filter)
        memo = field == nil ? nil : FilterMemo()
    }

    /// Whether `record` matches; `slot` is where `field` stands in it, −1 for nowhere, and of no account without a field.
    @inlinable
    package mutating func matches(_ record: Record, slot: Int32, _ reader: BatchReader) -> Bool {
        guard memo != nil else { return ask(record, reader) }
        if slot < 0 {
            if let absent { return absent }
            let matches = ask(record, reader)
            absent = matches
            return matches
        }
        guard let value = FilterMemo.Value(record, slot, reader) else {
            return ask(record, reader)
        }
        if let known = memo?.find(value) { return known }
        let matches = ask(record, reader)
        memo?.insert(value, matches)
        return matches
    }

    @inlinable @inline(__always)
    func ask(_ record: Record, _ reader: BatchReader) -> Bool {
        reader.owner._withUnsafeGuaranteedRef { filter.matches(record, in: $0) }
    }
}
