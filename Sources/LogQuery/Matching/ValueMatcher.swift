public import LogBytes

/// A condition on the text of one value. A missing field has the empty text.
///
/// Immutable: threads may ask one matcher at once. Subclasses override `matches` and, where they can, the hints by which
/// a store skips what cannot match. A class and not a protocol so that a call from the ingest path costs one indirect
/// jump and no reference counting.
public class ValueMatcher: @unchecked Sendable {
    /// The condition as it is written behind `field:`; two matchers with the same syntax mean the same.
    public let syntax: String
    /// How much work `matches` is: filters ask the cheaper conditions first.
    public let cost: MatchCost

    init(syntax: String, cost: MatchCost) {
        self.syntax = syntax
        self.cost = cost
    }

    /// Whether `text` meets the condition.
    public func matches(_ text: ByteView) -> Bool {
        preconditionFailure("BUG: a matcher that does not match")
    }

    /// The only texts that match, where they are known.
    public var onlyTexts: [[UInt8]]? { nil }

    /// Texts of which every matching text contains one, byte for byte; empty where nothing is known.
    public var literals: [[UInt8]] { [] }

    /// Whether a text matches as soon as a part of it does that ends where words end.
    public var matchesByParts: Bool { false }

    /// Whether nothing that matches spans the border of a word: with `matchesByParts`, one of the parts matches by itself.
    public var isOneWord: Bool { false }

    /// How plain numbers are compared, where only numbers match: the number times the scale lies within the bounds (nil: none does).
    public var numberTest: (bounds: ClosedRange<Double>?, scale: Double)? { nil }

    /// Words, split as by `Words.split`, that every matching text contains.
    public var neededWords: [[UInt8]] { [] }
}

/// How much work a condition is.
public enum MatchCost: Int, Comparable, Sendable {
    /// No look at any value.
    case free
    /// One comparison.
    case compare
    /// A number is read from the text.
    case parse
    /// The text is searched.
    case search
    /// A regular expression runs over the text.
    case expression

    /// Whether `left` is less work.
    public static func < (left: MatchCost, right: MatchCost) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A matcher as a value that can be compared.
public struct ValuePredicate: Sendable, Equatable, CustomStringConvertible {
    /// The condition.
    public let matcher: ValueMatcher
    /// Whether a missing field meets the condition.
    public let matchesEmpty: Bool

    /// The predicate that `matcher` decides.
    public init(_ matcher: ValueMatcher) {
        self.matcher = matcher
        self.matchesEmpty = matcher.matches(.empty)
    }

    /// Whether `text` meets the condition.
    public func matches(_ text: ByteView) -> Bool { matcher.matches(text) }

    /// The condition as it is written behind `field:`.
    public var description: String { matcher.syntax }

    /// Whether both are the same condition.
    public static func == (left: ValuePredicate, right: ValuePredicate) -> Bool {
        left.matcher === right.matcher || left.matcher.syntax == right.matcher.syntax
    }
}
