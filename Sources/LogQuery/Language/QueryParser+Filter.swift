internal import LogBytes
internal import LogRecords

/// Filters: `or` of `and` of single conditions.
extension QueryParser {
    /// The filter that a query begins with.
    mutating func wholeFilter() throws(QueryError) -> Filter {
        if isAtPipeEnd {
            throw fault("a query begins with a filter; '*' matches every record")
        }
        if !token.isQuoted, QueryWords.pipeNames.contains(token.text.lowercased()),
            following.text != ":" || following.isQuoted
        {
            throw fault(
                "'\(token.text)' is a pipe, and a query begins with a filter: write "
                    + "'* | \(token.text) …', or quote the word to search for it")
        }
        return try orFilter(field: "")
    }

    /// Filters joined by `or`; `field` is what `field:(…)` names for all within, or empty.
    mutating func orFilter(field: String) throws(QueryError) -> Filter {
        var filters = [try andFilter(field: field)]
        while accept("or") {
            if isAtEnd { throw fault("a filter is missing after 'or'") }
            filters.append(try andFilter(field: field))
        }
        return .matching(any: filters)
    }

    private mutating func andFilter(field: String) throws(QueryError) -> Filter {
        var filters = [try condition(field: field)]
        while !isAtEnd, !isNext("or", "|", ")") {
            if accept("and"), isAtEnd { throw fault("a filter is missing after 'and'") }
            filters.append(try condition(field: field))
        }
        return .matching(all: filters)
    }

    private mutating func condition(field: String) throws(QueryError) -> Filter {
        var isNegated = false
        while true {
            if accept("!", "-", "not") {
                isNegated.toggle()
                if isAtEnd { throw fault("a filter is missing after the negation") }
            } else if !accept(":") {
                break
            }
        }
        let filter = try positiveCondition(field: field)
        return isNegated ? filter.negated : filter
    }

    private mutating func positiveCondition(field: String) throws(QueryError) -> Filter {
        switch token.isQuoted || isAtEnd ? "" : token.text {
        case "(":
            return try group(field: field)
        case "{":
            return try streamFilter(field: field)
        case "*":
            return try starred(field: field)
        case ">", "<":
            return try comparison(field: field)
        case "=":
            advance()
            return try exact(field: field)
        case "!=":
            advance()
            return try exact(field: field).negated
        case "~", "=~":
            advance()
            return try regex(field: field)
        case "!~":
            advance()
            return try regex(field: field).negated
        case ",", ")", "[", "]", "|":
            throw fault("expected a filter, found \(found)")
        default:
            return try namedOrWord(field: field)
        }
    }

    /// `*`, or `*text*` for a text anywhere in the value.
    private mutating func starred(field: String) throws(QueryError) -> Filter {
        let star = token
        advance()
        if isNext(":") { throw fault("a field's name is needed before ':'") }
        let isText =
            token.isQuoted || token.raw.unicodeScalars.allSatisfy { Words.isWord($0) || $0 == "." }
        guard !isAtEnd, !token.followsSpace, isText else {
            return field.isEmpty ? .all : leaf(field, PrefixMatcher(""))
        }
        let text = try phrase(allowsColon: !field.isEmpty)
        guard isNext("*"), !token.followsSpace else {
            throw fault(
                "white space is missing behind this '*', or a second '*' behind the text: "
                    + "'*text*' finds a text anywhere", at: star.offset)
        }
        advance()
        return leaf(field, SubstringMatcher(text))
    }

    private mutating func group(field: String) throws(QueryError) -> Filter {
        if let previous, !token.followsSpace, !previous.isQuoted,
            ![":", "(", "!", "-", "not", "and", "or", "|"].contains(previous.text.lowercased())
        {
            throw unknownFunction(previous)
        }
        let open = token
        advance()
        return try nested { (parser) throws(QueryError) in
            let filter = try parser.orFilter(field: field)
            guard parser.accept(")") else {
                throw parser.isAtEnd
                    ? parser.fault("this '(' is not closed", at: open.offset)
                    : parser.fault("expected ')', found \(parser.found)")
            }
            return filter
        }
    }

    private func unknownFunction(_ name: Token) -> QueryError {
        let known = FilterFunction.all.flatMap(\.names)
        if let meant = Spelling.nearest(to: name.text, in: known) {
            return fault(
                "no filter is called '\(name.text)'; did you mean '\(meant)'?", at: name.offset)
        }
        return fault(
            "no filter is called '\(name.text)'; there are \(known.joined(separator: ", ")). To "
                + "search for the word, put white space before '('", at: name.offset)
    }

