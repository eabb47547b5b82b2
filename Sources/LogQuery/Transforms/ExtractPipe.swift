internal import LogBytes
internal import LogRecords

/// `| extract "ip=<ip> " from _msg`: parts of a text become fields.
struct ExtractPipe: TransformPipe {
    var condition: Filter?
    let pattern: TextPattern
    let patternText: String
    let source: String
    let rule: KeepRule

    var sources: Set<String>? { [source] }
    var targets: [String]? { pattern.fieldNames }

    var description: String {
        "extract \(Filter.conditionText(condition))\(Quoting.quoted(patternText)) "
            + "from \(Quoting.word(source))\(rule.description)"
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        results.map(try block.queryColumn(source), rows: rows) { text, sink in
            extract(text, into: &sink)
        }
    }

    private func extract(_ text: ByteView, into sink: inout FieldSink) {
        var values: [String: [UInt8]] = [:]
        var rest = text
        for (index, step) in pattern.steps.enumerated() {
            guard let start = Self.start(of: step.text, in: rest, isFirst: index == 0) else {
                break
            }
            rest = rest.dropFirst(start)
            guard step.hasField else { break }
            let next = index + 1 < pattern.steps.count ? pattern.steps[index + 1].text : []
            var value: [UInt8]
            if step.option != "plain", let length = QuotedText.length(rest) {
                value = Self.unquoted(rest.prefix(length))
                rest = rest.dropFirst(length)
            } else {
                let end =
                    next.isEmpty ? rest.count : next.withView { rest.firstIndex(of: $0) ?? -1 }
                if end < 0 { break }
                value = Array(rest.prefix(end))
                rest = rest.dropFirst(end)
            }
            if let field = step.field { values[field] = value }
        }
        for name in pattern.fieldNames {
            values[name, default: []].withView { sink.add(name, $0) }
        }
    }

    /// The offset behind `wanted`, which may stand anywhere when it is the first, else must come next.
    private static func start(of wanted: [UInt8], in text: ByteView, isFirst: Bool) -> Int? {
        wanted.withView { wanted in
            if isFirst { return text.firstIndex(of: wanted).map { $0 + wanted.count } }
            return text.hasPrefix(wanted) ? wanted.count : nil
        }
    }

    private static func unquoted(_ text: ByteView) -> [UInt8] {
        let inner = text.prefix(text.count - 1).dropFirst(1)
        if text[0] == UInt8(ascii: "`") { return Array(inner) }
        var out = ByteWriter(capacity: inner.count)
        Logfmt.unescape(inner, into: &out)
        return Array(out.view)
    }
}

/// `| extract_regexp "(?P<ip>[0-9.]+)" from _msg`: what named groups of an expression match becomes fields.
struct ExtractRegexpPipe: TransformPipe {
    var condition: Filter?
    let expression: RegularExpression
    let pattern: String
    let source: String
    let rule: KeepRule
    /// The named groups and their numbers.
    let groups: [(name: String, number: Int)]

    var sources: Set<String>? { [source] }
    var targets: [String]? { groups.map(\.name) }

    var description: String {
        "extract_regexp \(Filter.conditionText(condition))\(Quoting.quoted(pattern)) "
            + "from \(Quoting.word(source))\(rule.description)"
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        results.map(try block.queryColumn(source), rows: rows) { text, sink in
            let match = expression.firstMatch(in: text)
            for (name, number) in groups {
                let range = match.flatMap { $0[number] }
                sink.add(name, range.map { text.slice($0) } ?? .empty)
            }
        }
    }
}

extension PipeSyntax {
    static let extract = PipeSyntax(
        "extract", synopsis: "extract \"ip=<ip> \" from f",
        summary: "parts of a text become fields"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        let place = parser.token.offset
        let text = try parser.text("a pattern such as \"ip=<ip> \"")
        guard let pattern = TextPattern(text, options: ["plain"]) else {
            throw parser.fault("a '<' of the pattern is not closed; write &lt; for '<'", at: place)
        }
        if pattern.fieldNames.isEmpty {
            throw parser.fault("the pattern names no field; write <name> where one is", at: place)
        }
        if pattern.hasOpenBorder {
            throw parser.fault("some text has to stand between two fields", at: place)
        }
        let source = parser.accept("from") ? try parser.fieldName() : "_msg"
        return ExtractPipe(
            condition: condition, pattern: pattern, patternText: text, source: source,
            rule: parser.keepRule())
    }

    static let extractRegexp = PipeSyntax(
        "extract_regexp", synopsis: "extract_regexp \"(?P<ip>[0-9.]+)\" from f",
        summary: "what named groups of an expression match becomes fields"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        let place = parser.token
        let pattern = try parser.text("a regular expression")
        let expression = try parser.expression(pattern, at: place)
        let groups = (1..<(expression.groupCount + 1)).compactMap { number in
            expression.groupName(number).map { ($0, number) }
        }
        guard !groups.isEmpty else {
            throw parser.fault(
                "the expression names no field; write (?P<name>…) around what is to be one",
                at: place.offset)
        }
        let source = parser.accept("from") ? try parser.fieldName() : "_msg"
        return ExtractRegexpPipe(
            condition: condition, expression: expression, pattern: pattern, source: source,
            rule: parser.keepRule(), groups: groups)
    }
}
