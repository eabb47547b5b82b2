internal import LogBytes

/// Text that a terminal shows as it is: nothing in a log line may move the cursor, change colours or turn text around.
public enum TerminalText {
    /// Appends `text` as `escaped` gives it; bytes that are no UTF-8 as `\xff`.
    static func append(_ text: ByteView, into out: inout ByteWriter) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte >= 0x20, byte < 0x7F {
                out.append(byte)
                index += 1
                continue
            }
            let (scalar, width) = UTF8Text.scalar(in: text, at: index)
            if let scalar {
                out.append(isUnsafe(scalar) ? escape(scalar) : String(Character(scalar)))
            } else {
                out.append("\\x" + String(byte, radix: 16))
            }
            index += width
        }
    }

    /// `text` with control characters (C0, DEL, C1), direction marks, and characters without width written as escapes.
    public static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            guard isUnsafe(scalar) else {
                out.unicodeScalars.append(scalar)
                continue
            }
            out += escape(scalar)
        }
        return out
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(scalar.value, radix: 16)
            return scalar.value < 0x100
                ? "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
                : "\\u{\(digits)}"
        }
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E,
            0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: false
        }
    }

    /// The columns that `text` takes: two for wide characters (East Asian, emoji), one for others.
    public static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// `text`, or its beginning and `…` where it takes more than `room` columns.
    static func cut(_ text: String, to room: Int) -> String {
        if text.utf8.count <= room || width(text) <= room { return text }
        guard room > 0 else { return "" }
        var out = ""
        var left = room - 1
        for character in text {
            let width = width(character)
            if width > left { break }
            out.append(character)
            left -= width
        }
        return out + "…"
    }
}
