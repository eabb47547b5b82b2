internal import LogBytes

/// `| sort by (f desc, g) limit N offset N`: rows by their values; numbers by size, other text in natural order.
public struct SortPipe: Pipe {
    /// A field to sort by.
    public struct Key: Sendable, Equatable, CustomStringConvertible {
        /// The field.
        public let field: String
        /// Whether great values come first.
        public let isDescending: Bool
        /// The key in LogsQL.
        public var description: String { Quoting.word(field) + (isDescending ? " desc" : "") }
    }

    /// What rows are sorted by; `_time` when nothing is.
    public let keys: [Key]
    /// Rows that are left out at the front.
    public let offset: Int
    /// The most rows that go on; nil for all.
    public let limit: Int?

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .makesOrder }

    /// The pipe in LogsQL.
    public var description: String {
        "sort by (\(keys.map(\.description).joined(separator: ", ")))"
            + (offset > 0 ? " offset \(offset)" : "") + (limit.map { " limit \($0)" } ?? "")
    }

    /// The same fields.
    public func outputFields(_ input: [String]?) -> [String]? { input }

    /// The keys, too.
    public func inputFields(_ output: Set<String>?) -> Set<String>? {
        output.map { $0.union(keys.map(\.field)) }
    }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        SortStage(self, next, budget)
    }
}

extension PipeSyntax {
    static let sort = PipeSyntax(
        "sort", "order", synopsis: "sort by (f desc, g) offset N limit N",
        summary: "sort rows: numbers by size, other text in natural order"
    ) { (parser) throws(QueryError) in
        var keys: [SortPipe.Key] = []
        let hasBy = parser.accept("by")
        if hasBy || parser.isNext("(") { keys = try parser.sortKeys() }
        var isReversed = false
        if parser.accept("desc") { isReversed = true } else { _ = parser.accept("asc") }
        if keys.isEmpty { keys = [SortPipe.Key(field: "_time", isDescending: false)] }
        if isReversed {
            keys = keys.map { SortPipe.Key(field: $0.field, isDescending: !$0.isDescending) }
        }
        var offset = 0
        var limit: Int?
        while parser.isNext("offset", "limit") {
            if parser.accept("offset") {
                offset = try parser.count("offset")
            } else if parser.accept("limit") {
                let count = try parser.count("limit")
                limit = count == 0 ? nil : count
            }
        }
        return SortPipe(keys: keys, offset: offset, limit: limit)
    }
}

extension QueryParser {
    fileprivate mutating func sortKeys() throws(QueryError) -> [SortPipe.Key] {
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

/// Holds rows and their keys. With a limit, rows that cannot be among the first are dropped whenever twice as many as
/// are wanted have come.
private final class SortStage: RowConsumer {
    private let pipe: SortPipe
    private let next: any RowConsumer
    private let rows = CollectedRows()
    private var keys: [[SortValue]] = []
    private var keyBytes = 0
    private var memory: MemoryShare
    /// The number of rows at which those that cannot be wanted are dropped.
    private let pruneAt: Int
    private let wanted: Int

    init(_ pipe: SortPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        memory = MemoryShare(budget, pipe: "sort")
        wanted = pipe.limit.map { $0.addingClamped(pipe.offset) } ?? .max
        pruneAt = wanted >= .max / 4 ? .max : wanted * 2 + 1_024
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let columns = try pipe.keys.map { try slice.block.queryColumn($0.field) }
        try rows.append(slice)
        for row in slice.rows {
            let values = columns.map { column in column.withText(row: row) { SortValue($0) } }
            keyBytes += values.reduce(0) { $0 + $1.text.count + 48 }
            keys.append(values)
        }
        if rows.count >= pruneAt { prune() }
        try memory.set(rows.memoryBytes + keyBytes)
        return .proceed
    }

    private func prune() {
        let kept = Array(order().prefix(wanted))
        rows.keep(only: kept)
        keys = kept.map { keys[$0] }
        keyBytes = keys.reduce(0) { $0 + $1.reduce(0) { $0 + $1.text.count + 48 } }
    }

    private func order() -> [Int] {
        (0..<rows.count).sorted { left, right in
            for (index, key) in pipe.keys.enumerated() {
                let order = keys[left][index].compare(keys[right][index])
                if order != 0 { return key.isDescending ? order > 0 : order < 0 }
            }
            // Equal rows come in the order of their arrival.
            let a = rows.place(left)
            let b = rows.place(right)
            return (a.time, a.sequence, left) < (b.time, b.sequence, right)
        }
    }

    func finish() throws {
        let order = order().dropFirst(pipe.offset).prefix(pipe.limit ?? .max)
        try rows.give(order, to: next)
        try next.finish()
    }
}

extension Int {
    /// The sum, held at the greatest integer.
    fileprivate func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
