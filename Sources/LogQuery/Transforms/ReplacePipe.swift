internal import LogBytes

/// `| replace ("old", "new") at f limit 1`: another text in place of a text.
struct ReplacePipe: TransformPipe {
    var condition: Filter?
    let old: String
    let new: String
    let field: String
    /// The most replacements in one value; 0 for all.
    let limit: Int

    var sources: Set<String>? { [field] }
    var targets: [String]? { [field] }

    var description: String {
        "replace \(Filter.conditionText(condition))(\(Quoting.quoted(old)), "
            + "\(Quoting.quoted(new))) at \(Quoting.word(field))"
            + (limit > 0 ? " limit \(limit)" : "")
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        guard !old.isEmpty else { return }
        let new = Array(new.utf8)
        results.map(try block.queryColumn(field), rows: rows) { text, sink in
            var out = ByteWriter(capacity: text.count + new.count)
            old.withView { old in
                var place = 0
                var left = limit == 0 ? Int.max : limit
                while left > 0, let hit = text.firstIndex(of: old, from: place) {
                    out.append(text.slice(place..<hit))
                    new.withView { out.append($0) }
                    place = hit + old.count
                    left -= 1
                }
                out.append(text.dropFirst(place))
            }
            sink.add(field, out.view)
        }
    }
}

/// `| replace_regexp ("host-(.+?)-foo", "$1") at f`: another text in place of what an expression matches.
struct ReplaceRegexpPipe: TransformPipe {
    var condition: Filter?
    let expression: RegularExpression
    let pattern: String
    let replacement: String
    let field: String
    /// The most replacements in one value; 0 for all.
    let limit: Int

    var sources: Set<String>? { [field] }
    var targets: [String]? { [field] }

    var description: String {
        "replace_regexp \(Filter.conditionText(condition))(\(Quoting.quoted(pattern)), "
            + "\(Quoting.quoted(replacement))) at \(Quoting.word(field))"
            + (limit > 0 ? " limit \(limit)" : "")
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        let parts = ReplacementPart.parts(replacement, expression)
        results.map(try block.queryColumn(field), rows: rows) { text, sink in
            var out = ByteWriter(capacity: text.count)
            var place = 0
            var search = 0
            var left = limit == 0 ? Int.max : limit
            while left > 0, search <= text.count,
                let match = expression.firstMatch(in: text, from: search), let whole = match[0]
            {
                out.append(text.slice(place..<whole.lowerBound))
                for part in parts { part.append(text, match, into: &out) }
                place = whole.upperBound
                search = whole.isEmpty ? Self.next(text, place) : place
                left -= 1
            }
            out.append(text.dropFirst(place))
            sink.add(field, out.view)
        }
    }

    /// The offset behind the character at `index`: behind an empty match the search goes on there.
    private static func next(_ text: ByteView, _ index: Int) -> Int {
        guard index < text.count else { return index + 1 }
        return index + (Words.scalar(in: text, at: index)?.1 ?? 1)
    }
}

/// A part of the replacement of an expression: a text, or what a group matched.
private enum ReplacementPart {
    case text([UInt8])
    case group(Int)

    func append(_ text: ByteView, _ match: [Range<Int>?], into out: inout ByteWriter) {
        switch self {
        case .text(let bytes): bytes.withView { out.append($0) }
        case .group(let number):
            if number < match.count, let range = match[number] { out.append(text.slice(range)) }
        }
    }

    /// Reads `$1`, `${1}`, `${name}` and `$$` in `replacement`.
    static func parts(_ replacement: String, _ expression: RegularExpression) -> [ReplacementPart] {
        var parts: [ReplacementPart] = []
        var rest = replacement[...]
        while let mark = rest.firstIndex(of: "$") {
            parts.append(.text(Array(rest[..<mark].utf8)))
            rest = rest[rest.index(after: mark)...]
            if rest.first == "$" {
                parts.append(.text([UInt8(ascii: "$")]))
                rest = rest.dropFirst()
                continue
            }
            let isBraced = rest.first == "{"
            let body = isBraced ? rest.dropFirst() : rest
            let name = body.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            let after = body[name.endIndex...]
            guard !name.isEmpty, !isBraced || after.first == "}" else {
                parts.append(.text([UInt8(ascii: "$")]))
                continue
            }
            rest = isBraced ? after.dropFirst() : after
            if let number = Int(name) {
                parts.append(.group(number))
            } else if let number = (1..<(expression.groupCount + 1)).first(where: {
                expression.groupName($0) == String(name)
            }) {
                parts.append(.group(number))
            }
        }
        parts.append(.text(Array(rest.utf8)))
        return parts
    }
}

extension PipeSyntax {
    static let replace = PipeSyntax(
        "replace", synopsis: "replace (\"old\", \"new\") at f limit N",
        summary: "another text in place of a text"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        let (old, new, _) = try parser.replacement("replace")
        let field = parser.accept("at") ? try parser.fieldName() : "_msg"
        let limit = parser.accept("limit") ? try parser.count("limit") : 0
        return ReplacePipe(condition: condition, old: old, new: new, field: field, limit: limit)
    }

    static let replaceRegexp = PipeSyntax(
        "replace_regexp", synopsis: "replace_regexp (\"expression\", \"$1\") at f limit N",
        summary: "another text in place of what an expression matches"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        let (pattern, new, place) = try parser.replacement("replace_regexp")
        let expression = try parser.expression(pattern, at: place)
        let field = parser.accept("at") ? try parser.fieldName() : "_msg"
        let limit = parser.accept("limit") ? try parser.count("limit") : 0
        return ReplaceRegexpPipe(
            condition: condition, expression: expression, pattern: pattern, replacement: new,
            field: field, limit: limit)
    }
}

extension QueryParser {
    /// `("old", "new")`, and the token of the first.
    fileprivate mutating func replacement(
        _ pipe: String
    ) throws(QueryError) -> (old: String, new: String, place: Token) {
        try expect("(", "after \(pipe)")
        let place = token
        let old = try argument()
        try expect(",", "between what is replaced and its replacement")
        let new = try argument()
        try expect(")", "behind the replacement")
        return (old, new, place)
    }
}
