internal import LogBytes

extension Filter {
    /// The filter with upper and lower case being the same wherever text is compared: `-i`.
    public var ignoringCase: Filter {
        switch self {
        case .all, .time, .fields: self
        case .and(let filters): .and(filters.map(\.ignoringCase))
        case .or(let filters): .or(filters.map(\.ignoringCase))
        case .not(let filter): .not(filter.ignoringCase)
        case .leaf(let field, let predicate):
            .leaf(
                field: field,
                predicate.matcher.ignoringCase.map { ValuePredicate($0) } ?? predicate)
        }
    }
}

extension ValueMatcher {
    /// The same condition without regard to case; nil where it has none, or none that LogsQL can say.
    fileprivate var ignoringCase: ValueMatcher? {
        switch self {
        case let matcher as PhraseMatcher:
            matcher.text.isEmpty ? nil : AnyCaseMatcher(matcher.text, isPrefix: false)
        case let matcher as PrefixMatcher:
            matcher.text.isEmpty ? nil : AnyCaseMatcher(matcher.text, isPrefix: true)
        case let matcher as RegexMatcher: Self.expression(matcher.pattern)
        case let matcher as SubstringMatcher:
            Self.expression(Self.quoted(matcher.needle.withView(\.text)))
        case is ExactMatcher, is InMatcher:
            onlyTexts.flatMap { texts in
                let any = texts.map { Self.quoted($0.withView(\.text)) }.joined(separator: "|")
                return Self.expression("^(?:\(any))$")
            }
        default: nil
        }
    }

    private static func expression(_ pattern: String) -> ValueMatcher? {
        let pattern = "(?i)" + pattern
        return (try? RegularExpression(pattern)).map { RegexMatcher($0, pattern: pattern) }
    }

    /// `text` as an expression that stands for itself.
    private static func quoted(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) {
                out += "\\x{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
