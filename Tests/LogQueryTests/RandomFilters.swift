import TestSupport

/// Random filters as text, and random lines that they can match.
struct RandomFilters {
    var random: SeededGenerator

    private static let words = [
        "error", "user", "login", "x", "a_b", "für", "10", "42", "Ω", "user login", "a-b", "",
        "and", "in", "\"", "\\", "it's", "5m", "#", "tab\tbed", "limit", "*", "(", "null",
    ]
    private static let fields = ["_msg", "level", "n", "a.b", "odd name", "duration_ms", "_class"]

    private func quoted(_ word: String) -> String {
        "\""
            + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
                "\t", with: "\\t") + "\""
    }

    mutating func condition() -> String {
        let word = quoted(random.pick(Self.words))
        let other = quoted(random.pick(Self.words))
        let number = random.pick(["5", "-3", "1.5", "10KiB", "2s", "0x10", "1_000", "inf"])
        let greater = random.pick(["10", "2000", "1h", "1MB", "inf"])
        switch random.below(16) {
        case 0, 1: return word
        case 2: return word + "*"
        case 3: return "=" + word
        case 4: return "=" + word + "*"
        case 5: return "in(\(word),\(other))"
        case 6: return "i(\(word))"
        case 7: return "i(\(word)*)"
        case 8: return random.pick([">", ">=", "<", "<="]) + number
        case 9: return random.pick([">", "<="]) + word
        case 10:
            return "range" + random.pick(["(", "["]) + "\(number), \(greater)"
                + random.pick([")", "]"])
        case 11:
            return "~"
                + random.pick(["\"e.*r\"", "\"user\"", "\"(?i)LOG\"", "\"\\\\d+\"", "\"^$\""])
        case 12: return random.pick(["seq", "contains_all", "contains_any"]) + "(\(word),\(other))"
        case 13: return "string_range(\(word), \(other))"
        case 14: return "len_range(1, 4)"
        default: return "*"
        }
    }

    mutating func filter(depth: Int) -> String {
        if depth == 0 || random.below(4) == 0 {
            if random.below(12) == 0 {
                return random.pick([
                    "_time:5m", "_time:>1h", "_time:2023-11-14T22", "_time:5m offset 1h",
                    "_time:[2023-11-14, 2023-11-15)",
                ])
            }
            let field = random.pick(Self.fields)
            let prefix =
                field == "_msg" && random.below(2) == 0
                ? "" : (field.contains(" ") ? quoted(field) : field) + ":"
            return prefix + condition()
        }
        let parts = (0...random.below(3)).map { _ in "(" + filter(depth: depth - 1) + ")" }
        switch random.below(3) {
        case 0: return parts.joined(separator: " ")
        case 1: return parts.joined(separator: " or ")
        default: return "!" + parts[0]
        }
    }

    mutating func line() -> String {
        func member(_ key: String, _ value: String) -> String { quoted(key) + ":" + value }
        var members: [String] = []
        let texts = Self.words.map(quoted) + ["\"user login error\"", "\"ERROR: x für y\"", "null"]
        if random.below(5) > 0 { members.append(member("message", random.pick(texts))) }
        if random.below(3) > 0 {
            members.append(
                member("level", random.pick(["\"error\"", "\"INFO\"", "\"warn\"", "5"])))
        }
        if random.below(2) > 0 {
            members.append(
                member("n", random.pick(["5", "-3", "1.50", "\"12KiB\"", "\"3s\"", "true", "1e3"])))
        }
        if random.below(3) == 0 {
            members.append(member("a", "{\"b\":\(random.pick(texts))}"))
        }
        if random.below(4) == 0 { members.append(member("odd name", random.pick(texts))) }
        if random.below(3) == 0 {
            members.append(member("duration_ms", random.pick(["1500", "2500", "\"3s\"", "0.5"])))
        }
        if random.below(3) == 0 {
            members.append(
                member(
                    "timestamp",
                    random.pick(["\"2023-11-14T22:13:00Z\"", "\"2023-11-14T20:00:00Z\""])))
        }
        if random.below(12) == 0 {
            return random.pick(["plain text with error", "", "user login"])
        }
        return "{" + members.joined(separator: ",") + "}"
    }
}
