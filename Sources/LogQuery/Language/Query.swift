/// A query: a filter and the pipes that its rows run through.
public struct Query: Sendable, Equatable, CustomStringConvertible {
    /// Which records.
    public var filter: Filter
    /// What the very bytes of their lines have to match besides: `-g`. It has no place in LogsQL.
    public var raw: RawFilter?
    /// What becomes of them, in order.
    public var pipes: [any Pipe]

    /// How it is to be answered.
    public var options: QueryOptions

    /// The clock of the parser that read the query; nil for one that was made otherwise.
    var now: Int64?

    /// The query of `filter` and `pipes`.
    public init(
        filter: Filter, pipes: [any Pipe] = [], options: QueryOptions = QueryOptions()
    ) {
        self.filter = filter
        self.pipes = pipes
        self.options = options
    }

    /// The fields of the rows that come out, in order, where the query tells them.
    public var outputFields: [String]? {
        pipes.reduce(nil) { $1.outputFields($0) }
    }

    /// The fields of the records that the pipes and the output have to see; nil: whole lines.
    var inputFields: Set<String>? {
        pipes.reversed().reduce(nil) { $1.inputFields($0) }
    }

    /// The query in LogsQL; parsed at the same time it gives the same query.
    public var description: String {
        options.prefix
            + ([filter.description] + pipes.map { "\($0)" }).joined(separator: " | ")
    }

    /// Whether both say the same.
    public static func == (left: Query, right: Query) -> Bool {
        left.filter == right.filter && left.raw == right.raw && left.options == right.options
            && left.pipes.map { "\($0)" } == right.pipes.map { "\($0)" }
    }
}
