internal import LogBytes
internal import LogRecords

/// `>5`, `range[1, 10KiB)`: the text is a number between two others.
final class NumberRangeMatcher: ValueMatcher, @unchecked Sendable {
    private let bounds: ClosedRange<Double>?
    /// What a bare number in the text is multiplied with before it is compared: the field's unit, when the query names
    /// durations. Nil compares bare numbers as they are.
    private let bareScale: Double?

    /// Numbers from `lower` to `upper`, both inclusive; none where `lower > upper`.
    init(from lower: Double, to upper: Double, bareScale: Double?, syntax: String) {
        self.bounds = lower <= upper ? lower...upper : nil
        self.bareScale = bareScale
        super.init(syntax: syntax, cost: .parse)
    }

    override func matches(_ text: ByteView) -> Bool {
        guard let bounds, let number = NumberValue.parse(text) else { return false }
        if let bareScale, number.kind == .plain {
            return bounds.contains(number.value * bareScale)
        }
        return bounds.contains(number.value)
    }

    override var numberTest: (bounds: ClosedRange<Double>?, scale: Double)? {
        (bounds, bareScale ?? 1)
    }
}

/// The unit that a field's name tells, so that `duration_ms:>2s` can be compared.
enum FieldUnit {
    /// The nanoseconds of one unit of the field `name`, or nil.
    static func nanoseconds(_ name: String) -> Double? {
        for (suffixes, scale) in scales where suffixes.contains(where: { name.hasSuffix($0) }) {
            return scale
        }
        return nil
    }

    private static let scales: [([String], Double)] = [
        (["_ms", ".ms", "Ms", "_millis", "Millis", "_milliseconds"], 1e6),
        (["_us", ".us", "_micros", "Micros", "_microseconds"], 1e3),
        (["_ns", ".ns", "_nanos", "Nanos", "_nanoseconds"], 1),
        (["_s", "_sec", "_secs", "_seconds", "Seconds"], 1e9),
    ]
}

/// `>=warn`: severities in one order for all loggers. Text that is no severity matches nothing.
final class LevelMatcher: ValueMatcher, @unchecked Sendable {
    private let levels: ClosedRange<LogLevel>?

    init(from lower: LogLevel, to upper: LogLevel, syntax: String) {
        levels = lower <= upper ? lower...upper : nil
        super.init(syntax: syntax, cost: .compare)
    }

    override func matches(_ text: ByteView) -> Bool {
        guard let levels else { return false }
        let level = LogLevel(text: text)
        return level != .unknown && levels.contains(level)
    }

    /// Whether the field `name` holds severities.
    static func concerns(_ name: String) -> Bool {
        let last = name.split(separator: ".").last.map(String.init) ?? name
        return ["level", "severity", "loglevel", "levelname", "error_severity", "lvl"]
            .contains(last.lowercased())
    }
}

/// `>abc`, `string_range(a, c)`: the text lies between two others, byte by byte.
final class StringRangeMatcher: ValueMatcher, @unchecked Sendable {
    private let lower: [UInt8]
    private let upper: [UInt8]?
    private let includesLower: Bool
    private let includesUpper: Bool

    /// Texts behind `lower` (and that itself when `includesLower`) and before `upper`, which may be open.
    init(
        lower: String, includesLower: Bool, upper: String?, includesUpper: Bool, syntax: String
    ) {
        self.lower = Array(lower.utf8)
        self.upper = upper.map { Array($0.utf8) }
        self.includesLower = includesLower
        self.includesUpper = includesUpper
        super.init(syntax: syntax, cost: .compare)
    }

    override func matches(_ text: ByteView) -> Bool {
        let above = lower.withView { $0 < text || includesLower && $0 == text }
        guard above, let upper else { return above }
        return upper.withView { text < $0 || includesUpper && $0 == text }
    }
}
