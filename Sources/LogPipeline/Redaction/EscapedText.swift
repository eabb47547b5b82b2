internal import LogBytes

/// A line as its readers see it: JSON escapes, also those of JSON inside JSON strings, and percent-encoding taken for the
/// characters that they stand for. What hides in them is found without decoding the line.
struct EscapedText {
    let bytes: ByteView

    init(_ bytes: ByteView) { self.bytes = bytes }

    /// A character: its byte (`other` for those beyond ASCII, `newline` for escaped control characters), and where it stands.
    struct Character {
        let byte: UInt8
        let range: Range<Int>
    }

    /// The byte of all characters beyond ASCII.
    static let other: UInt8 = 0x80

    private static let percent = UInt8(ascii: "%")
    private static let controls = ByteView("bfnrt")

    /// The character that begins at `offset`; nil at the end.
    func after(_ offset: Int) -> Character? {
        guard offset < bytes.count else { return nil }
        switch bytes[offset] {
        case ASCII.backslash: return escape(offset)
        case Self.percent: return percentCode(offset)
        case let byte: return Character(byte: min(byte, Self.other), range: offset..<offset + 1)
        }
    }

    private func escape(_ offset: Int) -> Character {
        var end = offset
        while end < bytes.count, bytes[end] == ASCII.backslash { end += 1 }
        let plain = Character(byte: ASCII.backslash, range: offset..<offset + 1)
        guard end < bytes.count else { return plain }
        switch bytes[end] {
        case UInt8(ascii: "u"):
            guard let code = hex(end + 1, 4) else { return plain }
            return Character(byte: code < 0x80 ? UInt8(code) : Self.other, range: offset..<end + 5)
        case ASCII.quote, UInt8(ascii: "/"):
            return Character(byte: bytes[end], range: offset..<end + 1)
        case let byte where Self.controls.firstIndex(of: byte) != nil:
            return Character(byte: ASCII.newline, range: offset..<end + 1)
        default: return plain
        }
    }

    /// `%40`, or `%2540` where it was encoded twice.
    private func percentCode(_ offset: Int) -> Character {
        var digits = offset + 1
        while digits + 4 <= bytes.count, bytes[digits] == UInt8(ascii: "2"),
            bytes[digits + 1] == UInt8(ascii: "5"), hex(digits + 2, 2) != nil
        {
            digits += 2
        }
        guard let code = hex(digits, 2) else {
            return Character(byte: Self.percent, range: offset..<offset + 1)
        }
        return Character(byte: code < 0x80 ? UInt8(code) : Self.other, range: offset..<digits + 2)
    }

    /// The character that ends at `offset`; nil at the start.
    func before(_ offset: Int) -> Character? {
        guard offset > 0 else { return nil }
        if offset >= 6, bytes[offset - 5] == UInt8(ascii: "u"),
            bytes[offset - 6] == ASCII.backslash, let code = hex(offset - 4, 4)
        {
            return Character(
                byte: code < 0x80 ? UInt8(code) : Self.other,
                range: backslashes(before: offset - 5)..<offset)
        }
        if offset >= 3, let code = hex(offset - 2, 2), let start = percentSign(before: offset - 2) {
            return Character(byte: code < 0x80 ? UInt8(code) : Self.other, range: start..<offset)
        }
        let byte = bytes[offset - 1]
        guard offset >= 2, bytes[offset - 2] == ASCII.backslash else {
            return Character(byte: min(byte, Self.other), range: offset - 1..<offset)
        }
        let start = backslashes(before: offset - 1)
        if byte == ASCII.quote || byte == UInt8(ascii: "/") {
            return Character(byte: byte, range: start..<offset)
        }
        if Self.controls.firstIndex(of: byte) != nil {
            return Character(byte: ASCII.newline, range: start..<offset)
        }
        return Character(byte: min(byte, Self.other), range: offset - 1..<offset)
    }

    /// Where the backslashes begin that end at `offset`.
    func backslashes(before offset: Int) -> Int {
        var start = offset
        while start > 0, bytes[start - 1] == ASCII.backslash { start -= 1 }
        return start
    }

    private func percentSign(before offset: Int) -> Int? {
        var start = offset
        while start >= 3, bytes[start - 1] == UInt8(ascii: "5"),
            bytes[start - 2] == UInt8(ascii: "2")
        {
            start -= 2
        }
        return start >= 1 && bytes[start - 1] == Self.percent ? start - 1 : nil
    }

    /// The number of `count` hexadecimal digits.
    private func hex(_ offset: Int, _ count: Int) -> Int? {
        guard offset >= 0, offset + count <= bytes.count else { return nil }
        var value = 0
        for index in offset..<offset + count {
            guard let digit = Self.hexDigit(bytes[index]) else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    /// The value of a hexadecimal digit.
    static func hexDigit(_ byte: UInt8) -> Int? {
        if ASCII.isDigit(byte) { return Int(byte - ASCII.zero) }
        let letter = byte | 0x20
        return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f")
            ? Int(letter - UInt8(ascii: "a")) + 10 : nil
    }

    /// Whether `byte` is an ASCII letter or digit, or beyond ASCII.
    static func isWord(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte >= 0x80 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }
}
