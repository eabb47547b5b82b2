internal import LogBytes
internal import LogRecords

/// `| unpack_json from f fields (a, b*) result_prefix "x_"` and its kin: the fields of a text that holds fields.
struct UnpackPipe: TransformPipe {
    /// A text that holds fields.
    enum Format: Sendable, Equatable {
        case json
        case logfmt
        /// Syslog: times without a zone are so many nanoseconds east of UTC; years that are missing are those before `now`.
        case syslog(offset: String?, nanoseconds: Int64, now: Int64)

        var name: String {
            switch self {
            case .json: "unpack_json"
            case .logfmt: "unpack_logfmt"
            case .syslog: "unpack_syslog"
            }
        }
    }

    let format: Format
    var condition: Filter?
    let source: String
    /// The fields that are wanted; empty for all.
    let fields: [FieldPattern]
    let prefix: String
    let rule: KeepRule

    var sources: Set<String>? { [source] }

    var targets: [String]? {
        fields.isEmpty ? nil : fields.plainNames?.map { prefix + $0 }
    }

    var description: String {
        var text = "\(format.name) \(Filter.conditionText(condition))from \(Quoting.word(source))"
        if !fields.isEmpty { text += " fields (\(fields.list))" }
        if case .syslog(let offset?, _, _) = format {
            text += " offset \(Quoting.operand(offset))"
        }
        if !prefix.isEmpty { text += " result_prefix \(Quoting.quoted(prefix))" }
        return text + rule.description
    }

    func transform(_ block: any ColumnBlock, rows: [Int], into results: FieldResults) throws {
        let wanted = fields.filter { !$0.isPrefix }.map(\.name)
        results.map(try block.queryColumn(source), rows: rows) { text, sink in
            var found: [String: [UInt8]] = [:]
            var order: [String] = []
            unpack(text) { name, value in
                guard fields.isEmpty || fields.match(name) else { return }
                if found.updateValue(value, forKey: name) == nil { order.append(name) }
            }
            for name in wanted where found[name] == nil {
                // As in VictoriaLogs, a field that was asked for is there afterwards, if only with nothing in it.
                found[name] = []
                order.append(name)
            }
            for name in order {
                found[name, default: []].withView { sink.add(prefix + name, $0) }
            }
        }
    }

    private func unpack(_ text: ByteView, _ body: (String, [UInt8]) -> Void) {
        if text.isEmpty { return }
        switch format {
        case .json: _ = JSONParts.flatten(text, body)
        case .logfmt: LogfmtText.visit(text, body)
        case .syslog(_, let nanoseconds, let now):
            SyslogText(text, zoneNanoseconds: nanoseconds, now: now).visit(body)
        }
    }
}

extension PipeSyntax {
    static let unpackJSON = PipeSyntax(
        "unpack_json", synopsis: "unpack_json from f fields (a, b*) result_prefix \"x_\"",
        summary: "the fields of a JSON object in a value"
    ) { (parser) throws(QueryError) in try parser.unpackPipe(.json) }

    static let unpackLogfmt = PipeSyntax(
        "unpack_logfmt", synopsis: "unpack_logfmt from f fields (a, b*) result_prefix \"x_\"",
        summary: "the fields of logfmt in a value"
    ) { (parser) throws(QueryError) in try parser.unpackPipe(.logfmt) }

    static let unpackSyslog = PipeSyntax(
        "unpack_syslog", synopsis: "unpack_syslog from f offset 2h result_prefix \"x_\"",
        summary: "the fields of a syslog message in a value"
    ) { (parser) throws(QueryError) in
        try parser.unpackPipe(.syslog(offset: nil, nanoseconds: 0, now: parser.now))
    }
}

extension QueryParser {
    fileprivate mutating func unpackPipe(
        _ format: UnpackPipe.Format
    ) throws(QueryError) -> UnpackPipe {
        var format = format
        let keywords = ["fields", "offset", "result_prefix"] + KeepRule.keywords
        let condition = try condition()
        let hasFrom = accept("from")
        let source =
            hasFrom || !isAtPipeEnd && !isNext(in: keywords) ? try fieldName() : "_msg"
        var fields: [FieldPattern] = []
        if format != .syslog(offset: nil, nanoseconds: 0, now: now), accept("fields") {
            guard isNext("(") else { throw fault("expected '(' after fields, found \(found)") }
            fields = try fieldPatterns(context: "fields")
        } else if case .syslog = format, accept("offset") {
            let place = token.offset
            let text = try operand()
            guard let nanoseconds = text.withView({ DurationText.nanoseconds($0) }) else {
                throw fault("'\(text)' is no duration; there are 2h 5h30m -8h", at: place)
            }
            format = .syslog(
                offset: text, nanoseconds: Int64(clamping: nanoseconds), now: now)
        }
        if fields.contains(.all) { fields = [] }
        let prefix = accept("result_prefix") ? try text("a prefix") : ""
        return UnpackPipe(
            format: format, condition: condition, source: source, fields: fields, prefix: prefix,
            rule: keepRule())
    }
}

/// logfmt: `key=value key="quoted value"`. A word without `=` is a field without a value.
enum LogfmtText {
    /// Gives `body` each field.
    static func visit(_ text: ByteView, _ body: (String, [UInt8]) -> Void) {
        var rest = text
        while true {
            while !rest.isEmpty, rest[0] == ASCII.space { rest = rest.dropFirst(1) }
            if rest.isEmpty { return }
            var length = 0
            while length < rest.count, rest[length] != UInt8(ascii: "="),
                rest[length] != ASCII.space
            {
                length += 1
            }
            let name = rest.prefix(length).text
            rest = rest.dropFirst(length)
            guard !rest.isEmpty, rest[0] == UInt8(ascii: "=") else {
                body(name, [])
                continue
            }
            rest = rest.dropFirst(1)
            let (value, behind) = value(rest)
            if !name.isEmpty { body(name, value) }
            rest = rest.dropFirst(behind)
        }
    }

    private static func value(_ text: ByteView) -> (value: [UInt8], length: Int) {
        if let length = QuotedText.length(text), text[0] == ASCII.quote {
            var out = ByteWriter(capacity: length)
            Logfmt.unescape(text.prefix(length - 1).dropFirst(1), into: &out)
            return (Array(out.view), length)
        }
        let length = text.firstIndex(of: ASCII.space) ?? text.count
        return (Array(text.prefix(length)), length)
    }

    /// Appends `name=value`, in quotes where it has to be.
    static func append(_ name: String, _ value: ByteView, into out: inout ByteWriter) {
        appendWord(Array(name.utf8), into: &out)
        out.append(UInt8(ascii: "="))
        appendWord(Array(value), into: &out)
    }

    private static func appendWord(_ word: [UInt8], into out: inout ByteWriter) {
        let isPlain = word.allSatisfy {
            $0 > 0x20 && $0 != 0x7F && $0 != ASCII.quote && $0 != UInt8(ascii: "=")
                && $0 != ASCII.backslash
        }
        word.withView { isPlain ? out.append($0) : JSONRow.quote($0, into: &out) }
    }
}
