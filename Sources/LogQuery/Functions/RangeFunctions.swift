internal import LogBytes

extension FilterFunction {
    static let range = FilterFunction(
        "range", synopsis: "range(1, 10) range[1, 10KiB]",
        summary: "a number between two others; a bracket includes its end", takesBracket: true
    ) { (parser, field) throws(QueryError) in
        let includesLower = parser.token.text == "["
        parser.advance()
        let lower = try parser.numberOperand()
        try parser.expect(",", "between the ends of range(…)")
        let upper = try parser.numberOperand()
        let includesUpper = parser.isNext("]")
        guard parser.accept(")", "]") else {
            throw parser.fault("expected ')' or ']' at the end of range(…)")
        }
        let isDuration = lower.kind == .duration || upper.kind == .duration
        return parser.leaf(
            field,
            NumberRangeMatcher(
                from: includesLower ? lower.value : lower.value.nextUp,
                to: includesUpper ? upper.value : upper.value.nextDown,
                bareScale: isDuration ? FieldUnit.nanoseconds(field) : nil,
                syntax: "range" + (includesLower ? "[" : "(") + Quoting.operand(lower.text) + ","
                    + Quoting.operand(upper.text) + (includesUpper ? "]" : ")")))
    }

    static let stringRange = FilterFunction(
        "string_range", synopsis: "string_range(a, c)",
        summary: "a text from a up to and without c, byte by byte"
    ) { (parser, field) throws(QueryError) in
        let place = parser.token.offset
        let values = try parser.arguments(of: "string_range")
        guard values.count == 2 else {
            throw parser.fault("string_range(…) takes two texts", at: place)
        }
        return parser.leaf(
            field,
            StringRangeMatcher(
                lower: values[0], includesLower: true, upper: values[1], includesUpper: false,
                syntax: "string_range(\(values.map(Quoting.quoted).joined(separator: ",")))"))
    }

    static let lengthRange = FilterFunction(
        "len_range", synopsis: "len_range(5, 10)",
        summary: "a text of so many characters; inf leaves the end open"
    ) { (parser, field) throws(QueryError) in
        try parser.expect("(", "after len_range")
        let lower = try parser.numberOperand()
        try parser.expect(",", "between the ends of len_range(…)")
        let upper = try parser.numberOperand()
        try parser.expect(")", "at the end of len_range(…)")
        return parser.leaf(
            field,
            LengthMatcher(
                from: lower.value, to: upper.value,
                syntax: "len_range(\(Quoting.operand(lower.text)),\(Quoting.operand(upper.text)))"))
    }

    static let ipv4Range = FilterFunction(
        "ipv4_range", synopsis: "ipv4_range(\"10.0.0.0/8\") ipv4_range(a, b)",
        summary: "an IPv4 address of a network, or from a to b"
    ) { (parser, field) throws(QueryError) in
        let place = parser.token.offset
        let values = try parser.arguments(of: "ipv4_range")
        guard let bounds = addressBounds(values) else {
            throw parser.fault(
                "ipv4_range(…) takes a network such as 10.0.0.0/8, or two addresses", at: place)
        }
        return parser.leaf(
            field,
            AddressMatcher(
                bounds,
                syntax: "ipv4_range(\(values.map(Quoting.quoted).joined(separator: ",")))"))
    }

    private static func addressBounds(_ values: [String]) -> ClosedRange<UInt32>? {
        if values.count == 2, let lower = values[0].withView({ NumberValue.address($0) }),
            let upper = values[1].withView({ NumberValue.address($0) }), lower <= upper
        {
            return lower...upper
        }
        guard values.count == 1 else { return nil }
        let parts = values[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2,
            let base = String(parts[0]).withView({ NumberValue.address($0) }),
            let bits = parts.count == 2 ? Int(parts[1]) : 32, (0...32).contains(bits)
        else { return nil }
        let mask: UInt32 = bits == 0 ? 0 : ~0 << UInt32(32 - bits)
        return (base & mask)...(base & mask | ~mask)
    }
}

extension QueryParser {
    /// A number as an end of a range.
    mutating func numberOperand() throws(QueryError) -> (
        value: Double, kind: NumberValue.Kind, text: String
    ) {
        let place = token.offset
        let text = try operand()
        guard let number = NumberValue.operand(text) else {
            throw fault(
                "'\(text)' is no number; there are 12 1.5 1_000 0x1f 10KiB 1h30m 10.0.0.1 inf",
                at: place)
        }
        return (number.value, number.kind, text)
    }
}

/// `len_range(5, 10)`: how many characters the text has.
private final class LengthMatcher: ValueMatcher, @unchecked Sendable {
    private let lower: Double
    private let upper: Double

    init(from lower: Double, to upper: Double, syntax: String) {
        self.lower = lower
        self.upper = upper
        super.init(syntax: syntax, cost: .parse)
    }

    override func matches(_ text: ByteView) -> Bool {
        var count = 0
        for index in 0..<text.count where text[index] & 0xC0 != 0x80 { count += 1 }
        return Double(count) >= lower && Double(count) <= upper
    }
}

/// `ipv4_range(…)`: the text is an address between two others.
private final class AddressMatcher: ValueMatcher, @unchecked Sendable {
    private let bounds: ClosedRange<UInt32>

    init(_ bounds: ClosedRange<UInt32>, syntax: String) {
        self.bounds = bounds
        super.init(syntax: syntax, cost: .parse)
    }

    override func matches(_ text: ByteView) -> Bool {
        guard let address = NumberValue.address(text) else { return false }
        return bounds.contains(address)
    }
}
