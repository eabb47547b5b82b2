internal import LogBytes

/// `in(_time:1d admin | fields user_id)`: a condition on what another query answers. It matches nothing until the query
/// that it stands in was prepared: until its values are known.
final class SubqueryMatcher: ValueMatcher, @unchecked Sendable {
    /// The function that takes the values: `in`, `contains_all`, `contains_any`.
    let function: String
    /// The query whose values are taken.
    let query: Query
    private let makeMatcher: @Sendable ([String]) -> ValueMatcher

    init(
        _ function: String, _ query: Query,
        makeMatcher: @escaping @Sendable ([String]) -> ValueMatcher
    ) {
        self.function = function
        self.query = query
        self.makeMatcher = makeMatcher
        super.init(syntax: "\(function)(\(query))", cost: .compare)
    }

    override func matches(_ text: ByteView) -> Bool { false }

    /// The same condition on a query with `filters` put before it.
    func restricted(by filters: [Filter]) -> SubqueryMatcher {
        SubqueryMatcher(function, query.restricted(by: filters), makeMatcher: makeMatcher)
    }

    /// The condition once the values are known.
    func matcher(_ values: [String]) -> ValueMatcher { makeMatcher(values) }
}

extension QueryParser {
    /// Whether a query with pipes, and not a list of values, comes before the parenthesis closes.
    var isSubquery: Bool {
        var probe = self
        var depth = 0
        while !probe.isAtEnd {
            // A range of time may open with one bracket and close with the other.
            if probe.isNext("(", "[") { depth += 1 }
            if probe.isNext(")", "]") {
                depth -= 1
                if depth == 0 { return false }
            }
            if depth > 0, probe.isNext("|") { return true }
            probe.advance()
        }
        return false
    }

    /// `(QUERY)`.
    mutating func subquery(_ context: String) throws(QueryError) -> Query {
        let open = token
        try expect("(", context)
        let query = try nested { (parser) throws(QueryError) in try parser.wholeQuery() }
        guard accept(")") else {
            throw isAtEnd
                ? fault("this '(' is not closed", at: open.offset)
                : fault("expected '|' or ')', found \(found)")
        }
        return query
    }

    /// `(QUERY)` where one that gives a single field is wanted, or `(a, b)`.
    mutating func valuesOrSubquery(
        _ function: String, makeMatcher: @escaping @Sendable ([String]) -> ValueMatcher
    ) throws(QueryError) -> ValueMatcher {
        guard isNext("("), isSubquery else { return makeMatcher(try arguments(of: function)) }
        let place = token.offset
        let query = try subquery("after \(function)")
        guard query.outputFields?.count == 1 else {
            throw fault(
                "the query within \(function)(…) has to give one field: end it with "
                    + "'| fields NAME' or '| uniq by (NAME)'", at: place)
        }
        return SubqueryMatcher(function, query, makeMatcher: makeMatcher)
    }
}

extension Filter {
    /// Whether the filter asks other queries.
    public var hasSubqueries: Bool {
        switch self {
        case .all, .time, .fields: false
        case .leaf(_, let predicate): predicate.matcher is SubqueryMatcher
        case .not(let filter): filter.hasSubqueries
        case .and(let filters), .or(let filters): filters.contains(where: \.hasSubqueries)
        }
    }

    /// The same filter with other conditions on values.
    func mapLeaves(
        _ body: (String, ValuePredicate) throws -> ValuePredicate
    ) rethrows -> Filter {
        switch self {
        case .all, .time, .fields: return self
        case .leaf(let field, let predicate):
            return .leaf(field: field, try body(field, predicate))
        case .not(let filter): return .not(try filter.mapLeaves(body))
        case .and(let filters): return .and(try filters.map { try $0.mapLeaves(body) })
        case .or(let filters): return .or(try filters.map { try $0.mapLeaves(body) })
        }
    }
}
