import Glibc

/// Lines of random shapes: random keys, order, nesting and spacing, so that no line helps with the next. The five canonical
/// fields stand somewhere among the others.
struct RandomLines {
    private var random: RandomNumbers

    init(seed: UInt64) { random = RandomNumbers(seed: seed) }

    private mutating func below(_ limit: Int) -> Int { random.below(limit) }

    /// Writes at least `bytes` bytes of lines to stdout.
    consuming func write(bytes: Int) {
        var out: [UInt8] = []
        var written = 0
        while written < bytes {
            out.removeAll(keepingCapacity: true)
            while out.count < 1 << 16 { line(&out) }
            _ = Glibc.write(STDOUT_FILENO, out, out.count)
            written += out.count
        }
    }

    private mutating func line(_ out: inout [UInt8]) {
        let isSpaced = below(3) == 0
        var members = (0..<(4 + below(10))).map { _ in member(depth: 0, isSpaced: isSpaced) }
        let canonical = [
            "\"timestamp\"\(colon(isSpaced))\"2025-01-\(10 + below(20))T\(10 + below(14)):"
                + "\(10 + below(50)):\(10 + below(50)).\(100 + below(900))Z\"",
            "\"level\"\(colon(isSpaced))\"\(["INFO", "WARN", "ERROR", "DEBUG"][below(4)])\"",
            "\"endpoint\"\(colon(isSpaced))\"/api/v\(below(9))/\(word())\"",
            "\"duration_ms\"\(colon(isSpaced))\(below(9_000)).\(below(100))",
            "\"status_code\"\(colon(isSpaced))\(200 + below(300))",
        ]
        for text in canonical { members.insert(text, at: below(members.count + 1)) }
        out += "{".utf8
        out += members.joined(separator: isSpaced ? ", " : ",").utf8
        out += "}\n".utf8
    }

    private func colon(_ isSpaced: Bool) -> String { isSpaced ? ": " : ":" }

    private mutating func member(depth: Int, isSpaced: Bool) -> String {
        "\"\(word())\"" + colon(isSpaced) + value(depth: depth, isSpaced: isSpaced)
    }

    private mutating func word() -> String {
        var text = ""
        for _ in 0..<(3 + below(12)) {
            text.unicodeScalars.append(Unicode.Scalar(UInt8(ascii: "a") + UInt8(below(26))))
        }
        return text
    }

    private mutating func value(depth: Int, isSpaced: Bool) -> String {
        let separator = isSpaced ? ", " : ","
        switch below(depth > 2 ? 8 : 10) {
        case 0: return ["true", "false", "null"][below(3)]
        case 1: return "\(below(100_000))"
        case 2: return "-\(below(1_000)).\(below(1_000))"
        case 3: return "[" + (0..<below(4)).map { "\($0)" }.joined(separator: separator) + "]"
        case 4, 5: return "\"\(word())\""
        case 6: return "\"" + (0..<below(12)).map { _ in word() }.joined(separator: " ") + "\""
        case 7: return "\"\(word())\\n\(word()) caf\u{e9} \\\"\(word())\\\"\""
        default:
            let members = (0..<(1 + below(4))).map { _ in
                member(depth: depth + 1, isSpaced: isSpaced)
            }
            return "{" + members.joined(separator: separator) + "}"
        }
    }
}
