internal import LogBytes

/// `| format "request from <ip>:<port>" as f`: a text with the values of fields in it.
struct FormatPipe: TransformPipe {
    var condition: Filter?
    let pattern: TextPattern
    let patternText: String
    let target: String
    let rule: KeepRule
    /// For each step of the pattern how its value is written.
    let styles: [FormatStyle?]

    var sources: Set<String>? { Set(pattern.fieldNames) }
    var targets: [String]? { [target] }

    var description: String {
        "format \(Filter.conditionText(condition))\(Quoting.quoted(patternText)) "
            + "as \(Quoting.word(target))\(rule.description)"
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        let columns = try pattern.steps.map { step in
            try step.field.map { try block.queryColumn($0) }
        }
        let number = results.target(target)
        var out = ByteWriter(capacity: 256)
        for row in rows {
            out.removeAll()
            for index in pattern.steps.indices {
                pattern.steps[index].text.withView { out.append($0) }
                columns[index]?.withText(row: row) { text in
                    if let style = styles[index] {
                        style.append(text, into: &out)
                    } else {
                        out.append(text)
                    }
                }
            }
            results.set(out.view, in: number, row: row)
        }
    }
}

extension PipeSyntax {
    static let format = PipeSyntax(
        "format", synopsis: "format \"<a> took <duration:b>\" as f",
        summary: "a text with the values of fields in it"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        let place = parser.token.offset
        let text = try parser.text("a pattern such as \"<host>:<port>\"")
        let options = Set(FormatStyle.allCases.map(\.rawValue))
        guard let pattern = TextPattern(text, options: options) else {
            throw parser.fault("a '<' of the pattern is not closed; write &lt; for '<'", at: place)
        }
        if let name = pattern.fieldNames.first(where: { $0.hasSuffix("*") }) {
            throw parser.fault("'\(name)' is no single field", at: place)
        }
        let target = try parser.resultName("_msg", unless: KeepRule.keywords)
        return FormatPipe(
            condition: condition, pattern: pattern, patternText: text, target: target,
            rule: parser.keepRule(),
            styles: pattern.steps.map { FormatStyle(rawValue: $0.option) })
    }
}
