internal import LogRecords

/// Reads LogsQL. `parse` and `parseFilter` are the ways in; what filter functions and pipes need to read their operands
/// is in the extensions.
public struct QueryParser {
    /// Groups may stand this deep inside each other. People write fewer than ten; generated queries some dozens; and a
    /// stack of half a megabyte holds it. Deeper text is an error, not a crash.
    public static let nestingMax = 200

    /// The longest query, in bytes. A list of 100,000 identifiers fits.
    public static let queryBytesMax = 8 << 20

    let query: String
    let now: Int64
    private let tokens: [Token]
    private(set) var index = 0
    var nesting = 0

    init(_ query: String, now: Int64) throws(QueryError) {
        guard query.utf8.count <= Self.queryBytesMax else {
            throw QueryError(
                "the query has more than \(Self.queryBytesMax) bytes", offset: 0, query: "")
        }
        self.query = query
        self.now = now
        self.tokens = try Lexer.tokens(query)
    }

    /// Reads a query: a filter and the pipes behind it.
    ///
    /// - Parameter now: the time that relative times such as `_time:5m` count from, nanoseconds since the epoch.
    public static func parse(_ text: String, now: Int64) throws(QueryError) -> Query {
        var parser = try QueryParser(text, now: now)
        let query = try parser.wholeQuery()
        try parser.expectEnd()
        return query
    }

    /// A query up to the end or the parenthesis that it stands in.
    mutating func wholeQuery() throws(QueryError) -> Query {
        let options = try queryOptions()
        let filter = try wholeFilter()
        var query = Query(filter: filter, pipes: try pipes(), options: options)
        query.now = now
        return query
    }

    /// Reads a filter without pipes, as retention classes and rules have it.
    public static func parseFilter(_ text: String, now: Int64) throws(QueryError) -> Filter {
        var parser = try QueryParser(text, now: now)
        let filter = try parser.wholeFilter()
        if parser.isNext("|") { throw parser.fault("a filter is wanted here; it has no pipes") }
        try parser.expectEnd()
        if filter.hasSubqueries {
            throw parser.fault("a filter that asks another query has no place here", at: 0)
        }
        return filter
    }

    // MARK: Tokens

    /// The next token; at the end an empty one.
    var token: Token { tokens[index] }

    /// The token before the next.
    var previous: Token? { index > 0 ? tokens[index - 1] : nil }

    /// The token behind the next.
    var following: Token { tokens[min(index + 1, tokens.count - 1)] }

    /// Whether all tokens are read.
    var isAtEnd: Bool { index == tokens.count - 1 }

    /// Goes on to the next token.
    mutating func advance() { if !isAtEnd { index += 1 } }

    /// Goes back to the token with number `position`.
    mutating func rewind(to position: Int) { index = position }

    /// Whether the next token is one of the unquoted `words`; case does not matter.
    func isNext(_ words: String...) -> Bool { isNext(in: words) }

    /// Whether the next token is one of the unquoted `words`; case does not matter.
    func isNext(in words: [String]) -> Bool { !isAtEnd && matches(token, words) }

    private func matches(_ token: Token, _ words: [String]) -> Bool {
        guard !token.isQuoted else { return false }
        if words.contains(token.text) { return true }
        return words.contains(token.text.lowercased())
    }

    /// Reads one of `words` if it comes next.
    mutating func accept(_ words: String...) -> Bool {
        guard isNext(in: words) else { return false }
        advance()
        return true
    }

    /// Reads `word`, which must come next.
    mutating func expect(_ word: String, _ context: String) throws(QueryError) {
        guard accept(word) else {
            throw fault("expected '\(word)' \(context), found \(found)")
        }
    }

    /// What comes next, for messages.
    var found: String { isAtEnd ? "the end" : "'\(token.raw.prefix(40))'" }

    /// An error at the next token.
    func fault(_ message: String) -> QueryError { fault(message, at: token.offset) }

    /// An error at byte `offset`.
    func fault(_ message: String, at offset: Int) -> QueryError {
        QueryError(message, offset: offset, query: query)
    }

    private func expectEnd() throws(QueryError) {
        if isNext(")") { throw fault("this ')' has no '('") }
        guard isAtEnd else { throw fault("expected '|' or the end, found \(found)") }
    }

    /// Runs `body` one level deeper, unless that is too deep.
    mutating func nested<Result>(
        _ body: (inout QueryParser) throws(QueryError) -> Result
    ) throws(QueryError) -> Result {
        guard nesting < Self.nestingMax else {
            throw fault("groups stand more than \(Self.nestingMax) deep inside each other")
        }
        nesting += 1
        defer { nesting -= 1 }
        return try body(&self)
    }
}
