import TestSupport

/// Random log lines whose keys come from a small vocabulary, so that lines share prefixes and shapes.
struct LineGenerator {
    var random: SeededGenerator

    /// One JSON object, sometimes with odd spacing and a carriage return behind.
    mutating func line() -> [UInt8] {
        var out: [UInt8] = []
        let isSpaced = random.below(4) == 0
        if isSpaced { space(&out) }
        object(&out, depth: 0, isSpaced: isSpaced)
        if isSpaced { space(&out) }
        if random.below(8) == 0 { out.append(UInt8(ascii: "\r")) }
        return out
    }

    /// `bytes` with a few bytes changed, left out or put in.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var out = bytes
        for _ in 0...random.below(2) where !out.isEmpty {
            let at = random.below(out.count)
            switch random.below(4) {
            case 0: out.remove(at: at)
            case 1: out[at] = Self.grammar[random.below(Self.grammar.count)]
            case 2: out.insert(Self.grammar[random.below(Self.grammar.count)], at: at)
            default: out.removeLast(random.below(min(out.count, 3)))
            }
        }
        return out
    }

    private static let grammar = Array("{}[]\",:\\ \t019.e-tn\u{0}\u{e9}".utf8)

    private static let keys = [
        "level", "message", "timestamp", "a", "b", "c", "ab", "a.b", "", "é", #"\u0061"#, #"k\n"#,
        #"q\""#, "user_id", "duration_ms", "http", "status_code", #"\ud800"#,
    ]

    private static let tokens = [
        "1", "-7", "0", "2.5", "1e5", "true", "false", "null", "[]", "[ ]", "[1,2]", "{}", "{ }",
        #"["a","]",{"b":[1]}]"#, "[[[]]]", "12345678901234567890", "-0.0", "0.000123456",
    ]

    private static let texts = [
        "", "INFO", "error", #"a\"b"#, #"\\"#, "grüße", #"\u00e9"#, #"\ud83d\ude00"#, "}",
        #"{\"x\":1}"#,
        "2025-01-18T12:00:00Z", "a much longer text than sixteen bytes, as messages are",
    ]

    private mutating func space(_ out: inout [UInt8]) {
        for _ in 0..<random.below(3) { out.append(Array(" \t\r ".utf8)[random.below(4)]) }
    }

    private mutating func object(_ out: inout [UInt8], depth: Int, isSpaced: Bool) {
        out += "{".utf8
        if isSpaced { space(&out) }
        for index in 0..<random.below(depth == 0 ? 7 : 4) {
            if index > 0 { out += ",".utf8 }
            if isSpaced { space(&out) }
            // Mostly the same key at the same place, as services write them.
            let choice = random.below(3) == 0 ? random.below(Self.keys.count) : index
            out += "\"\(Self.keys[choice])\"".utf8
            if isSpaced { space(&out) }
            out += ":".utf8
            if isSpaced { space(&out) }
            switch random.below(depth > 3 ? 5 : 7) {
            case 0, 1: out += Self.tokens[random.below(Self.tokens.count)].utf8
            case 2, 3, 4: out += "\"\(Self.texts[random.below(Self.texts.count)])\"".utf8
            default: object(&out, depth: depth + 1, isSpaced: isSpaced)
            }
            if isSpaced { space(&out) }
        }
        out += "}".utf8
    }
}
