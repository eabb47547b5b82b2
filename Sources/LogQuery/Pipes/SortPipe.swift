internal import LogBytes

/// `| sort by (f desc, g) partition by (h) offset N limit N rank as r`, `| first N by (f)`, `| last N by (f)`: rows by their
/// values; numbers by size, other text in natural order.
public struct SortPipe: Pipe {
    /// A field to sort by.
    public struct Key: Sendable, Equatable, CustomStringConvertible {
        /// The field.
        public let field: String
        /// Whether great values come first.
        public let isDescending: Bool
        /// The key in LogsQL.
        public var description: String { Quoting.word(field) + (isDescending ? " desc" : "") }
        /// The same field the other way round.
        var reversed: Key { Key(field: field, isDescending: !isDescending) }
    }

    /// What rows are sorted by; `_time` when nothing is.
    public let keys: [Key]
    /// The fields whose combinations of values are sorted each for itself; empty for all rows together.
    public let partition: [String]
    /// Rows that are left out at the front.
    public let offset: Int
    /// The most rows that go on; nil for all.
    public let limit: Int?
    /// The field that gets the place of each row, from 1 on; nil for none.
    public let rank: String?

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .makesOrder }

    /// The pipe in LogsQL.
    public var description: String {
        var text = "sort by (\(keys.map(\.description).joined(separator: ", ")))"
        if !partition.isEmpty {
            text += " partition by (\(partition.map(Quoting.word).joined(separator: ", ")))"
        }
        if offset > 0 { text += " offset \(offset)" }
        if let limit { text += " limit \(limit)" }
        if let rank { text += " rank as \(Quoting.word(rank))" }
        return text
    }

    /// The same fields, and the rank.
    public func outputFields(_ input: [String]?) -> [String]? {
        guard let rank, let input else { return input }
        return input.contains(rank) ? input : input + [rank]
    }

    /// The keys, too.
    public func inputFields(_ output: Set<String>?) -> Set<String>? {
        guard var fields = output else { return nil }
        if let rank { fields.remove(rank) }
        return fields.union(keys.map(\.field)).union(partition)
    }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        SortStage(self, next, budget)
    }
}

extension PipeSyntax {
    static let sort = PipeSyntax(
        "sort", "order",
        synopsis: "sort by (f desc, g) partition by (h) offset N limit N rank as r",
        summary: "sort rows: numbers by size, other text in natural order"
    ) { (parser) throws(QueryError) in
        try parser.sortPipe(limit: nil, isReversed: false)
    }

    static let first = PipeSyntax(
        "first", synopsis: "first N by (f) partition by (h)",
        summary: "the N rows with the smallest values; 1 when N is left out"
    ) { (parser) throws(QueryError) in
        try parser.sortPipe(limit: try parser.leadingCount("first"), isReversed: false)
    }

    static let last = PipeSyntax(
        "last", synopsis: "last N by (f) partition by (h)",
        summary: "the N rows with the greatest values, the greatest first; 1 when N is left out"
    ) { (parser) throws(QueryError) in
        try parser.sortPipe(limit: try parser.leadingCount("last"), isReversed: true)
    }
}

extension QueryParser {
    /// The number behind `first` and `last`; 1 when there is none.
    fileprivate mutating func leadingCount(_ pipe: String) throws(QueryError) -> Int {
        let hasCount = token.text.utf8.first.map(ASCII.isDigit) ?? false
        return hasCount ? try count(pipe) : 1
    }

    /// What follows `sort`, or `first N`, where the limit is known.
    fileprivate mutating func sortPipe(
        limit known: Int?, isReversed: Bool
    ) throws(QueryError) -> SortPipe {
        var keys: [SortPipe.Key] = []
        let hasBy = accept("by")
        if hasBy || isNext("(") { keys = try sortKeys() }
        var isReversed = isReversed
        if accept("desc") { isReversed.toggle() } else { _ = accept("asc") }
        if keys.isEmpty { keys = [SortPipe.Key(field: "_time", isDescending: false)] }
        if isReversed { keys = keys.map(\.reversed) }
        var offset = 0
        var limit = known
        var partition: [String] = []
        var rank: String?
        while true {
            if accept("partition") {
                try expect("by", "behind partition")
                guard isNext("(") else {
                    throw fault("expected '(' behind partition by, found \(found)")
                }
                partition = try fieldNames(context: "partition by")
            } else if known == nil, accept("offset") {
                offset = try count("offset")
            } else if known == nil, accept("limit") {
                let count = try count("limit")
                limit = count == 0 ? nil : count
            } else if accept("rank") {
                rank = try rankName()
            } else {
                break
            }
        }
        return SortPipe(
            keys: keys, partition: partition, offset: offset, limit: limit, rank: rank)
    }

    /// `as NAME` or `NAME` behind `rank`.
    mutating func rankName() throws(QueryError) -> String {
        try resultName("rank", unless: ["limit", "offset", "partition"])
    }

    private mutating func sortKeys() throws(QueryError) -> [SortPipe.Key] {
        try expect("(", "after sort by")
        var keys: [SortPipe.Key] = []
        while !accept(")") {
            let field = try fieldName()
            let isDescending = accept("desc")
            if !isDescending { _ = accept("asc") }
            keys.append(SortPipe.Key(field: field, isDescending: isDescending))
            if !isNext(")") { try expect(",", "or ')' in sort by (…)") }
        }
        return keys
    }
}