    /// A leaf on `field`, or on `_msg` where none is named.
    func leaf(_ field: String, _ matcher: ValueMatcher) -> Filter {
        .leaf(field: field.isEmpty ? "_msg" : field, ValuePredicate(matcher))
    }

    /// A function such as `in(…)`, a word, or a field's name and what is said of it.
    private mutating func namedOrWord(field: String) throws(QueryError) -> Filter {
        if !token.isQuoted,
            let function = FilterFunction.named(token.text.lowercased()),
            following.raw == "(" || following.raw == "[" && function.takesBracket,
            !following.followsSpace
        {
            advance()
            return try function.parse(&self, field)
        }
        let text = try phrase(allowsColon: !field.isEmpty)
        if field.isEmpty, accept(":") {
            if isAtEnd { throw fault("a filter is missing after '\(text):'") }
            if text == "_time" { return try timeFilter() }
            return try nested { (parser) throws(QueryError) in
                try parser.condition(field: text.isEmpty ? "_msg" : text)
            }
        }
        if isNext("*"), !token.followsSpace {
            advance()
            if isNext(":") { throw fault("a field's name cannot hold '*'") }
            return leaf(field, PrefixMatcher(text))
        }
        return leaf(field, PhraseMatcher(text))
    }

    private mutating func exact(field: String) throws(QueryError) -> Filter {
        let value = try argument()
        if isNext("*"), !token.followsSpace {
            advance()
            return leaf(field, ExactPrefixMatcher(value))
        }
        return leaf(field, ExactMatcher(value))
    }

    private mutating func regex(field: String) throws(QueryError) -> Filter {
        let place = token
        return leaf(field, try regexMatcher(try operand(), at: place))
    }

    /// The matcher of a regular expression that was read from the token `place`.
    func regexMatcher(_ pattern: String, at place: Token) throws(QueryError) -> ValueMatcher {
        if SubstringMatcher.isPlain(pattern) { return SubstringMatcher(pattern) }
        return RegexMatcher(try expression(pattern, at: place), pattern: pattern)
    }

    /// The regular expression `pattern`, which was read from the token `place`.
    func expression(_ pattern: String, at place: Token) throws(QueryError) -> RegularExpression {
        do {
            return try RegularExpression(pattern)
        } catch {
            // RE2 quotes the part that it stumbled over behind the last ": ".
            let part = error.message.split(separator: ":").last.map { $0.drop { $0 == " " } } ?? ""
            let inside = Array(place.raw.utf8).withView { raw in
                String(part).withView { $0.isEmpty ? nil : raw.firstIndex(of: $0) }
            }
            throw fault(
                "the regular expression is not valid: \(error.message)",
                at: place.offset + (inside ?? 0))
        }
    }

    private mutating func comparison(field: String) throws(QueryError) -> Filter {
        let isAbove = token.text == ">"
        advance()
        let includes = accept("=")
        let sign = (isAbove ? ">" : "<") + (includes ? "=" : "")
        let wasQuoted = token.isQuoted
        let text = try operand()
        if let number = NumberValue.operand(text) {
            let bound = number.value
            let edge = includes ? bound : isAbove ? bound.nextUp : bound.nextDown
            return leaf(
                field,
                NumberRangeMatcher(
                    from: isAbove ? edge : -.infinity, to: isAbove ? .infinity : edge,
                    bareScale: number.kind == .duration ? FieldUnit.nanoseconds(field) : nil,
                    syntax: sign + Quoting.operand(text)))
        }
        if !wasQuoted, LevelMatcher.concerns(field),
            let matcher = levelComparison(text, isAbove: isAbove, includes: includes, sign)
        {
            return leaf(field, matcher)
        }
        return leaf(
            field,
            StringRangeMatcher(
                lower: isAbove ? text : "", includesLower: isAbove ? includes : true,
                upper: isAbove ? nil : text, includesUpper: includes,
                // In quotes, so that it is not taken for a severity when it is read again.
                syntax: sign + Quoting.quoted(text)))
    }

    private func levelComparison(
        _ word: String, isAbove: Bool, includes: Bool, _ sign: String
    ) -> ValueMatcher? {
        let named = LogLevel.allCases.first { $0.name == word.lowercased() }
        let level = named ?? word.withView { LogLevel(text: $0) }
        guard level != .unknown else { return nil }
        let step = isAbove ? 1 : -1
        let edge =
            includes
            ? level : LogLevel(rawValue: UInt8(Int(level.rawValue) + step)) ?? .unknown
        let syntax = sign + level.name
        if edge == .unknown {
            return LevelMatcher(from: .emerg, to: .trace, syntax: syntax)
        }
        return LevelMatcher(
            from: isAbove ? edge : .trace, to: isAbove ? .emerg : edge, syntax: syntax)
    }
}
