internal import LogBytes

extension FilterFunction {
    static let containsCommonCase = FilterFunction(
        "contains_common_case", synopsis: "contains_common_case(Error)",
        summary: "one of these phrases as written, in capitals, or with capitals made small"
    ) { (parser, field) throws(QueryError) in
        let place = parser.token.offset
        let phrases = try parser.arguments(of: "contains_common_case")
        let spellings = try parser.commonCases(phrases, at: place)
        return parser.leaf(
            field,
            RenamedMatcher(
                PhraseListMatcher(spellings, .any), name: "contains_common_case", phrases))
    }

    static let equalsCommonCase = FilterFunction(
        "equals_common_case", synopsis: "equals_common_case(Error)",
        summary: "the whole text is one of these, with cases as in contains_common_case"
    ) { (parser, field) throws(QueryError) in
        let place = parser.token.offset
        let phrases = try parser.arguments(of: "equals_common_case")
        let spellings = try parser.commonCases(phrases, at: place)
        return parser.leaf(
            field, RenamedMatcher(InMatcher(spellings), name: "equals_common_case", phrases))
    }

    static let jsonArrayContainsAny = FilterFunction(
        "json_array_contains_any", synopsis: "json_array_contains_any(a, b)",
        summary: "the text is a JSON array with one of these as an element"
    ) { (parser, field) throws(QueryError) in
        parser.leaf(
            field, ArrayElementMatcher(try parser.arguments(of: "json_array_contains_any")))
    }
}

extension QueryParser {
    /// Capitals of one phrase that are made small independently: 1,024 spellings at most.
    private static let capitalsMax = 10

    /// Each phrase as it is, in capitals, in small letters, and with every choice of its capitals made small.
    fileprivate func commonCases(
        _ phrases: [String], at place: Int
    ) throws(QueryError) -> [String] {
        var spellings: [String] = []
        for phrase in phrases {
            let characters = Array(phrase)
            let capitals = characters.indices.filter { characters[$0].isUppercase }
            guard capitals.count <= Self.capitalsMax else {
                throw fault(
                    "'\(phrase)' has more than \(Self.capitalsMax) capitals; use i(…)", at: place)
            }
            spellings += [phrase.uppercased(), phrase.lowercased()]
            for choice in 0..<(1 << capitals.count) {
                var spelling = characters.map(String.init)
                for (bit, index) in capitals.enumerated() where choice >> bit & 1 == 1 {
                    spelling[index] = spelling[index].lowercased()
                }
                spellings.append(spelling.joined())
            }
        }
        var seen: Set<String> = []
        return spellings.filter { seen.insert($0).inserted }
    }
}

/// A matcher that is written otherwise than it works.
private final class RenamedMatcher: ValueMatcher, @unchecked Sendable {
    private let inner: ValueMatcher

    init(_ inner: ValueMatcher, name: String, _ arguments: [String]) {
        self.inner = inner
        super.init(
            syntax: "\(name)(\(arguments.map(Quoting.word).joined(separator: ",")))",
            cost: inner.cost)
    }

    override func matches(_ text: ByteView) -> Bool { inner.matches(text) }
    override var onlyTexts: [[UInt8]]? { inner.onlyTexts }
}

/// `json_array_contains_any(a, b)`: an element of the array is one of these texts.
private final class ArrayElementMatcher: ValueMatcher, @unchecked Sendable {
    private let values: Set<[UInt8]>

    init(_ values: [String]) {
        self.values = Set(values.map { Array($0.utf8) })
        super.init(
            syntax:
                "json_array_contains_any(\(values.map(Quoting.word).joined(separator: ",")))",
            cost: .search)
    }

    override func matches(_ text: ByteView) -> Bool {
        JSONParts.elements(text)?.contains(where: values.contains) ?? false
    }
}
