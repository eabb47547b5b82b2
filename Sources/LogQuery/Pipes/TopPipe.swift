internal import LogBytes

/// `| top 10 by (f)` and `| uniq by (f) with hits limit N`: combinations of values, with how often they occur.
public struct TopPipe: Pipe {
    /// The fields whose values are counted.
    public let fields: [String]
    /// The most combinations that are given; nil for all.
    public let limit: Int?
    /// The name of the field with the number of rows, or nil for none.
    public let hitsName: String?
    /// The field that gets the place of each combination, from 1 on; nil for none.
    public let rank: String?
    /// Whether the most frequent come first (`top`), or all in the order of their values (`uniq`).
    public let isByHits: Bool

    /// What the pipe needs of the order of rows.
    public var ordering: PipeOrdering { .makesOrder }

    /// The pipe in LogsQL.
    public var description: String {
        let by = "by (\(fields.map(Quoting.word).joined(separator: ", ")))"
        if isByHits {
            return
                "top \(limit ?? Self.standardLimit) \(by) hits as \(Quoting.word(hitsName ?? "hits"))"
                + (rank.map { " rank as \(Quoting.word($0))" } ?? "")
        }
        return "uniq \(by)" + (hitsName.map { " with hits as \(Quoting.word($0))" } ?? "")
            + (limit.map { " limit \($0)" } ?? "")
    }

    /// The combinations that `top` gives unless told otherwise.
    static let standardLimit = 10

    /// The counted fields, then the hits.
    public func outputFields(_ input: [String]?) -> [String]? {
        fields + (hitsName.map { [$0] } ?? []) + (rank.map { [$0] } ?? [])
    }

    /// The counted fields.
    public func inputFields(_ output: Set<String>?) -> Set<String>? { Set(fields) }

    /// The pipe at work.
    public func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        TopStage(self, next, budget)
    }

    /// `hits`, or with so many `s` behind it that no counted field is called so.
    static func freeName(_ fields: [String]) -> String {
        var name = "hits"
        while fields.contains(name) { name += "s" }
        return name
    }
}

extension PipeSyntax {
    static let top = PipeSyntax(
        "top", synopsis: "top N by (f) hits as n rank as r",
        summary: "the N most frequent values; 10 of them"
    ) { (parser) throws(QueryError) in
        let hasLimit = parser.token.text.utf8.first.map(ASCII.isDigit) ?? false
        let limit = hasLimit ? try parser.count("top") : TopPipe.standardLimit
        _ = parser.accept("by")
        let fields = try parser.fieldNames(context: "top")
        var name = TopPipe.freeName(fields)
        var rank: String?
        while true {
            if parser.accept("hits") {
                _ = parser.accept("as")
                name = try parser.freeName(besides: fields)
            } else if parser.isNext("rank", "with") {
                if parser.accept("with"), !parser.isNext("rank") {
                    throw parser.fault("expected 'rank' behind with, found \(parser.found)")
                }
                parser.advance()
                let place = parser.token.offset
                rank = try parser.resultName("rank", unless: ["hits"])
                if let rank, fields.contains(rank) {
                    throw parser.fault("'\(rank)' is one of the counted fields", at: place)
                }
            } else {
                break
            }
        }
        if rank == name { throw parser.fault("hits and rank have the same name") }
        return TopPipe(
            fields: fields, limit: limit, hitsName: name, rank: rank, isByHits: true)
    }

    static let uniq = PipeSyntax(
        "uniq", synopsis: "uniq by (f) with hits limit N",
        summary: "each combination of values once; of all fields where none is named"
    ) { (parser) throws(QueryError) in
        var fields: [String] = []
        if parser.accept("by") || !parser.isAtPipeEnd && !parser.isNext("with", "hits", "limit") {
            fields = try parser.fieldNames(context: "uniq")
        }
        _ = parser.accept("with")
        var hits: String?
        if parser.accept("hits") {
            hits =
                parser.accept("as")
                ? try parser.freeName(besides: fields) : TopPipe.freeName(fields)
        }
        let count = parser.accept("limit") ? try parser.count("limit") : 0
        let limit = count == 0 ? nil : count
        if fields.isEmpty { return UniqRowsPipe(limit: limit, hitsName: hits) }
        return TopPipe(
            fields: fields, limit: limit, hitsName: hits, rank: nil, isByHits: false)
    }

    static let fieldValues = PipeSyntax(
        "field_values", synopsis: "field_values f limit N",
        summary: "the values of a field, with how often they occur"
    ) { (parser) throws(QueryError) in
        let field = try parser.fieldInParentheses()
        let count = parser.accept("limit") ? try parser.count("limit") : 0
        return TopPipe(
            fields: [field], limit: count == 0 ? nil : count,
            hitsName: TopPipe.freeName([field]), rank: nil, isByHits: false)
    }
}

extension QueryParser {
    /// A name that is none of `fields`.
    fileprivate mutating func freeName(besides fields: [String]) throws(QueryError) -> String {
        let place = token.offset
        let name = try fieldName()
        if fields.contains(name) {
            throw fault("'\(name)' is one of the counted fields", at: place)
        }
        return name
    }
}

private final class TopStage: RowConsumer {
    private let pipe: TopPipe
    private let next: any RowConsumer
    private let grouping: Grouping
    private var hits: [Int] = []
    private var memory: MemoryShare

    init(_ pipe: TopPipe, _ next: any RowConsumer, _ budget: MemoryBudget) {
        self.pipe = pipe
        self.next = next
        grouping = Grouping(pipe.fields.map { GroupKey(field: $0, bucket: nil) })
        memory = MemoryShare(budget, pipe: pipe.isByHits ? "top" : "uniq")
    }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        let groups = try grouping.groups(slice.block, rows: slice.rows)
        hits += Array(repeating: 0, count: grouping.count - hits.count)
        for group in groups { hits[Int(group)] += 1 }
        try memory.set(grouping.memoryBytes + hits.capacity * 8)
        // Without counts no further row changes the answer. One group may be that of rows without any of the fields.
        if !pipe.isByHits, pipe.hitsName == nil, let limit = pipe.limit, grouping.count > limit {
            return .stop
        }
        return .proceed
    }

    func finish() throws {
        // As in VictoriaLogs, rows that have none of the fields are not counted.
        var order = grouping.sorted().filter { group in
            grouping.values(group).contains { !$0.isEmpty }
        }
        if pipe.isByHits {
            // Values with as many hits stay in their order.
            order = order.enumerated().sorted { left, right in
                hits[left.element] != hits[right.element]
                    ? hits[left.element] > hits[right.element] : left.offset < right.offset
            }.map(\.element)
        }
        if let limit = pipe.limit { order = Array(order.prefix(limit)) }
        var start = 0
        while start < order.count {
            let groups = Array(order[start..<min(start + groupsPerBlock, order.count)])
            start += groups.count
            var extra: [(name: String, column: Column)] = []
            if let name = pipe.hitsName {
                var builder = ColumnBuilder()
                for group in groups { builder.append { $0.append("\(hits[group])") } }
                extra.append((name, builder.column()))
            }
            if let name = pipe.rank {
                var builder = ColumnBuilder()
                let first = start - groups.count + 1
                for rank in first...start { builder.append { $0.append("\(rank)") } }
                extra.append((name, builder.column()))
            }
            let block = grouping.block(groups, extra: extra)
            if try next.consume(RowSlice(block: block, rows: Array(0..<groups.count))) == .stop {
                break
            }
        }
        try next.finish()
    }
}
