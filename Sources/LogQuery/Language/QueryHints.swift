internal import LogBytes
internal import LogRecords

/// What may have been meant by a query that is well written and found nothing.
public struct QueryHints: Sendable {
    /// The hints, each a sentence or two.
    public let texts: [String]

    /// Hints on `query`, where records have the fields `known`; nil when nobody knows which they have.
    public init(_ query: Query, known: Set<String>?) {
        var texts: [String] = []
        let canonical = Set(CanonicalField.allCases.map(\.name))
        if let known {
            let names = known.union(canonical).union(Self.special)
            for field in query.askedFields.sorted() where !names.contains(field) {
                texts.append(Self.unknownField(field, names))
            }
        }
        let names = (known ?? []).union(canonical)
        for word in query.filter.messageWords {
            if let hint = Self.comparison(word, names) ?? Self.operators[word] {
                texts.append(hint)
            } else if names.contains(word) {
                texts.append(
                    "'\(word)' is searched for in the message; a condition on the field stands "
                        + "behind ':' without white space, as in \(word):>100")
            } else if PipeSyntax.named(word) != nil {
                texts.append("'\(word)' is searched for in the message; a pipe stands behind '|'")
            }
        }
        if texts.isEmpty, let (field, level) = query.filter.levelWord {
            texts.append(
                "words are compared in their case: \(Quoting.word(field)):i(\(level)) finds any, "
                    + "\(Quoting.word(field)):>=\(level.lowercased()) this severity and worse")
        }
        var seen: Set<String> = []
        self.texts = texts.filter { seen.insert($0).inserted }
    }

    /// Hints on `query`, which found nothing in `store`. Looks at the names of the fields there, not at values.
    public init(_ query: Query, store: any LogStore) throws {
        self.init(query, known: try Self.fieldNames(of: store, in: query.filter.timeRange))
    }

    /// Blocks whose field names are looked at: some tens of millions of lines. In greater stores nobody says what is nowhere.
    static let blocksMax = 10_000

    /// What other languages join conditions by.
    private static let operators = [
        "&&": "'&&' is searched for in the message; conditions side by side are joined by 'and'",
        "&": "'&' is searched for in the message; conditions side by side are joined by 'and'",
    ]

    private static let special: Set = ["_time", "_msg", "_class", "_stream", "_stream_id"]

    private static func fieldNames(
        of store: any LogStore, in range: TimeRange
    ) throws -> Set<String>? {
        var names: Set<String> = []
        var blocks = 0
        _ = try store.scan(ScanRequest(timeRange: range, filter: .all)) { block in
            blocks += 1
            if blocks > blocksMax { return .stop }
            if range.overlaps(first: block.timeBounds.first, last: block.timeBounds.last) {
                names.formUnion(try block.fieldNames())
            }
            return .proceed
        }
        return blocks > blocksMax || names.isEmpty ? nil : names
    }

    private static func unknownField(_ field: String, _ names: Set<String>) -> String {
        let text = "no record in the range has a field '\(field)'"
        // The nearest of several equally near ones is the first by the alphabet, each time.
        let meant =
            Spelling.nearest(to: field, in: names.sorted())
            ?? names.sorted().first { $0.hasSuffix("." + field) }
        return text + (meant.map { "; did you mean '\($0)'?" } ?? "")
    }

    /// `level=ERROR`, which is a word, where `level:ERROR` was meant.
    private static func comparison(_ word: String, _ names: Set<String>) -> String? {
        let name = word.prefix { $0 != "=" && $0 != "<" && $0 != ">" && $0 != "!" }
        let rest = word[name.endIndex...]
        let sign = rest.prefix { "=<>!~".contains($0) }
        var value = rest.dropFirst(sign.count)
        // `level='ERROR'`: the quotes belong to the other language.
        if value.count > 2, let quote = value.first, "'\"".contains(quote), value.last == quote {
            value = value.dropFirst().dropLast()
        }
        guard !name.isEmpty, !sign.isEmpty, !value.isEmpty, names.contains(String(name)) else {
            return nil
        }
        let field = Quoting.word(String(name))
        let meant: String =
            switch sign {
            case "=", "==":
                "\(field):\(Quoting.word(String(value))) (the word) or "
                    + "\(field):=\(Quoting.word(String(value))) (the whole value)"
            case "!=": "\(field):!=\(Quoting.word(String(value)))"
            default: "\(field):\(sign)\(Quoting.operand(String(value)))"
            }
        return "'\(word)' is searched for in the message; did you mean \(meant)?"
    }
}

extension Query {
    /// The fields of records that the query names.
    var askedFields: Set<String> { filter.fieldNames.union(inputFields ?? []) }
}

extension Filter {
    /// The words and phrases that are looked for in the message.
    fileprivate var messageWords: [String] {
        leaves.compactMap { field, matcher in
            field == "_msg" ? (matcher as? PhraseMatcher)?.text : nil
        }
    }

    /// A severity that is looked for as a word, and its field.
    fileprivate var levelWord: (field: String, word: String)? {
        for (field, matcher) in leaves where LevelMatcher.concerns(field) {
            let text = (matcher as? PhraseMatcher)?.text ?? (matcher as? ExactMatcher)?.text
            if let text, text.withView({ LogLevel(text: $0) }) != .unknown { return (field, text) }
        }
        return nil
    }

    /// The conditions on values that have to hold.
    private var leaves: [(field: String, matcher: ValueMatcher)] {
        switch self {
        case .all, .time, .fields, .not: []
        case .leaf(let field, let predicate): [(field, predicate.matcher)]
        case .and(let filters), .or(let filters): filters.flatMap(\.leaves)
        }
    }
}
