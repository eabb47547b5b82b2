internal import LogBytes

extension FilterFunction {
    static let containsAll = FilterFunction(
        "contains_all", synopsis: "contains_all(a, \"b c\")", summary: "all of these phrases"
    ) { (parser, field) throws(QueryError) in
        parser.leaf(
            field,
            try parser.valuesOrSubquery("contains_all") { PhraseListMatcher($0, .all) })
    }

    static let containsAny = FilterFunction(
        "contains_any", synopsis: "contains_any(a, \"b c\")", summary: "one of these phrases"
    ) { (parser, field) throws(QueryError) in
        parser.leaf(
            field,
            try parser.valuesOrSubquery("contains_any") { PhraseListMatcher($0, .any) })
    }

    static let sequence = FilterFunction(
        "seq", synopsis: "seq(a, \"b c\")", summary: "these phrases, one behind the other"
    ) { (parser, field) throws(QueryError) in
        parser.leaf(field, PhraseListMatcher(try parser.arguments(of: "seq"), .sequence))
    }
}

/// `contains_all(…)`, `contains_any(…)`, `seq(…)`: several phrases in one text.
final class PhraseListMatcher: ValueMatcher, @unchecked Sendable {
    enum Rule: String {
        case all = "contains_all"
        case any = "contains_any"
        case sequence = "seq"
    }

    private let rule: Rule
    private let searches: [PhraseSearch]

    init(_ phrases: [String], _ rule: Rule) {
        self.rule = rule
        let phrases = rule == .any ? phrases : phrases.filter { !$0.isEmpty }
        searches = phrases.map { PhraseSearch(Array($0.utf8), isPrefix: false) }
        super.init(
            syntax: "\(rule.rawValue)(\(phrases.map(Quoting.word).joined(separator: ",")))",
            cost: .search)
    }

    override func matches(_ text: ByteView) -> Bool {
        switch rule {
        case .all: searches.allSatisfy { $0.firstIndex(in: text) != nil }
        case .any:
            searches.contains { search in
                search.phrase.isEmpty ? text.isEmpty : search.firstIndex(in: text) != nil
            }
        case .sequence: matchesSequence(text)
        }
    }

    private func matchesSequence(_ text: ByteView) -> Bool {
        var position = 0
        for search in searches {
            guard let hit = search.firstIndex(in: text, from: position) else { return false }
            position = hit + search.phrase.count
        }
        return true
    }

    override var neededWords: [[UInt8]] {
        rule == .any ? [] : searches.flatMap { Words.split($0.phrase) }
    }
}
