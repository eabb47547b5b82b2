extension FilterFunction {
    static let anyCase = FilterFunction(
        "i", synopsis: "i(word) i(prefix*)", summary: "a word, phrase or prefix in any case"
    ) { (parser, field) throws(QueryError) in
        let (text, isPrefix) = try parser.argumentOrPrefix(of: "i")
        return parser.leaf(field, AnyCaseMatcher(text, isPrefix: isPrefix))
    }

    static let exact = FilterFunction(
        "exact", synopsis: "exact(text) exact(prefix*)",
        summary: "the whole text, or its beginning; the same as =text"
    ) { (parser, field) throws(QueryError) in
        let (text, isPrefix) = try parser.argumentOrPrefix(of: "exact")
        return parser.leaf(field, isPrefix ? ExactPrefixMatcher(text) : ExactMatcher(text))
    }

    static let oneOf = FilterFunction(
        "in", synopsis: "in(a, b, …) in(QUERY | fields f)",
        summary: "the whole text is one of these, or of what a query answers"
    ) { (parser, field) throws(QueryError) in
        let matcher = try parser.valuesOrSubquery("in") { InMatcher($0) }
        return matcher.syntax == "in(\"*\")" ? .all : parser.leaf(field, matcher)
    }

    static let regex = FilterFunction(
        "re", synopsis: "re(\"expression\")", summary: "a regular expression; the same as ~\"…\""
    ) { (parser, field) throws(QueryError) in
        let place = parser.following
        let values = try parser.arguments(of: "re")
        guard values.count == 1 else {
            throw parser.fault("re(…) takes one expression", at: place.offset)
        }
        return parser.leaf(field, try parser.regexMatcher(values[0], at: place))
    }
}

extension QueryParser {
    /// `(text)` or `(text*)`.
    fileprivate mutating func argumentOrPrefix(
        of function: String
    ) throws(QueryError) -> (text: String, isPrefix: Bool) {
        try expect("(", "after \(function)")
        let text = try argument()
        let isPrefix = isNext("*") && (!token.followsSpace || text.isEmpty)
        if isPrefix { advance() }
        try expect(")", "at the end of \(function)(…)")
        return (text, isPrefix)
    }
}
