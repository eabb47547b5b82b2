internal import LogBytes

/// What LogsQL takes for a word: a run of letters, digits and underscores, in any script.
public enum Words {
    /// Whether `scalar` can be part of a word.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return isWordByte(UInt8(truncatingIfNeeded: scalar.value)) }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber:
            return true
        default:
            return false
        }
    }

    /// Whether the ASCII byte `byte` can be part of a word.
    @inline(__always)
    static func isWordByte(_ byte: UInt8) -> Bool {
        byte | 0x20 &- UInt8(ascii: "a") < 26 || ASCII.isDigit(byte) || byte == UInt8(ascii: "_")
    }

    /// The character at `index` and its length in bytes; nil where the bytes are no UTF-8.
    static func scalar(in text: ByteView, at index: Int) -> (Unicode.Scalar, Int)? {
        let first = text[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0
        guard length > 0, first < 0xF5, index + length <= text.count else { return nil }
        var value = UInt32(first) & (0xFF >> UInt32(length + 1))
        for offset in 1..<length {
            let byte = text[index + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, length)
    }

    /// Whether the character at `index` continues a word; broken UTF-8 does.
    @inline(__always)
    static func continues(_ text: ByteView, at index: Int) -> Bool {
        let byte = text[index]
        if byte < 0x80 { return isWordByte(byte) }
        guard let (scalar, _) = scalar(in: text, at: index) else { return true }
        return isWord(scalar)
    }

    /// Whether the character that ends before `index` continues a word; broken UTF-8 does.
    @inline(__always)
    static func continues(_ text: ByteView, before index: Int) -> Bool {
        let byte = text[index - 1]
        if byte < 0x80 { return isWordByte(byte) }
        var start = index - 1
        while start > 0, index - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
        guard let (scalar, length) = scalar(in: text, at: start), start + length == index else {
            return true
        }
        return isWord(scalar)
    }

    /// The words of `text`, in order. A store's token filters and a query's words are split alike by it.
    public static func split(_ text: [UInt8]) -> [[UInt8]] {
        text.withView { view in
            var words: [[UInt8]] = []
            var index = 0
            var start = -1
            while index < view.count {
                let (scalar, length) = scalar(in: view, at: index) ?? ("\u{FFFD}", 1)
                if isWord(scalar) {
                    if start < 0 { start = index }
                } else if start >= 0 {
                    words.append(Array(view.slice(start..<index)))
                    start = -1
                }
                index += length
            }
            if start >= 0 { words.append(Array(view.dropFirst(start))) }
            return words
        }
    }
}
