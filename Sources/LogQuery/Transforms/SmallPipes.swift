internal import LogBytes
internal import LogRecords

/// `| coalesce(a, b) as c`: the first value that is not empty.
struct CoalescePipe: TransformPipe {
    let fields: [String]
    let target: String
    /// What is taken when all are empty.
    let fallback: String
    var condition: Filter?

    var sources: Set<String>? { Set(fields) }
    var targets: [String]? { [target] }

    var description: String {
        "coalesce(\(fields.map(Quoting.word).joined(separator: ", ")))"
            + (fallback.isEmpty ? "" : " default \(Quoting.quoted(fallback))")
            + " as \(Quoting.word(target))"
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        let columns = try fields.map { try block.queryColumn($0) }
        let number = results.target(target)
        for row in rows {
            let column = columns.first { $0.withText(row: row) { !$0.isEmpty } }
            if let column {
                column.withText(row: row) { results.set($0, in: number, row: row) }
            } else {
                fallback.withView { results.set($0, in: number, row: row) }
            }
        }
    }
}

/// `| set_stream_fields host, app`: `_stream` as if it had been made of these fields.
struct StreamFieldsPipe: TransformPipe {
    let fields: [String]
    var condition: Filter?

    var sources: Set<String>? { Set(fields) }
    var targets: [String]? { ["_stream"] }

    var description: String {
        "set_stream_fields \(Filter.conditionText(condition))"
            + fields.map(Quoting.word).joined(separator: ", ")
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        let columns = try fields.map { try block.queryColumn($0) }
        let number = results.target("_stream")
        var out = ByteWriter(capacity: 64)
        for row in rows {
            out.removeAll()
            out.append(ASCII.openBrace)
            for (name, column) in zip(fields, columns) {
                column.withText(row: row) { text in
                    if text.isEmpty { return }
                    if out.count > 1 { out.append(ASCII.comma) }
                    out.append(name)
                    out.append(UInt8(ascii: "="))
                    JSONRow.quote(text, into: &out)
                }
            }
            out.append(ASCII.closeBrace)
            results.set(out.view, in: number, row: row)
        }
    }
}

extension PipeSyntax {
    static let coalesce = PipeSyntax(
        "coalesce", synopsis: "coalesce(a, b) default \"none\" as c",
        summary: "the first value that is not empty"
    ) { (parser) throws(QueryError) in
        guard parser.isNext("(") else {
            throw parser.fault("expected '(' after coalesce, found \(parser.found)")
        }
        let fields = try parser.fieldNames(context: "coalesce")
        let fallback = parser.accept("default") ? try parser.text("a text") : ""
        return CoalescePipe(
            fields: fields, target: try parser.resultName("_msg"), fallback: fallback)
    }

    static let setStreamFields = PipeSyntax(
        "set_stream_fields", synopsis: "set_stream_fields a, b",
        summary: "_stream as if it had been made of these fields"
    ) { (parser) throws(QueryError) in
        let condition = try parser.condition()
        return StreamFieldsPipe(
            fields: try parser.fieldNames(context: "set_stream_fields"), condition: condition)
    }

    static let split = PipeSyntax(
        "split", synopsis: "split \",\" from f as parts",
        summary: "the parts of a text between separators, as a JSON array"
    ) { (parser) throws(QueryError) in
        let separator = try parser.text("a separator")
        let source = parser.accept("from") ? try parser.fieldName() : "_msg"
        let target = try parser.resultName(source)
        return ValuePipe(
            condition: nil, source: source, target: target,
            description: "split \(Quoting.quoted(separator)) from \(Quoting.word(source)) "
                + "as \(Quoting.word(target))"
        ) { text, out in
            JSONParts.append(array: TextParts.split(text, separator), into: &out)
        }
    }

