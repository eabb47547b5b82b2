/// A field's name, or with `*` behind it all names that begin so: `duration_ms`, `request.*`.
struct FieldPattern: Hashable, Sendable, CustomStringConvertible {
    /// The name, or how names begin.
    let name: String
    /// Whether all names that begin so are meant.
    let isPrefix: Bool

    init(_ name: String, isPrefix: Bool = false) {
        self.name = name
        self.isPrefix = isPrefix
    }

    /// Every field: `*`.
    static let all = FieldPattern("", isPrefix: true)

    /// Whether the field `field` is meant.
    func matches(_ field: String) -> Bool {
        isPrefix ? field.hasPrefix(name) : field == name
    }

    /// The pattern in LogsQL.
    var description: String {
        isPrefix ? (name.isEmpty ? "*" : Quoting.word(name) + "*") : Quoting.word(name)
    }
}

extension Array where Element == FieldPattern {
    /// The names, where no pattern is a prefix.
    var plainNames: [String]? {
        contains(where: \.isPrefix) ? nil : map(\.name)
    }

    /// Whether one of the patterns means `field`.
    func match(_ field: String) -> Bool { contains { $0.matches(field) } }

    /// The fields of `known` that are meant, and those that are named outright, in the order of the patterns.
    func expanded(_ known: @autoclosure () throws -> [String]) rethrows -> [String] {
        if let names = plainNames { return names }
        let known = try known()
        var seen: Set<String> = []
        return flatMap { pattern in
            pattern.isPrefix ? known.filter(pattern.matches) : [pattern.name]
        }.filter { seen.insert($0).inserted }
    }

    /// The patterns in LogsQL, with commas between.
    var list: String { map(\.description).joined(separator: ", ") }
}

extension QueryParser {
    /// A field's name or `prefix*`.
    mutating func fieldPattern() throws(QueryError) -> FieldPattern {
        if accept("*") { return .all }
        let name = try fieldName()
        if isNext("*"), !token.followsSpace {
            advance()
            return FieldPattern(name, isPrefix: true)
        }
        return FieldPattern(name)
    }

    /// `(a, b*)` or `a, b*`.
    mutating func fieldPatterns(context: String) throws(QueryError) -> [FieldPattern] {
        var patterns: [FieldPattern] = []
        if accept("(") {
            while !accept(")") {
                patterns.append(try fieldPattern())
                if !isNext(")") { try expect(",", "or ')' in the list of fields") }
            }
        } else {
            repeat { patterns.append(try fieldPattern()) } while accept(",")
        }
        guard !patterns.isEmpty else { throw fault("\(context) needs at least one field") }
        // A row has a name once, also where the query says it twice.
        var seen: Set<FieldPattern> = []
        return patterns.filter { seen.insert($0).inserted }
    }

    /// `field` or `(field)`.
    mutating func fieldInParentheses() throws(QueryError) -> String {
        guard accept("(") else { return try fieldName() }
        let name = try fieldName()
        try expect(")", "behind the field's name")
        return name
    }

    /// Whether the pipe ends here.
    var isAtPipeEnd: Bool { isAtEnd || isNext("|", ")") }

    /// `if (FILTER)`, when it comes next.
    mutating func condition() throws(QueryError) -> Filter? {
        guard accept("if") else { return nil }
        try expect("(", "after if")
        if accept(")") { return .all }
        let filter = try nested { (parser) throws(QueryError) in try parser.orFilter(field: "") }
        try expect(")", "at the end of if (…)")
        return filter
    }

    /// A text, which is mostly quoted.
    mutating func text(_ what: String) throws(QueryError) -> String {
        guard !isAtPipeEnd, token.isQuoted || !isNext("(", ",") else {
            throw fault("expected \(what), found \(found)")
        }
        return try argument()
    }

    /// `as NAME` or just `NAME`, when it comes next and is none of `keywords`; else `standard`.
    mutating func resultName(
        _ standard: String, unless keywords: [String] = []
    ) throws(QueryError) -> String {
        if accept("as") { return try fieldName() }
        if isAtPipeEnd || isNext(",") || isNext(in: keywords) { return standard }
        return try fieldName()
    }
}

extension Filter {
    /// The condition of a pipe in LogsQL, with a blank behind.
    static func conditionText(_ condition: Filter?) -> String {
        condition.map { "if (\($0)) " } ?? ""
    }
}
