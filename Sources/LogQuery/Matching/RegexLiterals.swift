/// Finds texts that an expression of RE2 cannot match without.
enum RegexLiterals {
    /// Texts of which every match of `pattern` contains one, byte for byte; empty where nothing is known.
    static func find(_ pattern: String) -> [[UInt8]] {
        guard let plain = withoutExtensions(pattern),
            let parsed = try? ExtendedPatternParser.parse(plain, ignoresCase: false)
        else { return [] }
        let ways = parsed.pattern.requiredLiterals
        let longest = ways.compactMap { literals in literals.max { $0.count < $1.count } }
        return longest.count == ways.count ? longest : []
    }

    /// `pattern` as an extended expression that matches no less: classes and what RE2 alone knows become any character. Nil
    /// where that is not possible.
    private static func withoutExtensions(_ pattern: String) -> String? {
        let scalars = Array(pattern.unicodeScalars)
        var out = String.UnicodeScalarView()
        var index = 0
        func at(_ place: Int) -> Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }
        while let scalar = at(index) {
            index += 1
            switch scalar {
            case "\n": return nil
            case "\\":
                guard let escaped = at(index) else { return nil }
                index += 1
                switch escaped {
                case "d", "D", "w", "W", "s", "S": out.append(".")
                case "b", "B", "A", "z": break
                case "a"..."z", "A"..."Z", "0"..."9": return nil
                // With a backslash these are anchors to grep, and themselves to RE2.
                case "<", ">", "`", "'": out.append(escaped)
                default: out.append(contentsOf: ["\\", escaped])
                }
            case "[":
                guard let end = classEnd(scalars, index) else { return nil }
                index = end
                out.append(".")
            case "(" where at(index) == "?":
                guard at(index + 1) == ":" else { return nil }
                index += 2
                out.append("(")
            case "{" where at(index) == ",": return nil
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    /// The place behind the class whose content begins at `start`.
    private static func classEnd(_ scalars: [Unicode.Scalar], _ start: Int) -> Int? {
        var index = start
        if index < scalars.count, scalars[index] == "^" { index += 1 }
        if index < scalars.count, scalars[index] == "]" { index += 1 }
        while index < scalars.count {
            if scalars[index] == "]" { return index + 1 }
            if scalars[index] == "\\" {
                index += 2
            } else if scalars[index] == "[", index + 1 < scalars.count, scalars[index + 1] == ":" {
                guard let close = scalars[(index + 2)...].firstIndex(of: "]") else { return nil }
                index = close + 1
            } else {
                index += 1
            }
        }
        return nil
    }
}
