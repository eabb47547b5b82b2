internal import LogRecords

extension ValueUnit {
    /// The unit that the name of a field tells.
    init(field: String) {
        if field.hasSuffix("_ms") {
            self = .milliseconds
        } else if field.hasSuffix("_seconds") || field.hasSuffix("_s") {
            self = .seconds
        } else if field.hasSuffix("percent") || field.hasSuffix("_pct") {
            self = .percent
        } else if field.hasSuffix("_ratio") || field.hasSuffix("_rate")
            || field.hasSuffix("_fraction")
        {
            self = .fraction
        } else if field.hasSuffix("_bytes") || field == "bytes" {
            self = .bytes
        } else {
            self = .plain
        }
    }

    /// The number that `text` stands for in a unit of the same kind: `1s` for a field in milliseconds, `80%`, `5GiB`. Nil
    /// when it is none.
    func threshold(_ text: String) -> Double? {
        if text.hasSuffix("%") {
            guard let percent = Self.number(text.dropLast()) else { return nil }
            return self == .percent ? percent : self == .fraction ? percent / 100 : nil
        }
        if let number = Self.number(text) { return number }
        switch self {
        case .milliseconds: return DurationText.parse(text).map { Double($0) / 1e6 }
        case .seconds: return DurationText.parse(text).map { Double($0) / 1e9 }
        case .bytes: return Self.size(text)
        default: return nil
        }
    }

    /// A finite number; gauges may lie below zero.
    static func number(_ text: some StringProtocol) -> Double? {
        // `Double` reads `nan`, `inf` and hexadecimal numbers too.
        guard text.utf8.allSatisfy({ "+-.eE0123456789".utf8.contains($0) }) else { return nil }
        return Double(String(text)).flatMap { $0.isFinite ? $0 : nil }
    }

    private static let sizes: [(String, Double)] = [
        ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40), ("KB", 1e3),
        ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1),
    ]

    private static func size(_ text: String) -> Double? {
        for (suffix, scale) in sizes where text.hasSuffix(suffix) {
            return number(text.dropLast(suffix.count)).map { $0 * scale }
        }
        return nil
    }
}
