/// The pattern for RE2, which matches the same ASCII lines, and the same lines of any kind unless `asksUnicode`.
struct PatternText {
    /// The pattern. Group 1 is the match, where `hasGroup`.
    private(set) var text = ""

    /// Repetitions up to this many are RE2's own work; it refuses more.
    private static let ownRepetitionMax = 1_000
    /// A pattern that is longer when written out would not compile in the memory that it gets.
    private static let bytesMax = 1 << 20

    /// The pattern is too large.
    struct TooLarge: Error {}

    /// `pattern`; nil when RE2 has no words for some assertion in it.
    init?(_ pattern: ExtendedPattern, words: Bool) throws(TooLarge) {
        if words {
            text += "(?:^|[^0-9A-Za-z_])("
            guard try append(pattern) else { return nil }
            text += ")(?:[^0-9A-Za-z_]|$)"
        } else {
            guard try append(pattern) else { return nil }
        }
    }

    private mutating func append(_ pattern: ExtendedPattern) throws(TooLarge) -> Bool {
        guard text.utf8.count <= Self.bytesMax else { throw TooLarge() }
        switch pattern {
        case .empty: text += "(?:)"
        case .set(let set): append(set)
        case .assertion(let assertion):
            switch assertion {
            case .lineStart: text += "^"
            case .lineEnd: text += "$"
            case .wordBorder: text += "\\b"
            case .noWordBorder: text += "\\B"
            default: return false
            }
        case .sequence(let parts): return try append(sequence: parts)
        case .alternatives(let parts):
            text += "(?:"
            for (number, part) in parts.enumerated() {
                if number > 0 { text += "|" }
                guard try append(part) else { return false }
            }
            text += ")"
        case .repetition(let part, let least, let most):
            return try append(part, least, most)
        }
        return true
    }

    private mutating func append(sequence parts: [ExtendedPattern]) throws(TooLarge) -> Bool {
        for (number, part) in parts.enumerated() {
            switch part {
            // Beside a character of a word, the border of a word can only be its beginning, or its end.
            case .assertion(.wordStart)
            where number + 1 < parts.count && parts[number + 1].isASCIIWord:
                text += "\\b"
            case .assertion(.wordEnd) where number > 0 && parts[number - 1].isASCIIWord:
                text += "\\b"
            default:
                guard try append(part) else { return false }
            }
        }
        return true
    }

    private mutating func append(
        _ part: ExtendedPattern, _ least: Int, _ most: Int?
    ) throws(TooLarge) -> Bool {
        let suffix: String
        switch (least, most) {
        case (0, nil): suffix = "*"
        case (1, nil): suffix = "+"
        case (0, 1): suffix = "?"
        default:
            if part.hasIntervals || max(least, most ?? 0) > Self.ownRepetitionMax {
                return try appendWrittenOut(part, least, most)
            }
            suffix = "{\(least),\(most.map { "\($0)" } ?? "")}"
        }
        text += "(?:"
        guard try append(part) else { return false }
        text += ")" + suffix
        return true
    }

    private mutating func appendWrittenOut(
        _ part: ExtendedPattern, _ least: Int, _ most: Int?
    ) throws(TooLarge) -> Bool {
        for _ in 0..<least {
            text += "(?:"
            guard try append(part) else { return false }
            text += ")"
        }
        guard let most else { return try append(part, 0, nil) }
        for _ in least..<max(most, least) {
            text += "(?:(?:"
            guard try append(part) else { return false }
            text += ")"
        }
        text += String(repeating: ")?", count: max(most - least, 0))
        return true
    }

    private mutating func append(_ set: CharacterSet) {
        if let only = set.onlyCharacter {
            append(only)
            return
        }
        let ranges = set.ranges + set.classes.flatMap(\.ranges)
        // RE2 takes a class up to the last code point for "any bytes that look like UTF-8"; without the surrogates it
        // keeps to what is valid.
        text += set.isNegated ? "[^\\x{d800}-\\x{dfff}" : "["
        for range in ranges {
            text += "\\x{\(String(range.lowerBound, radix: 16))}"
            if range.count > 1 { text += "-\\x{\(String(range.upperBound, radix: 16))}" }
        }
        text += "]"
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z": text.unicodeScalars.append(scalar)
        case _ where scalar.isASCII: text += "\\x{\(String(scalar.value, radix: 16))}"
        default: text.unicodeScalars.append(scalar)
        }
    }
}

extension ExtendedPattern {
    /// Whether it is one character, and one of an ASCII word.
    fileprivate var isASCIIWord: Bool {
        switch self {
        case .set(let set): set.isASCIIWord
        case .repetition(let part, let least, _): least > 0 && part.isASCIIWord
        default: false
        }
    }

    /// Whether there are counted repetitions in it: RE2 multiplies those that stand inside each other.
    fileprivate var hasIntervals: Bool {
        switch self {
        case .empty, .set, .assertion: return false
        case .sequence(let parts), .alternatives(let parts):
            return parts.contains(where: \.hasIntervals)
        case .repetition(let part, let least, let most):
            return least > 1 || (most ?? 0) > 1 || part.hasIntervals
        }
    }
}
