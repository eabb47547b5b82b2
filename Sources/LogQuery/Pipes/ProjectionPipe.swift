internal import LogBytes
internal import LogRecords

/// `| fields a, b`, `| delete a`, `| rename a as b`, `| copy a as b`: which fields the rows have, and what they are called.
public struct ProjectionPipe: Pipe {
    /// What happens to the fields.
    public enum Change: Sendable, Equatable {
        /// Only these stay, in this order.
        case keep([String])
        /// These go.
        case drop([String])
        /// The second gets the value of the first, which goes when `isMove`.
        case copy([(from: String, to: String)], isMove: Bool)

        /// Whether the changes are the same.
        public static func == (left: Change, right: Change) -> Bool {
            left.description == right.description
        }

        fileprivate var description: String {
            switch self {
            case .keep(let names): "fields " + names.map(Quoting.word).joined(separator: ", ")
            case .drop(let names): "delete " + names.map(Quoting.word).joined(separator: ", ")
            case .copy(let pairs, let isMove):
                (isMove ? "rename " : "copy ")
                    + pairs.map { "\(Quoting.word($0.from)) as \(Quoting.word($0.to))" }
                    .joined(separator: ", ")
            }
        }
    }

    /// What happens.
    public let change: Change

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .rowwise }
    /// The pipe in LogsQL.
    public var description: String { change.description }

    /// The fields that are left.
    public func outputFields(_ input: [String]?) -> [String]? {
        if case .keep(let names) = change { return names }
        guard var names = input else { return nil }
        switch change {
        case .keep: break
        case .drop(let gone): names.removeAll { gone.contains($0) }
        case .copy(let pairs, let isMove):
            for (from, to) in pairs {
                names.removeAll { $0 == to || isMove && $0 == from }
                names.append(to)
            }
        }
        return names
    }

    /// The fields that stay, under their first names.
    public func inputFields(_ output: Set<String>?) -> Set<String>? {
        switch change {
        case .keep(let names): return output.map { $0.intersection(names) } ?? Set(names)
        case .drop(let names): return output.map { $0.subtracting(names) }
        case .copy(let pairs, _): return output.map { $0.union(pairs.map(\.from)) }
        }
    }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        ProjectionStage(self, next)
    }
}

extension PipeSyntax {
    static let fields = PipeSyntax(
        "fields", "keep", synopsis: "fields a, b", summary: "keep only these fields"
    ) { (parser) throws(QueryError) in
        ProjectionPipe(change: .keep(try parser.fieldNames(context: "fields")))
    }

    static let delete = PipeSyntax(
        "delete", "del", "rm", "drop", synopsis: "delete a, b", summary: "remove these fields"
    ) { (parser) throws(QueryError) in
        ProjectionPipe(change: .drop(try parser.fieldNames(context: "delete")))
    }

    static let rename = PipeSyntax(
        "rename", "mv", synopsis: "rename a as b", summary: "give fields another name"
    ) { (parser) throws(QueryError) in
        ProjectionPipe(change: .copy(try parser.fieldPairs(), isMove: true))
    }

    static let copy = PipeSyntax(
        "copy", "cp", synopsis: "copy a as b", summary: "have a field under another name too"
    ) { (parser) throws(QueryError) in
        ProjectionPipe(change: .copy(try parser.fieldPairs(), isMove: false))
    }
}

extension QueryParser {
    fileprivate mutating func fieldPairs() throws(QueryError) -> [(from: String, to: String)] {
        var pairs: [(from: String, to: String)] = []
        repeat {
            let from = try fieldName()
            _ = accept("as")
            pairs.append((from, try fieldName()))
        } while accept(",")
        return pairs
    }
}

private final class ProjectionStage: RowConsumer {
    private let pipe: ProjectionPipe
    private let next: any RowConsumer

    init(_ pipe: ProjectionPipe, _ next: any RowConsumer) {
        self.pipe = pipe
        self.next = next
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        try next.consume(
            RowSlice(block: ProjectedBlock(slice.block, pipe), rows: slice.rows))
    }

    func finish() throws { try next.finish() }
}

/// A block seen through a projection: nothing is copied.
private final class ProjectedBlock: NamedColumns {
    private let base: any ColumnBlock
    private let pipe: ProjectionPipe

    init(_ base: any ColumnBlock, _ pipe: ProjectionPipe) {
        self.base = base
        self.pipe = pipe
    }

    var hasLines: Bool { false }
    var rowCount: Int { base.rowCount }
    var timeBounds: (first: Int64, last: Int64) { base.timeBounds }
    var className: String { base.className }
    func times() throws -> [Int64] { try base.times() }
    func sequences() throws -> [UInt64] { try base.sequences() }
    func lineFormat(row: Int) throws -> LineFormat { try base.lineFormat(row: row) }

    func fieldNames() throws -> [String] {
        if case .keep(let names) = pipe.change { return names }
        return pipe.outputFields(try base.queryFieldNames()) ?? []
    }

    func column(_ name: String) throws -> Column {
        switch pipe.change {
        case .keep(let names):
            return names.contains(name) ? try base.queryColumn(name) : empty
        case .drop(let names):
            return names.contains(name) ? empty : try base.queryColumn(name)
        case .copy(let pairs, let isMove):
            // Later pairs see what earlier ones did: the name is followed back to its source.
            var source = name
            for (from, to) in pairs.reversed() {
                if source == to {
                    source = from
                } else if isMove, source == from {
                    return empty
                }
            }
            return try base.queryColumn(source)
        }
    }

    private var empty: Column { .constant([], rowCount: rowCount) }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        try JSONRow.append(self, row: row, into: &out)
    }
}
