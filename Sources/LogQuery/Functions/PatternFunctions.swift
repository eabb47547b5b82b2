internal import LogBytes

extension FilterFunction {
    private static func pattern(
        _ name: String, _ summary: String, before: String, behind: String
    ) -> FilterFunction {
        FilterFunction(name, synopsis: "\(name)(\"took <N>ms\")", summary: summary) {
            (parser, field) throws(QueryError) in
            let place = parser.following
            let values = try parser.arguments(of: name)
            guard values.count == 1 else {
                throw parser.fault("\(name)(…) takes one pattern", at: place.offset)
            }
            let expression = before + NumberPattern.expression(values[0]) + behind
            return parser.leaf(
                field,
                NumberPattern(
                    try parser.expression(expression, at: place),
                    syntax: "\(name)(\(Quoting.quoted(values[0])))"))
        }
    }

    static let patternMatch = pattern(
        "pattern_match", "the pattern, with <N> <UUID> <IP4> <TIME> <DATE> <DATETIME> <W> in it",
        before: "", behind: "")
    static let patternMatchFull = pattern(
        "pattern_match_full", "the whole text is as the pattern says", before: "^", behind: "$")
    static let patternMatchPrefix = pattern(
        "pattern_match_prefix", "the text begins as the pattern says", before: "^", behind: "")
    static let patternMatchSuffix = pattern(
        "pattern_match_suffix", "the text ends as the pattern says", before: "", behind: "$")
}

/// A text with placeholders for numbers and what numbers make up, as `collapse_nums prettify` writes it.
private final class NumberPattern: ValueMatcher, @unchecked Sendable {
    private let expression: RegularExpression

    init(_ expression: RegularExpression, syntax: String) {
        self.expression = expression
        super.init(syntax: syntax, cost: .expression)
    }

    override func matches(_ text: ByteView) -> Bool { expression.matches(text) }

    private static let number = "[0-9a-fA-F]+"
    private static let date = "\(number)(?:-\(number)-|/\(number)/)\(number)"
    private static let time = "\(number):\(number):\(number)(?:[.,]\(number))?"
    private static let placeholders: [(name: String, expression: String)] = [
        ("<N>", number), ("<UUID>", "\(number)(?:-\(number)){4}"),
        ("<IP4>", "\(number)(?:\\.\(number)){3}"), ("<TIME>", time), ("<DATE>", date),
        ("<DATETIME>", "\(date)[T ]\(time)(?:Z|[+-]\(number):\(number))?"),
        ("<W>", #"(?:[\pL\p{Nd}_]+|"(?:[^"\\]|\\.)*"|'[^']*'|`[^`]*`)"#),
    ]

    /// The regular expression that matches what `pattern` means.
    static func expression(_ pattern: String) -> String {
        var out = "(?:"
        var rest = pattern[...]
        while let character = rest.first {
            if let placeholder = placeholders.first(where: { rest.hasPrefix($0.name) }) {
                out += "(?:\(placeholder.expression))"
                rest = rest.dropFirst(placeholder.name.count)
                continue
            }
            if #"\.+*?()|[]{}^$"#.contains(character) { out += "\\" }
            out.append(character)
            rest = rest.dropFirst()
        }
        return out + ")"
    }
}
