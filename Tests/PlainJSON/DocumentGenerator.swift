/// Random JSON texts, and damage to them.
public struct DocumentGenerator<Random: RandomNumberGenerator> {
    private var random: Random

    /// Texts that depend on nothing but `random`.
    public init(random: Random) { self.random = random }

    /// A JSON text with odd spacing, escapes, every kind of number and character.
    public mutating func document() -> [UInt8] {
        var out: [UInt8] = []
        space(&out)
        value(&out, depth: 0)
        space(&out)
        return out
    }

    /// `bytes` with one to three bytes changed, left out, put in or doubled.
    public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var out = bytes
        for _ in 0...below(3) {
            guard !out.isEmpty else { return out }
            let at = below(out.count)
            switch below(6) {
            case 0: out.remove(at: at)
            case 1: out[at] = UInt8(truncatingIfNeeded: random.next())
            case 2: out[at] = grammar[below(grammar.count)]
            case 3: out.insert(grammar[below(grammar.count)], at: at)
            case 4: out.insert(out[at], at: at)
            default: out.removeLast(below(min(out.count, 4)))
            }
        }
        return out
    }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    private let grammar = Array(
        "{}[]\",:\\ \t\r\n0123456789.eE+-truefalsn/u\u{0}\u{e9}".utf8)

    private let tokens = [
        "true", "false", "null", "0", "-0", "7", "-12", "3.25", "1e5", "1E-7", "-0.5e+10",
        "123456789012345678901234567890", "9223372036854775807", "2e400", "0.000123456",
    ]

    private let characters = [
        "a", "b", "Z", "0", " ", "é", "日", "😀", "\u{7f}", "\u{2028}", "/", "'", "{", "}", ":",
        ",", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u00e9",
        "\\uD83D\\uDE00", "\\ud800", "\\uDFAA", "abcdefghijklmnop", "the quick brown fox ",
    ]

    private mutating func space(_ out: inout [UInt8]) {
        guard below(4) == 0 else { return }
        for _ in 0...below(3) { out.append(Array(" \t\r\n".utf8)[below(4)]) }
    }

    private mutating func string(_ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for _ in 0..<below(8) {
            out += characters[below(characters.count)].utf8
        }
        out.append(UInt8(ascii: "\""))
    }

    private mutating func value(_ out: inout [UInt8], depth: Int) {
        switch below(depth > 4 ? 5 : 8) {
        case 0, 1: out += tokens[below(tokens.count)].utf8
        case 2, 3, 4: string(&out)
        case 5: container(&out, "[", "]", depth: depth)
        default: container(&out, "{", "}", depth: depth)
        }
    }

    private mutating func container(
        _ out: inout [UInt8], _ open: String, _ close: String, depth: Int
    ) {
        out += open.utf8
        space(&out)
        for index in 0..<below(4) {
            if index > 0 {
                out += ",".utf8
                space(&out)
            }
            if open == "{" {
                string(&out)
                space(&out)
                out += ":".utf8
                space(&out)
            }
            value(&out, depth: depth + 1)
            space(&out)
        }
        out += close.utf8
    }
}
