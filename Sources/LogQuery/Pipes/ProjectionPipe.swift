internal import LogBytes
internal import LogRecords

/// `| fields a, b`, `| delete a`, `| rename a as b`, `| copy a as b`: which fields the rows have, and what they are called.
public struct ProjectionPipe: Pipe {
    /// What happens to the fields.
    enum Change: Sendable {
        /// Only these stay, in this order.
        case keep([FieldPattern])
        /// These go.
        case drop([FieldPattern])
        /// The second gets the value of the first, which goes when `isMove`.
        case copy([(from: FieldPattern, to: FieldPattern)], isMove: Bool)

        fileprivate var description: String {
            switch self {
            case .keep(let names): "fields \(names.list)"
            case .drop(let names): "delete \(names.list)"
            case .copy(let pairs, let isMove):
                (isMove ? "rename " : "copy ")
                    + pairs.map { "\($0.from) as \($0.to)" }.joined(separator: ", ")
            }
        }
    }

    /// What happens.
    let change: Change

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .rowwise }
    /// The pipe in LogsQL.
    public var description: String { change.description }

    /// The fields that are left.
    public func outputFields(_ input: [String]?) -> [String]? {
        if case .keep(let patterns) = change, let names = patterns.plainNames { return names }
        return input.map(names)
    }

    /// The names of the fields of rows that had the fields `input`.
    fileprivate func names(_ input: [String]) -> [String] {
        var names = input
        switch change {
        case .keep(let patterns): names = patterns.expanded(input)
        case .drop(let gone): names.removeAll { gone.match($0) }
        case .copy(let pairs, let isMove):
            for (from, to) in pairs {
                let moved = from.isPrefix ? names.filter(from.matches) : [from.name]
                let targets = moved.map {
                    to.name + $0.dropFirst(from.isPrefix ? from.name.count : $0.count)
                }
                names.removeAll { targets.contains($0) || isMove && moved.contains($0) }
                names += targets
            }
        }
        return names
    }

    /// The fields that stay, under their first names.
    public func inputFields(_ output: Set<String>?) -> Set<String>? {
        switch change {
        case .keep(let patterns):
            return output.map { $0.filter(patterns.match) } ?? patterns.plainNames.map { Set($0) }
        case .drop(let gone): return output.map { $0.filter { !gone.match($0) } }
        case .copy(let pairs, _):
            if pairs.contains(where: \.from.isPrefix) { return nil }
            return output.map { $0.union(pairs.map(\.from.name)) }
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
        ProjectionPipe(change: .keep(try parser.fieldPatterns(context: "fields")))
    }

    static let delete = PipeSyntax(
        "delete", "del", "rm", "drop", synopsis: "delete a, b", summary: "remove these fields"
    ) { (parser) throws(QueryError) in
        ProjectionPipe(change: .drop(try parser.fieldPatterns(context: "delete")))
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
    fileprivate mutating func fieldPairs() throws(QueryError) -> [(
        from: FieldPattern, to: FieldPattern
    )] {
        var pairs: [(from: FieldPattern, to: FieldPattern)] = []
        repeat {
            let from = try fieldPattern()
            _ = accept("as")
            let place = token.offset
            let to = try fieldPattern()
            if from.isPrefix != to.isPrefix {
                throw fault("either both names end in '*' or none: a* as b*", at: place)
            }
            pairs.append((from, to))
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

    private lazy var baseNames = Result { try base.queryFieldNames() }

    func fieldNames() throws -> [String] {
        if case .keep(let patterns) = pipe.change, let names = patterns.plainNames { return names }
        return pipe.names(try baseNames.get())
    }

    func column(_ name: String) throws -> Column {
        switch pipe.change {
        case .keep(let patterns):
            return patterns.match(name) ? try base.queryColumn(name) : empty
        case .drop(let gone):
            return gone.match(name) ? empty : try base.queryColumn(name)
        case .copy(let pairs, let isMove):
            // Later pairs see what earlier ones did: the name is followed back to its source.
            var source = name
            for (from, to) in pairs.reversed() {
                if let before = try before(source, from, to) {
                    source = before
                } else if isMove, from.matches(source) {
                    return empty
                }
            }
            return try base.queryColumn(source)
        }
    }

    /// The name that a field had before `from` was copied to `to`; nil where it is none of those.
    private func before(
        _ name: String, _ from: FieldPattern, _ to: FieldPattern
    ) throws -> String? {
        guard to.isPrefix else { return name == to.name ? from.name : nil }
        guard name.hasPrefix(to.name) else { return nil }
        let source = from.name + name.dropFirst(to.name.count)
        return try baseNames.get().contains(source) ? source : nil
    }

    private var empty: Column { .constant([], rowCount: rowCount) }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        try JSONRow.append(self, row: row, into: &out)
    }
}
