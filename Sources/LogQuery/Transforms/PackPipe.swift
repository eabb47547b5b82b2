internal import LogBytes

/// `| pack_json fields (a, b*) as f`, `| pack_logfmt …`: the fields of a row as one text.
struct PackPipe: TransformPipe {
    let isJSON: Bool
    /// The fields that are packed; empty for all.
    let fields: [FieldPattern]
    let target: String

    var condition: Filter?
    var targets: [String]? { [target] }

    var sources: Set<String>? {
        fields.isEmpty ? nil : fields.plainNames.map { Set($0) }
    }

    var description: String {
        "pack_\(isJSON ? "json" : "logfmt")" + (fields.isEmpty ? "" : " fields (\(fields.list))")
            + " as \(Quoting.word(target))"
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        let patterns = fields.isEmpty ? [.all] : fields
        let names = try patterns.expanded(try block.queryFieldNames())
        let columns = try names.map { try block.queryColumn($0) }
        let keys = JSONRow.keys(names)
        let number = results.target(target)
        var out = ByteWriter(capacity: 512)
        for row in rows {
            out.removeAll()
            if isJSON {
                JSONRow.append(keys, columns, row: row, into: &out)
            } else {
                for (name, column) in zip(names, columns) {
                    column.withText(row: row) { text in
                        if text.isEmpty { return }
                        if !out.isEmpty { out.append(ASCII.space) }
                        LogfmtText.append(name, text, into: &out)
                    }
                }
            }
            results.set(out.view, in: number, row: row)
        }
    }
}

extension PipeSyntax {
    static let packJSON = PipeSyntax(
        "pack_json", synopsis: "pack_json fields (a, b*) as f",
        summary: "the fields of a row as a JSON object"
    ) { (parser) throws(QueryError) in try parser.packPipe(isJSON: true) }

    static let packLogfmt = PipeSyntax(
        "pack_logfmt", synopsis: "pack_logfmt fields (a, b*) as f",
        summary: "the fields of a row as logfmt"
    ) { (parser) throws(QueryError) in try parser.packPipe(isJSON: false) }
}

extension QueryParser {
    fileprivate mutating func packPipe(isJSON: Bool) throws(QueryError) -> PackPipe {
        var fields: [FieldPattern] = []
        if accept("fields") {
            guard isNext("(") else { throw fault("expected '(' after fields, found \(found)") }
            fields = try fieldPatterns(context: "fields")
            if fields.contains(.all) { fields = [] }
        }
        return PackPipe(isJSON: isJSON, fields: fields, target: try resultName("_msg"))
    }
}
