/// Makes text harmless for where it is shown. Label values and lines come from whoever writes logs.
enum SafeText {
    /// The text with everything that a terminal would obey spelt out: control characters, and those that change the
    /// direction or are invisible. It has one line then.
    static func visible(_ text: String) -> String {
        spelt(text) { _ in false }
    }

    /// The same, with line breaks and tabs as they are.
    static func visibleLines(_ text: String) -> String {
        spelt(text) { $0 == "\n" || $0 == "\t" }
    }

    private static func spelt(
        _ text: String, except isKept: (Unicode.Scalar) -> Bool
    ) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                if isKept(scalar) {
                    result.unicodeScalars.append(scalar)
                } else {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// For Slack: without mentions, links and marks of its own.
    static func slack(_ text: String) -> String {
        replacing(visibleLines(text)) { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: nil
            }
        }
    }

    /// For HTML, in text and in attributes.
    static func html(_ text: String) -> String {
        replacing(visibleLines(text)) { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: nil
            }
        }
    }

    private static func replacing(
        _ text: String, _ replacement: (Unicode.Scalar) -> String?
    ) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let text = replacement(scalar) {
                result += text
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// For a header of HTTP or SMTP: one line without control characters.
    static func header(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return result
    }

    /// The first characters of `text` that have at most `bytesMax` bytes, with `…` where something was cut off.
    static func cut(_ text: String, bytes bytesMax: Int) -> String {
        guard text.utf8.count > bytesMax else { return text }
        let sign = "…"
        var result = ""
        var count = sign.utf8.count
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            if count > bytesMax { break }
            result.unicodeScalars.append(scalar)
        }
        return result + sign
    }

    /// The first scalars of `text`, at most `count`, with `…` where something was cut off.
    static func cut(_ text: String, characters count: Int) -> String {
        guard text.unicodeScalars.count > count else { return text }
        var result = ""
        result.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix(count - 1))
        return result + "…"
    }
}
