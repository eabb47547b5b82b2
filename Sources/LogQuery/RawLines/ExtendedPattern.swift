/// A POSIX extended regular expression, as `grep -E` reads it in a UTF-8 locale.
indirect enum ExtendedPattern: Equatable, Sendable {
    /// Nothing: matches everywhere.
    case empty
    /// One character of a set.
    case set(CharacterSet)
    /// An assertion about the place between two characters.
    case assertion(Assertion)
    /// One behind the other.
    case sequence([ExtendedPattern])
    /// One of these.
    case alternatives([ExtendedPattern])
    /// As often as the bounds say; a missing upper bound is none.
    case repetition(ExtendedPattern, min: Int, max: Int?)

    /// What can be said of a place between two characters.
    enum Assertion: Equatable, Sendable {
        /// `^` and `` \` ``, `$` and `\'`.
        case lineStart, lineEnd
        /// `\b`, `\B`, `\<`, `\>`.
        case wordBorder, noWordBorder, wordStart, wordEnd
        /// What `-w` wants in front of a match and behind it.
        case noWordBefore, noWordBehind
    }

    /// How many characters, assertions and groups there are once repetitions are written out; `limit` when there are more.
    func size(limit: Int) -> Int {
        switch self {
        case .empty, .set, .assertion: return 1
        case .sequence(let parts), .alternatives(let parts):
            var sum = 1
            for part in parts where sum < limit { sum += part.size(limit: limit) }
            return min(sum, limit)
        case .repetition(let part, let least, let most):
            let times = max(most ?? (least + 1), 1)
            let (product, overflow) = part.size(limit: limit).multipliedReportingOverflow(by: times)
            return overflow ? limit : min(product + 1, limit)
        }
    }

    /// The text that the pattern stands for, where it is plain text.
    var plainText: String? {
        switch self {
        case .empty: return ""
        case .set(let set): return set.onlyCharacter.map { String(Character($0)) }
        case .sequence(let parts):
            var text = ""
            for part in parts {
                guard let piece = part.plainText else { return nil }
                text += piece
            }
            return text
        case .assertion, .alternatives, .repetition: return nil
        }
    }

    /// Whether some construct in it asks more of characters beyond ASCII than RE2 knows.
    var asksUnicode: Bool {
        switch self {
        case .empty: false
        case .set(let set): set.classes.contains { !$0.isExactInRE2 }
        case .assertion(let assertion): assertion != .lineStart && assertion != .lineEnd
        case .sequence(let parts), .alternatives(let parts): parts.contains(where: \.asksUnicode)
        case .repetition(let part, _, _): part.asksUnicode
        }
    }
}

/// A set of characters. What is no valid UTF-8 is in no set, as grep has it.
struct CharacterSet: Equatable, Sendable {
    /// Code points.
    var ranges: [ClosedRange<UInt32>] = []
    /// Named classes.
    var classes: [CharacterClass] = []
    /// Whether the set is all characters but these.
    var isNegated = false

    /// Every character.
    static let any = CharacterSet(isNegated: true)

    /// `character`, and with `ignoresCase` those that differ from it by case only.
    init(_ character: Unicode.Scalar, ignoresCase: Bool) {
        ranges = [character.value...character.value]
        if ignoresCase { foldCase() }
    }

    init(
        ranges: [ClosedRange<UInt32>] = [], classes: [CharacterClass] = [], isNegated: Bool = false
    ) {
        self.ranges = ranges
        self.classes = classes
        self.isNegated = isNegated
    }

    /// The only character in the set.
    var onlyCharacter: Unicode.Scalar? {
        guard !isNegated, classes.isEmpty, ranges.count == 1, ranges[0].count == 1 else {
            return nil
        }
        return Unicode.Scalar(ranges[0].lowerBound)
    }

    /// Whether every character in it is a letter or digit of ASCII or `_`.
    var isASCIIWord: Bool {
        !isNegated && classes.allSatisfy { $0 == .digit || $0 == .xdigit }
            && ranges.allSatisfy { range in
                [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A].contains {
                    $0.contains(range.lowerBound) && $0.contains(range.upperBound)
                }
            }
    }

