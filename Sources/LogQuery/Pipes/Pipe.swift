/// What a query does with its rows: one step behind a `|`.
public protocol Pipe: Sendable, CustomStringConvertible {
    /// What the pipe needs of the order of rows, and does to it.
    var ordering: PipeOrdering { get }
    /// The fields of the rows that come out, where they are known, when `input` go in.
    func outputFields(_ input: [String]?) -> [String]?
    /// The fields of the rows that go in which must be known for `output` of those that come out; nil: all of them.
    func inputFields(_ output: Set<String>?) -> Set<String>?
    /// The pipe at work, handing its rows to `next`.
    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer
    /// Whether several threads can begin the pipe's work, each on some of the rows.
    var isPartial: Bool { get }
    /// The fields by whose values the pipe counts rows, where it does nothing else; nil: it looks at rows one by one.
    var countedFields: Set<String>? { get }
    /// The pipe at work on some of the rows, where `isPartial`; `next` sees nothing before `finish`.
    func makePartialStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> (any PartialStage)?
    /// The pipe with the answers of the queries that stand in it, and with what it has to know of the query around it.
    func prepared(_ preparation: QueryPreparation) throws -> any Pipe
    /// The pipe with `filters` put before the queries that stand in it.
    func restricted(by filters: [Filter]) -> any Pipe
}

extension Pipe {
    /// One thread sees all rows.
    public var isPartial: Bool { false }

    /// One by one.
    public var countedFields: Set<String>? { nil }

    /// There is none.
    public func makePartialStage(
        _ next: any RowConsumer, _ budget: MemoryBudget
    ) -> (any PartialStage)? { nil }

    /// The pipe itself: no query stands in it.
    public func prepared(_ preparation: QueryPreparation) throws -> any Pipe { self }

    /// The pipe itself: no query stands in it.
    public func restricted(by filters: [Filter]) -> any Pipe { self }
}

/// How a pipe and the order of rows concern each other.
public enum PipeOrdering: Sendable {
    /// Each row is treated by itself.
    case rowwise
    /// What comes out depends on which rows come first: rows must come by time.
    case needsOrder
    /// Rows may come in any order; the pipe gives them one of its own.
    case makesOrder
}

/// How a pipe is written.
///
/// A new one is a file beside this one and a line in `all`; the parser, its hints and the help know no other list.
public struct PipeSyntax: Sendable {
    /// What it is called, the usual name first.
    public let names: [String]
    /// How it is written.
    public let synopsis: String
    /// What it does, in one line.
    public let summary: String
    /// Reads the pipe from behind its name.
    let parse: @Sendable (inout QueryParser) throws(QueryError) -> any Pipe

    init(
        _ names: String..., synopsis: String, summary: String,
        parse: @escaping @Sendable (inout QueryParser) throws(QueryError) -> any Pipe
    ) {
        self.names = names
        self.synopsis = synopsis
        self.summary = summary
        self.parse = parse
    }

    /// Every pipe.
    public static let all: [PipeSyntax] = [
        .fields, .delete, .rename, .copy, .filter, .sort, .limit, .offset, .uniq, .top, .stats,
        .math, .extract, .extractRegexp, .format, .replace, .replaceRegexp, .unpackJSON,
        .unpackLogfmt, .unpackSyslog, .unpackWords, .packJSON, .packLogfmt, .unroll, .len, .hash,
        .jsonArrayLen, .decolorize, .collapseNums, .first, .last, .fieldNames, .fieldValues,
        .facets, .sample, .dropEmptyFields, .blocksCount, .join, .union, .streamContext,
        .runningStats, .totalStats, .coalesce, .split, .jsonArrayConcat, .timeAdd,
        .setStreamFields, .generateSequence, .blockStats, .queryStats,
    ]

    static func named(_ name: String) -> PipeSyntax? { byName[name] }

    private static let byName: [String: PipeSyntax] = Dictionary(
        all.flatMap { syntax in syntax.names.map { ($0, syntax) } },
        uniquingKeysWith: { first, _ in first })
}
