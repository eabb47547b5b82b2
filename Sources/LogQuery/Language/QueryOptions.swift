/// `options(concurrency=2, ignore_global_time_filter=true)`: how a query is to be answered.
public struct QueryOptions: Sendable, Equatable {
    /// The most threads that may work on the query; nil for as many as there are cores.
    public var concurrency: Int?
    /// Whether a range of time that comes from outside (`--since`, `start=`) leaves the query alone; nil when it is not said.
    public var ignoresGlobalTimeFilter: Bool?

    /// Options that say nothing.
    public init() {}

    /// The options in LogsQL with a blank behind; empty when there are none.
    var prefix: String {
        var parts: [String] = []
        if let concurrency { parts.append("concurrency=\(concurrency)") }
        if let ignoresGlobalTimeFilter {
            parts.append("ignore_global_time_filter=\(ignoresGlobalTimeFilter)")
        }
        return parts.isEmpty ? "" : "options(\(parts.joined(separator: ", "))) "
    }
}

extension QueryParser {
    private static let optionNames = ["concurrency", "ignore_global_time_filter"]

    /// `options(…)`, when it comes next.
    mutating func queryOptions() throws(QueryError) -> QueryOptions {
        var options = QueryOptions()
        guard isNext("options"), following.raw == "(" else { return options }
        advance()
        advance()
        while !accept(")") {
            let name = token
            guard !isAtEnd, !name.isQuoted, Self.optionNames.contains(name.text.lowercased())
            else {
                let hint =
                    Spelling.nearest(to: name.text, in: Self.optionNames)
                    .map { "did you mean '\($0)'?" }
                    ?? "there are \(Self.optionNames.joined(separator: ", "))"
                throw fault("no option is called '\(name.text)'; \(hint)")
            }
            advance()
            try expect("=", "behind the option's name")
            if name.text.lowercased() == "concurrency" {
                let place = token.offset
                let count = try count("concurrency")
                guard count > 0 else {
                    throw fault("concurrency needs a number from 1 on", at: place)
                }
                options.concurrency = count
            } else if accept("true") {
                options.ignoresGlobalTimeFilter = true
            } else if accept("false") {
                options.ignoresGlobalTimeFilter = false
            } else {
                throw fault("expected true or false, found \(found)")
            }
            if !isNext(")") { try expect(",", "or ')' in options(…)") }
        }
        return options
    }
}
