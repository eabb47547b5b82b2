internal import LogBytes
internal import LogRecords

extension FilterFunction {
    static let valueType = FilterFunction(
        "value_type", synopsis: "value_type(uint64)",
        summary: "the narrowest type that holds the value: uint8 … uint64, int64, float64, ipv4, …"
    ) { (parser, field) throws(QueryError) in
        let place = parser.following.offset
        let names = try parser.arguments(of: "value_type")
        guard names.count == 1, let type = ValueType(rawValue: names[0].lowercased()) else {
            let known = ValueType.allCases.map(\.rawValue).joined(separator: ", ")
            throw parser.fault("value_type(…) takes one of \(known)", at: place)
        }
        return parser.leaf(field, TypeMatcher(type))
    }

    static let ipv6Range = FilterFunction(
        "ipv6_range", synopsis: "ipv6_range(\"2001:db8::/32\") ipv6_range(a, b)",
        summary: "an IPv6 address of a network, or from a to b"
    ) { (parser, field) throws(QueryError) in
        let place = parser.token.offset
        let values = try parser.arguments(of: "ipv6_range")
        guard let bounds = addressBounds(values) else {
            throw parser.fault(
                "ipv6_range(…) takes a network such as 2001:db8::/32, or two addresses", at: place)
        }
        return parser.leaf(
            field,
            WideAddressMatcher(
                bounds,
                syntax: "ipv6_range(\(values.map(Quoting.quoted).joined(separator: ",")))"))
    }

    private static func addressBounds(_ values: [String]) -> ClosedRange<UInt128>? {
        if values.count == 2 {
            guard let lower = WideAddress.parse(values[0]),
                let upper = WideAddress.parse(values[1]), lower <= upper
            else { return nil }
            return lower...upper
        }
        guard values.count == 1 else { return nil }
        let parts = values[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = WideAddress.parse(String(parts[0])),
            let bits = parts.count == 2 ? Int(parts[1]) : 128, (0...128).contains(bits)
        else { return nil }
        let mask: UInt128 = bits == 0 ? 0 : UInt128.max << UInt128(128 - bits)
        return (base & mask)...(base & mask | ~mask)
    }
}

/// What a value can be stored as without loss, the narrowest first.
private enum ValueType: String, CaseIterable {
    case uint8, uint16, uint32, uint64, int64, float64, ipv4, iso8601, string

    /// The narrowest type of `text`.
    init(of text: ByteView) {
        let spelling = text.text
        if let value = UInt64(spelling), "\(value)" == spelling {
            self =
                value <= UInt64(UInt8.max)
                ? .uint8
                : value <= UInt64(UInt16.max)
                    ? .uint16 : value <= UInt64(UInt32.max) ? .uint32 : .uint64
        } else if let value = Int64(spelling), "\(value)" == spelling {
            self = .int64
        } else if let value = NumberText.double(text), value.isFinite {
            self = .float64
        } else if NumberValue.address(text) != nil {
            self = .ipv4
        } else if text.count >= 19, text[4] == ASCII.minus, Timestamp.parse(text) != nil {
            self = .iso8601
        } else {
            self = .string
        }
    }
}

private final class TypeMatcher: ValueMatcher, @unchecked Sendable {
    private let type: ValueType

    init(_ type: ValueType) {
        self.type = type
        super.init(syntax: "value_type(\(type.rawValue))", cost: .parse)
    }

    override func matches(_ text: ByteView) -> Bool { !text.isEmpty && ValueType(of: text) == type }
}

private final class WideAddressMatcher: ValueMatcher, @unchecked Sendable {
    private let bounds: ClosedRange<UInt128>

    init(_ bounds: ClosedRange<UInt128>, syntax: String) {
        self.bounds = bounds
        super.init(syntax: syntax, cost: .parse)
    }

    override func matches(_ text: ByteView) -> Bool {
        text.count <= WideAddress.spellingBytesMax
            && WideAddress.parse(text.text).map(bounds.contains) ?? false
    }
}

/// IPv6 addresses (RFC 4291); IPv4 addresses are those mapped into them, `::ffff:10.0.0.7`.
enum WideAddress {
    /// The longest spelling, `xxxx:…:255.255.255.255`.
    static let spellingBytesMax = 45

    /// The number of the address, or nil.
    static func parse(_ text: String) -> UInt128? {
        if let address = text.withView({ NumberValue.address($0) }) {
            return 0xFFFF_0000_0000 | UInt128(address)
        }
        let halves = split(text)
        guard let halves, let head = groups(halves.head), let tail = groups(halves.tail ?? "")
        else { return nil }
        let missing = 8 - head.count - tail.count
        guard halves.tail == nil ? missing == 0 : missing >= 1 else { return nil }
        let all = head + Array(repeating: 0, count: missing) + tail
        return all.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
    }

    /// What stands before and behind `::`; nil where that occurs twice.
    private static func split(_ text: String) -> (head: Substring, tail: Substring?)? {
        let bytes = Array(text.utf8)
        let pairs = bytes.indices.dropLast().filter {
            bytes[$0] == ASCII.colon && bytes[$0 + 1] == ASCII.colon
        }
        guard bytes.count >= 2, pairs.count <= 1 else { return nil }
        guard let pair = pairs.first else { return (text[...], nil) }
        let place = text.utf8.index(text.utf8.startIndex, offsetBy: pair)
        return (text[..<place], text[text.utf8.index(place, offsetBy: 2)...])
    }

    /// The groups of 16 bits; nil where one is none.
    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1,
                let address = String(part).withView({ NumberValue.address($0) })
            {
                groups += [UInt16(address >> 16), UInt16(address & 0xFFFF)]
            } else if (1...4).contains(part.utf8.count),
                part.utf8.allSatisfy({ Hex.value($0) != nil }),
                let group = UInt16(part, radix: 16)
            {
                groups.append(group)
            } else {
                return nil
            }
        }
        return groups
    }
}
