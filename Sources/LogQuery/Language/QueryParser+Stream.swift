/// `{app="x", env!="y", zone=~"a|b"}`: VictoriaLogs' stream selector. weir has no streams: every field can be selected.
extension QueryParser {
    mutating func streamFilter(field: String) throws(QueryError) -> Filter {
        guard field.isEmpty || field == "_stream" else {
            throw fault("a selector in braces names its own fields; leave out '\(field):'")
        }
        let open = token
        advance()
        var alternatives: [Filter] = []
        var filters: [Filter] = []
        while !accept("}") {
            if isAtEnd { throw fault("this '{' is not closed", at: open.offset) }
            filters.append(try selector())
            if accept("or") {
                alternatives.append(.matching(all: filters))
                filters = []
            } else if !isNext("}") {
                try expect(",", "or '}' in the selector")
            }
        }
        return .matching(any: alternatives + [.matching(all: filters)])
    }

    private mutating func selector() throws(QueryError) -> Filter {
        let name = token
        guard name.isQuoted || Words.split(Array(name.text.utf8)).isEmpty == false else {
            throw fault("expected a field's name, found \(found)")
        }
        advance()
        let isNegated = isNext("not_in")
        if isNegated || isNext("in"), following.raw == "(" {
            advance()
            let filter = leaf(name.text, InMatcher(try arguments(of: "in")))
            return isNegated ? filter.negated : filter
        }
        let sign = token
        guard !sign.isQuoted, ["=", "!=", "=~", "!~"].contains(sign.text) else {
            throw fault("expected '=', '!=', '=~', '!~', 'in (…)' or 'not_in (…)', found \(found)")
        }
        advance()
        let place = token
        guard !isAtEnd, place.isQuoted || !["}", ","].contains(place.text) else {
            throw fault("expected a value, found \(found)")
        }
        advance()
        let isRegex = sign.text.hasSuffix("~")
        let matcher =
            isRegex
            // As in Prometheus, a selector's expression has to match the whole value.
            ? try regexMatcher("^(?:\(place.text))$", at: place) : ExactMatcher(place.text)
        let filter = leaf(name.text, matcher)
        return sign.text.hasPrefix("!") ? filter.negated : filter
    }
}
