public import LogBytes

/// logfmt: `key=value key="quoted value"`, as Heroku's router, go-kit, logrus and slog write it.
public enum Logfmt {
    /// Keys of which a line must have one to be taken for logfmt without being told: `x=1 y=2` may be anybody's text.
    private static let knownKeys: Set<String> = [
        "time", "ts", "timestamp", "t", "@timestamp", "@t", "level", "lvl", "severity", "levelname",
        "@l", "msg", "message", "event", "at", "method", "short_message", "MESSAGE",
    ]

    /// Whether a line with these fields is logfmt beyond doubt: two values or more, at most half as many keys without one.
    static func isConvincing(_ fields: ArraySlice<ShapeField>) -> Bool {
        let flags = fields.count { $0.kind == .flag }
        let pairs = fields.count - flags
        return pairs > 1 && flags * 2 <= pairs && isRecord(fields)
    }

    /// Whether one of the fields is one that every logger writes.
    static func isRecord(_ fields: ArraySlice<ShapeField>) -> Bool {
        fields.contains { knownKeys.contains($0.path) }
    }

    /// The length of the key at the start of `text` when a space or nothing follows it, else 0.
    static func flagLength(_ text: ByteView) -> Int {
        var length = 0
        while length < text.count, isKeyByte(text[length]) { length += 1 }
        return length == text.count || text[length] == ASCII.space ? length : 0
    }

    /// The length of the key at the start of `text` when `=` follows it, else nil.
    static func keyLength(_ text: ByteView) -> Int? {
        var length = 0
        while length < text.count, isKeyByte(text[length]) { length += 1 }
        guard length > 0, length < text.count, text[length] == UInt8(ascii: "=") else { return nil }
        return length
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        byte | 0x20 &- UInt8(ascii: "a") < 26 || ASCII.isDigit(byte) || byte == UInt8(ascii: "_")
            || byte == ASCII.dot || byte == ASCII.minus || byte == UInt8(ascii: "/")
            || byte == UInt8(ascii: "@") || byte == ASCII.colon
    }

    /// The address of the quote that closes a value which starts at `start`, or nil.
    static func closingQuote(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, isEscaped: inout Bool
    ) -> UnsafePointer<UInt8>? {
        var p = start
        while p < end, p.pointee != ASCII.quote {
            if p.pointee == ASCII.backslash {
                isEscaped = true
                p += 1
            }
            p += 1
        }
        return p < end ? p : nil
    }

    /// Appends the text of the content of a quoted value: the escapes of Go's `strconv.Quote`; others stay as they are.
    public static func unescape(_ raw: ByteView, into out: inout ByteWriter) {
        var index = 0
        while index < raw.count {
            guard raw[index] == ASCII.backslash, index + 1 < raw.count else {
                out.append(raw[index])
                index += 1
                continue
            }
            index = unescapeOne(raw, index, into: &out)
        }
    }

    /// Decodes the escape at `index`; the offset behind it.
    private static func unescapeOne(
        _ raw: ByteView, _ index: Int, into out: inout ByteWriter
    ) -> Int {
        let plain: UInt8
        switch raw[index + 1] {
        case UInt8(ascii: "n"): plain = ASCII.newline
        case UInt8(ascii: "t"): plain = ASCII.tab
        case UInt8(ascii: "r"): plain = ASCII.carriageReturn
        case UInt8(ascii: "a"): plain = 0x07
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "v"): plain = 0x0B
        case ASCII.quote, ASCII.backslash, UInt8(ascii: "'"), UInt8(ascii: "/"):
            plain = raw[index + 1]
        case UInt8(ascii: "x"):
            guard let byte = hex(raw, index + 2, 2) else { return literal(raw, index, into: &out) }
            out.append(UInt8(truncatingIfNeeded: byte))
            return index + 4
        case UInt8(ascii: "u"): return scalar(raw, index, digits: 4, into: &out)
        case UInt8(ascii: "U"): return scalar(raw, index, digits: 8, into: &out)
        default: return literal(raw, index, into: &out)
        }
        out.append(plain)
        return index + 2
    }

    private static func literal(
        _ raw: ByteView, _ index: Int, into out: inout ByteWriter
    ) -> Int {
        out.append(ASCII.backslash)
        return index + 1
    }

    private static func scalar(
        _ raw: ByteView, _ index: Int, digits: Int, into out: inout ByteWriter
    ) -> Int {
        guard let first = hex(raw, index + 2, digits) else {
            return literal(raw, index, into: &out)
        }
        let behind = index + 2 + digits
        if digits == 4, first & 0xFC00 == 0xD800, behind + 6 <= raw.count,
            raw[behind] == ASCII.backslash, raw[behind + 1] == UInt8(ascii: "u"),
            let second = hex(raw, behind + 2, 4), second & 0xFC00 == 0xDC00
        {
            append(0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF), into: &out)
            return behind + 6
        }
        append(first, into: &out)
        return behind
    }

    private static func append(_ value: UInt32, into out: inout ByteWriter) {
        let character = Unicode.Scalar(value) ?? "\u{FFFD}"
        for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter { out.append(byte) }
    }

    private static func hex(_ raw: ByteView, _ index: Int, _ digits: Int) -> UInt32? {
        guard index + digits <= raw.count else { return nil }
        var value: UInt32 = 0
        for offset in 0..<digits {
            guard let digit = Hex.value(raw[index + offset]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
