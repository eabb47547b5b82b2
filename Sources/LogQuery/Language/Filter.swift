/// What a query's filter says: an immutable tree over conditions on the values of fields.
///
/// The same filter runs on one record (`RecordFilter`) and on column blocks (`evaluate`). Build groups with `matching(all:)`,
/// `matching(any:)` and `negated`: they keep a tree in the one form in which equal filters compare equal.
public indirect enum Filter: Sendable, Equatable {
    /// Every record: `*`.
    case all
    /// Records that match each of these.
    case and([Filter])
    /// Records that match one of these.
    case or([Filter])
    /// Records that do not match.
    case not(Filter)
    /// Records whose `field` meets a condition.
    case leaf(field: String, ValuePredicate)
    /// Records of which a condition on two fields holds.
    case fields(FieldComparison)
    /// Records of a range of time.
    case time(TimeFilter)

    /// The filter that matches what all of `filters` match.
    public static func matching(all filters: [Filter]) -> Filter {
        let flat = filters.flatMap { filter -> [Filter] in
            if case .and(let inner) = filter { return inner }
            return [filter]
        }
        return flat.count == 1 ? flat[0] : flat.isEmpty ? .all : .and(flat)
    }

    /// The filter that matches what at least one of `filters` matches.
    public static func matching(any filters: [Filter]) -> Filter {
        let flat = filters.flatMap { filter -> [Filter] in
            if case .or(let inner) = filter { return inner }
            return [filter]
        }
        return flat.count == 1 ? flat[0] : flat.isEmpty ? .not(.all) : .or(flat)
    }

    /// The filter that matches what this one does not.
    public var negated: Filter {
        if case .not(let inner) = self { return inner }
        return .not(self)
    }

    /// A range that holds the times of all records that can match.
    public var timeRange: TimeRange {
        switch self {
        case .all, .not, .leaf, .fields: return .all
        case .time(let filter): return filter.range
        case .and(let filters):
            return filters.reduce(.all) { $0.intersection($1.timeRange) }
        case .or(let filters):
            let ranges = filters.map(\.timeRange)
            return TimeRange(
                start: ranges.map(\.start).min() ?? .min, end: ranges.map(\.end).max() ?? .max)
        }
    }

    /// The fields whose values the filter looks at.
    public var fieldNames: Set<String> {
        switch self {
        case .all, .time: []
        case .leaf(let field, _): [field]
        case .fields(let comparison): [comparison.field, comparison.other]
        case .not(let filter): filter.fieldNames
        case .and(let filters), .or(let filters):
            filters.reduce(into: []) { $0.formUnion($1.fieldNames) }
        }
    }

    /// How much work the filter is for each record.
    var cost: MatchCost {
        switch self {
        case .all: .free
        case .time: .compare
        case .fields: .parse
        case .leaf(_, let predicate): predicate.matcher.cost
        case .not(let filter): filter.cost
        case .and(let filters), .or(let filters): filters.map(\.cost).max() ?? .free
        }
    }

    /// How deep groups stand inside each other.
    var depth: Int {
        switch self {
        case .all, .time, .leaf, .fields: 1
        case .not(let filter): filter.depth + 1
        case .and(let filters), .or(let filters): (filters.map(\.depth).max() ?? 0) + 1
        }
    }
}

extension Filter: CustomStringConvertible {
    /// The filter in LogsQL; parsed at the same time it gives the same filter.
    public var description: String { text { $0.description } }

    /// The filter in LogsQL, where `condition` gives the text of each condition on values.
    func text(_ condition: (ValuePredicate) -> String) -> String {
        switch self {
        case .all: return "*"
        case .and(let filters):
            return filters.map { filter in
                if case .or = filter { return "(\(filter.text(condition)))" }
                return filter.text(condition)
            }.joined(separator: " ")
        case .or(let filters):
            return filters.map { $0.text(condition) }.joined(separator: " or ")
        case .not(let filter):
            switch filter {
            case .and, .or: return "!(\(filter.text(condition)))"
            default: return "!\(filter.text(condition))"
            }
        case .time(let filter): return "_time:\(filter.syntax)"
        case .fields(let comparison):
            return "\(Quoting.word(comparison.field)):\(comparison.syntax)"
        case .leaf(let field, let predicate):
            let text = condition(predicate)
            // `*` alone means every record, so the default field is named there.
            return field == "_msg" && text != "*" ? text : "\(Quoting.word(field)):\(text)"
        }
    }
}