    static let jsonArrayConcat = PipeSyntax(
        "json_array_concat", synopsis: "json_array_concat \",\" from f as text",
        summary: "the elements of a JSON array as one text, with something between them"
    ) { (parser) throws(QueryError) in
        let hasText = !parser.isAtPipeEnd && !parser.isNext("from", "as")
        let separator = hasText ? try parser.text("a separator") : ""
        let source = parser.accept("from") ? try parser.fieldName() : "_msg"
        let target = try parser.resultName(source)
        return ValuePipe(
            condition: nil, source: source, target: target,
            description: "json_array_concat \(Quoting.quoted(separator)) "
                + "from \(Quoting.word(source)) as \(Quoting.word(target))"
        ) { text, out in
            for (index, element) in (JSONParts.elements(text) ?? []).enumerated() {
                if index > 0 { out.append(separator) }
                element.withView { out.append($0) }
            }
        }
    }

    static let timeAdd = PipeSyntax(
        "time_add", synopsis: "time_add 1h at f", summary: "move a time by a duration"
    ) { (parser) throws(QueryError) in
        let place = parser.token.offset
        let text = try parser.operand()
        guard let duration = text.withView({ DurationText.nanoseconds($0) }) else {
            throw parser.fault("'\(text)' is no duration; there are 5m 1h30m -7d", at: place)
        }
        let shift = Int64(clamping: duration)
        let field = parser.accept("at") ? try parser.fieldName() : "_time"
        return ValuePipe(
            condition: nil, source: field, target: field,
            description: "time_add \(Quoting.operand(text)) at \(Quoting.word(field))"
        ) { text, out in
            if text.count >= 19, let time = Timestamp.parse(text) {
                NumberFormat.append(time: time.addingClamped(shift), into: &out)
            } else {
                out.append(text)
            }
        }
    }

    static let generateSequence = PipeSyntax(
        "generate_sequence", synopsis: "generate_sequence N",
        summary: "rows with the numbers 0 to N - 1 as _msg, in place of all others"
    ) { (parser) throws(QueryError) in
        SequencePipe(count: try parser.count("generate_sequence"))
    }

    static let blockStats = elsewhere(
        "block_stats", "looks into VictoriaLogs' files; 'weir stats' shows weir's")
    static let queryStats = elsewhere(
        "query_stats", "reads VictoriaLogs' counters; 'weir query --explain' shows weir's")

    /// A pipe of VictoriaLogs' own insides: its name is known, so that it is not taken for a word to search for.
    private static func elsewhere(_ name: String, _ reason: String) -> PipeSyntax {
        PipeSyntax(name, synopsis: name, summary: reason) { (parser) throws(QueryError) in
            throw parser.fault(
                "\(name) \(reason). To search for the word, put it in quotes",
                at: parser.previous?.offset ?? 0)
        }
    }
}

/// Texts in parts.
enum TextParts {
    /// The parts of `text` between `separator`s; its characters where that is empty.
    static func split(_ text: ByteView, _ separator: String) -> [[UInt8]] {
        if separator.isEmpty { return text.text.map { Array(String($0).utf8) } }
        var parts: [[UInt8]] = []
        separator.withView { separator in
            var start = 0
            while let hit = text.firstIndex(of: separator, from: start) {
                parts.append(Array(text.slice(start..<hit)))
                start = hit + separator.count
            }
            parts.append(Array(text.dropFirst(start)))
        }
        return parts
    }
}

/// `| generate_sequence N`: rows with the numbers 0 to N − 1.
struct SequencePipe: Pipe {
    let count: Int

    var ordering: PipeOrdering { .makesOrder }
    var description: String { "generate_sequence \(count)" }
    func outputFields(_ input: [String]?) -> [String]? { ["_msg"] }
    func inputFields(_ output: Set<String>?) -> Set<String>? { [] }

    func makeStage(_ next: any RowConsumer, _ budget: MemoryBudget) -> any RowConsumer {
        SequenceStage(count, next)
    }
}

private final class SequenceStage: RowConsumer {
    private let count: Int
    private let next: any RowConsumer

    init(_ count: Int, _ next: any RowConsumer) {
        self.count = count
        self.next = next
    }

    func consume(_ slice: RowSlice) -> ScanControl { .stop }

    func finish() throws {
        var start = 0
        while start < count {
            let end = min(start + groupsPerBlock, count)
            let texts = (start..<end).map { Array("\($0)".utf8) }
            if try next.consume([("_msg", texts)]) == .stop { break }
            start = end
        }
        try next.finish()
    }
}
