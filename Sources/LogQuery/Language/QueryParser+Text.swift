/// Words, names and arguments.
extension QueryParser {
    private static let wordStops = ["*", ",", "(", ")", "[", "]", "|"]
    private static let argumentStops = ["*", ",", "(", ")", "|"]
    private static let operandStops = [",", "(", ")", "[", "]", "|"]

    /// A word of a filter with all that is glued to it, `foo-bar/baz`. A colon ends it unless `allowsColon`.
    mutating func phrase(allowsColon: Bool) throws(QueryError) -> String {
        guard !isAtEnd, !isNext(in: Self.wordStops) else {
            throw fault("expected a word, found \(found)")
        }
        return compound(stops: allowsColon ? Self.wordStops : Self.wordStops + [":"])
    }

    /// A word behind what was already read of it.
    mutating func phrase(after head: String, allowsColon: Bool) -> String {
        head + suffix(stops: allowsColon ? Self.wordStops : Self.wordStops + [":"])
    }

    /// The argument of a function; empty before `*`.
    mutating func argument() throws(QueryError) -> String {
        if isNext("*") { return "" }
        guard !isAtEnd, !isNext(in: Self.argumentStops) else {
            throw fault("expected a value, found \(found)")
        }
        return compound(stops: Self.argumentStops)
    }

    /// The operand of an operator: a word, a number, a time, a quoted string.
    mutating func operand() throws(QueryError) -> String {
        guard !isAtEnd, !isNext(in: Self.operandStops) else {
            throw fault("expected a value, found \(found)")
        }
        return compound(stops: Self.operandStops)
    }

    /// A field's name.
    mutating func fieldName() throws(QueryError) -> String {
        guard !isAtEnd, !isNext(in: Self.wordStops + [":"]) else {
            throw fault("expected a field's name, found \(found)")
        }
        return compound(stops: Self.wordStops + [":"])
    }

    private mutating func compound(stops: [String]) -> String {
        let first = token
        advance()
        let rest = suffix(stops: stops)
        return rest.isEmpty ? first.text : first.raw + rest
    }

    private mutating func suffix(stops: [String]) -> String {
        var text = ""
        while !isAtEnd, !token.followsSpace, !isNext(in: stops) {
            text += token.raw
            advance()
        }
        return text
    }

    /// `(a, b, "c d")`, from its opening parenthesis.
    mutating func arguments(of function: String) throws(QueryError) -> [String] {
        try expect("(", "after \(function)")
        var list: [String] = []
        while !isNext(")") {
            var value = try argument()
            if value.isEmpty, accept("*") { value = "*" }
            list.append(value)
            if isNext(")") { break }
            try expect(",", "or ')' in \(function)(…)")
        }
        try expect(")", "at the end of \(function)(…)")
        return list
    }

    /// `(a, b)` or `a, b`: names of fields.
    mutating func fieldNames(context: String) throws(QueryError) -> [String] {
        var names: [String] = []
        if accept("(") {
            while !accept(")") {
                names.append(try fieldName())
                if !isNext(")") { try expect(",", "or ')' in the list of fields") }
            }
        } else {
            repeat { names.append(try fieldName()) } while accept(",")
        }
        guard !names.isEmpty else { throw fault("\(context) needs at least one field") }
        // A row has a name once, also where the query says it twice.
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// A whole number that is not negative, such as the operand of `limit`.
    mutating func count(_ context: String) throws(QueryError) -> Int {
        let place = token.offset
        let text = isAtEnd ? "" : try operand()
        guard let number = NumberValue.operand(text),
            number.kind == .plain || number.kind == .bytes,
            number.value >= 0, number.value <= 1e15, number.value == number.value.rounded()
        else {
            throw fault("\(context) needs a whole number that is not negative", at: place)
        }
        return Int(number.value)
    }
}