    /// Whether `scalar` is in the set.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let isNamed =
            ranges.contains { $0.contains(scalar.value) }
            || classes.contains { $0.contains(scalar) }
        return isNamed != isNegated
    }

    /// A range of so many code points is folded character by character; of larger ones only the ASCII letters, the rest
    /// holds its own counterparts in practice.
    private static let foldedRangeMax = 1_024

    /// Adds what differs by case only.
    mutating func foldCase() {
        for range in ranges {
            let folded =
                range.count <= Self.foldedRangeMax ? range : range.clamped(to: 0...0x7F)
            for value in folded {
                guard let scalar = Unicode.Scalar(value) else { continue }
                for other in CaseFolding.counterparts(of: scalar)
                where !ranges.contains(where: { $0.contains(other.value) }) {
                    ranges.append(other.value...other.value)
                }
            }
        }
        if classes.contains(.upper) || classes.contains(.lower) { classes.append(.alpha) }
    }
}

/// Which characters differ by case only, by grep's rules: those with the same upper case.
enum CaseFolding {
    /// Characters whose upper case is another's, too, and which are the lower case of none.
    private static let lonesome: [UInt32] = [
        0xB5, 0x131, 0x17F, 0x1C5, 0x1C8, 0x1CB, 0x1F2, 0x345, 0x3C2, 0x3D0, 0x3D1, 0x3D5, 0x3D6,
        0x3F0, 0x3F1, 0x3F5, 0x1E9B, 0x1FBE,
    ]

    /// The other characters that `scalar` stands for.
    static func counterparts(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        let upper = single(scalar.properties.uppercaseMapping) ?? scalar
        let lower = single(upper.properties.lowercaseMapping) ?? upper
        var found: [Unicode.Scalar] = []
        if upper != scalar { found.append(upper) }
        if lower != upper, lower != scalar, single(lower.properties.uppercaseMapping) == upper {
            found.append(lower)
        }
        for value in lonesome where scalar.value != value && lower.value != value {
            guard let other = Unicode.Scalar(value), other != upper,
                single(other.properties.uppercaseMapping) == upper
            else { continue }
            found.append(other)
        }
        return found
    }

    private static func single(_ text: String) -> Unicode.Scalar? {
        let scalars = text.unicodeScalars
        return scalars.count == 1 ? scalars.first : nil
    }
}

/// The classes `[:alpha:]` and so on, and the characters of words.
enum CharacterClass: String, CaseIterable, Sendable {
    case alpha, alnum, blank, cntrl, digit, graph, lower, print, punct, space, upper, xdigit
    /// `\w`: letters, digits and `_`. It has no name in brackets.
    case word = "\\w"

    /// The code points that RE2 is given for the class: all of it where `isExactInRE2`, else those of ASCII.
    var ranges: [ClosedRange<UInt32>] {
        switch self {
        case .alpha: [0x41...0x5A, 0x61...0x7A]
        case .alnum: [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
        case .word: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
        case .upper: [0x41...0x5A]
        case .lower: [0x61...0x7A]
        case .digit: [0x30...0x39]
        case .xdigit: [0x30...0x39, 0x41...0x46, 0x61...0x66]
        case .punct: [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]
        case .graph: [0x21...0x7E]
        case .print: [0x20...0x7E]
        case .cntrl: [0x00...0x1F, 0x7F...0x9F, 0x2028...0x2029]
        case .blank: [0x09...0x09] + Self.spaces
        case .space: [0x09...0x0D, 0x2028...0x2029] + Self.spaces
        }
    }

    /// Blanks at which a line may be broken.
    private static let spaces: [ClosedRange<UInt32>] = [
        0x20...0x20, 0x1680...0x1680, 0x2000...0x2006, 0x2008...0x200A, 0x205F...0x205F,
        0x3000...0x3000,
    ]

    /// Whether `ranges` are the whole class.
    var isExactInRE2: Bool {
        switch self {
        case .digit, .xdigit, .blank, .space, .cntrl: true
        default: false
        }
    }

    /// Whether `scalar` is in the class.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII || isExactInRE2 {
            return ranges.contains { $0.contains(scalar.value) }
        }
        let properties = scalar.properties
        let isAlphabetic =
            properties.isAlphabetic || properties.generalCategory == .decimalNumber
        switch self {
        case .alpha, .alnum, .word: return isAlphabetic
        // A title case letter is both.
        case .upper: return properties.isUppercase || properties.generalCategory == .titlecaseLetter
        case .lower: return properties.isLowercase || properties.generalCategory == .titlecaseLetter
        case .punct: return Self.isVisible(properties) && !isAlphabetic
        case .graph: return Self.isVisible(properties)
        case .print: return Self.isVisible(properties) || properties.isWhitespace
        default: return false
        }
    }

    private static func isVisible(_ properties: Unicode.Scalar.Properties) -> Bool {
        switch properties.generalCategory {
        case .unassigned, .surrogate, .control, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: !properties.isWhitespace
        default: true
        }
    }
}
