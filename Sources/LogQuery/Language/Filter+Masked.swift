extension Filter {
    /// The filter in LogsQL with `mask` in place of each value that it looks for; fields, functions and times stay.
    ///
    /// `user_id:="user_456" _time:1d` becomes `user_id:="…" _time:1d`: for those who have to say what was asked for, and
    /// must not keep whom it was about. A quoted value is masked as the text that it stands for.
    ///
    /// - Parameter mask: gives what stands for a value.
    public func masked(_ mask: (String) -> String) -> String {
        text { predicate in Self.masked(predicate.description, mask) }
    }

    /// Punctuation that stands around values.
    private static let marks: Set = [
        "=", "~", "=~", "!=", "!~", "<", ">", "(", ")", "[", "]", ",", "*",
    ]

    private static func masked(_ syntax: String, _ mask: (String) -> String) -> String {
        guard let tokens = try? Lexer.tokens(syntax) else { return Quoting.quoted(mask(syntax)) }
        var out = ""
        // What is written without quotes may be several tokens: `10.0.0.0/8`, `2025-01-18`.
        var value: String?
        for (index, token) in tokens.dropLast().enumerated() {
            let isMark = !token.isQuoted && marks.contains(token.text)
            let isFunction =
                !token.isQuoted && ["(", "["].contains(tokens[index + 1].raw)
                && FilterFunction.named(token.text) != nil
            if isMark || isFunction {
                if let complete = value { out += Quoting.quoted(mask(complete)) }
                value = nil
                out += token.text
            } else {
                value = (value ?? "") + token.text
            }
        }
        if let value { out += Quoting.quoted(mask(value)) }
        return out
    }
}
