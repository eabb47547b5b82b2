/// A filter that has a name: `in(…)`, `range(…)`.
///
/// A new one is a file beside this one and a line in `all`; the parser and its hints know no other list.
public struct FilterFunction: Sendable {
    /// What it is called, the usual name first.
    public let names: [String]
    /// How it is written behind `field:`.
    public let synopsis: String
    /// What it matches, in one line.
    public let summary: String
    /// Whether `[` may follow the name, as well as `(`.
    let takesBracket: Bool
    /// Reads the function from behind its name; the field is empty where none was named.
    let parse: @Sendable (inout QueryParser, String) throws(QueryError) -> Filter

    init(
        _ names: String..., synopsis: String, summary: String, takesBracket: Bool = false,
        parse: @escaping @Sendable (inout QueryParser, String) throws(QueryError) -> Filter
    ) {
        self.names = names
        self.synopsis = synopsis
        self.summary = summary
        self.takesBracket = takesBracket
        self.parse = parse
    }

    /// Every named filter.
    public static let all: [FilterFunction] = [
        .anyCase, .exact, .oneOf, .regex, .range, .stringRange, .lengthRange, .ipv4Range,
        .containsAll, .containsAny, .sequence, .eqField, .leField, .ltField, .containsCommonCase,
        .equalsCommonCase, .jsonArrayContainsAny, .patternMatch, .patternMatchFull,
        .patternMatchPrefix, .patternMatchSuffix, .valueType, .ipv6Range,
    ]

    static func named(_ name: String) -> FilterFunction? { byName[name] }

    private static let byName: [String: FilterFunction] = Dictionary(
        all.flatMap { function in function.names.map { ($0, function) } },
        uniquingKeysWith: { first, _ in first })
}
