public import LogBytes

/// The text that a JSON string stands for, and the way back.
public enum JSONText {
    /// Appends the text of the string content `raw` (between its quotes, valid JSON) to `out`.
    ///
    /// A lone surrogate escape becomes U+FFFD: the published policy for what Unicode cannot say.
    public static func unescape(_ raw: ByteView, into out: inout ByteWriter) {
        var index = 0
        while index < raw.count {
            let rest = raw.dropFirst(index)
            guard let backslash = rest.firstIndex(of: ASCII.backslash) else {
                out.append(rest)
                return
            }
            out.append(rest.prefix(backslash))
            index += backslash + 1
            guard index < raw.count else { return }
            let kind = raw[index]
            index += 1
            if kind == UInt8(ascii: "u") {
                index = unescapeUnicode(raw, index, into: &out)
            } else {
                out.append(plain(kind))
            }
        }
    }

    private static func plain(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "n"): ASCII.newline
        case UInt8(ascii: "t"): ASCII.tab
        case UInt8(ascii: "r"): ASCII.carriageReturn
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: kind
        }
    }

    /// Decodes four hexadecimal digits at `index`, with the low surrogate that may follow; the offset behind.
    private static func unescapeUnicode(
        _ raw: ByteView, _ index: Int, into out: inout ByteWriter
    ) -> Int {
        guard let first = unit(raw, index) else { return raw.count }
        var behind = index + 4
        var scalar = UInt32(first)
        if first & 0xFC00 == 0xD800, behind + 1 < raw.count, raw[behind] == ASCII.backslash,
            raw[behind + 1] == UInt8(ascii: "u"), let second = unit(raw, behind + 2),
            second & 0xFC00 == 0xDC00
        {
            scalar = 0x10000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))
            behind += 6
        }
        let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
        for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter {
            out.append(byte)
        }
        return behind
    }

    private static func unit(_ raw: ByteView, _ index: Int) -> UInt16? {
        guard index + 4 <= raw.count else { return nil }
        var value: UInt16 = 0
        for offset in 0..<4 {
            guard let digit = Hex.value(raw[index + offset]) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// Appends `text` as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
    public static func quote(_ text: ByteView, into out: inout ByteWriter) {
        out.append(ASCII.quote)
        if UTF8Validation.firstFault(text) == nil {
            escape(text, into: &out)
        } else {
            text.text.withView { escape($0, into: &out) }
        }
        out.append(ASCII.quote)
    }

    private static func escape(_ text: ByteView, into out: inout ByteWriter) {
        // What stands between two bytes that need an escape is copied at once.
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte >= 0x20, byte != ASCII.quote, byte != ASCII.backslash, byte != 0x7F { continue }
            out.append(text.slice(start..<index))
            start = index + 1
            switch byte {
            case ASCII.quote, ASCII.backslash:
                out.append(ASCII.backslash)
                out.append(byte)
            case ASCII.newline: out.append(ByteView("\\n"))
            case ASCII.tab: out.append(ByteView("\\t"))
            case ASCII.carriageReturn: out.append(ByteView("\\r"))
            default:
                out.append(ByteView("\\u00"))
                out.append(Hex.digit(byte >> 4))
                out.append(Hex.digit(byte & 15))
            }
        }
        out.append(text.dropFirst(start))
    }
}
