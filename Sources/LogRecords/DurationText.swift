/// Durations as people and Prometheus write them: `90s`, `5m`, `1h30m`, `500ms`, `1d`.
public enum DurationText {
    /// The units, the largest first, in nanoseconds.
    private static let units: [(name: String, length: Int64)] = [
        ("w", 7 * Timestamp.day), ("d", Timestamp.day), ("h", 3_600 * Timestamp.second),
        ("m", 60 * Timestamp.second), ("s", Timestamp.second), ("ms", 1_000_000),
        ("us", 1_000), ("µs", 1_000),
    ]
    /// The longest duration: a hundred years. Sums of times and durations stay in range.
    private static let longest = 36_500.0 * 86_400e9

    /// The nanoseconds that `text` stands for, or nil: one or more numbers, each with its unit.
    public static func parse(_ text: some StringProtocol) -> Int64? {
        var total = 0.0
        var rest = text[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let value = Double(String(number)), !number.hasPrefix("."),
                let unit = units.first(where: { $0.name == String(name) })
            else { return nil }
            total += value * Double(unit.length)
        }
        return total <= longest ? Int64(total.rounded()) : nil
    }

    /// The shortest exact spelling: `5m`, `1h30m`, `1.5s` as `1s500ms`; what is below a millisecond is left out.
    public static func text(_ duration: Int64) -> String {
        var rest = duration
        var result = rest < 0 ? "-" : ""
        rest = abs(rest)
        for unit in units.prefix(6) where unit.name != "w" && rest >= unit.length {
            result += "\(rest / unit.length)\(unit.name)"
            rest %= unit.length
        }
        return result.isEmpty || result == "-" ? "0s" : result
    }
}
