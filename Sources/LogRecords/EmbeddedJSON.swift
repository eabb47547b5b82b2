internal import LogBytes
internal import LogJSON

/// JSON text inside of a JSON string, read where it stands: `{\"level\":\"info\"}`.
///
/// Each character of the inner text is one byte of the string or one escape. What the inner text may not contain as it
/// stands (a line break in a string) is a fault, and so is an escape that no encoder writes for what JSON needs (`\u0022`).
enum EmbeddedJSON {
    /// The character of the inner text at `p`, and the bytes that it takes; nil at the end of the outer string, and where
    /// the escape stands for something that only a string may hold.
    static func character(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (byte: UInt8, length: Int)? {
        guard p < end, p.pointee >= ASCII.space, p.pointee != ASCII.quote else { return nil }
        guard p.pointee == ASCII.backslash else { return (p.pointee, 1) }
        guard p + 1 < end else { return nil }
        switch p[1] {
        case ASCII.quote, ASCII.backslash, UInt8(ascii: "/"): return (p[1], 2)
        case UInt8(ascii: "n"): return (ASCII.newline, 2)
        case UInt8(ascii: "t"): return (ASCII.tab, 2)
        case UInt8(ascii: "r"): return (ASCII.carriageReturn, 2)
        default: return nil
        }
    }

    /// The first place at or behind `p` that is no white space of the inner text.
    static func skipSpace(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        var p = p
        while let next = character(p, end),
            next.byte == ASCII.space || next.byte == ASCII.tab || next.byte == ASCII.newline
                || next.byte == ASCII.carriageReturn
        {
            p += next.length
        }
        return p
    }

    /// Scans the content of an inner string from behind its opening quote; the address of the `\"` that closes it, or nil.
    static func string(
        _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner, isEscaped: inout Bool
    ) -> UnsafePointer<UInt8>? {
        var p = start
        while true {
            var ignored = false
            // The string ends for this scanner where its outer string does, or at the first backslash that matters.
            let rest = ByteView(p, scanner.end - p)
            guard let length = rest.firstIndex(of: ASCII.backslash) else {
                return fault(.endOfInput, scanner.end, &scanner)
            }
            let stop = p + length
            var part = JSONScanner(end: stop, readable: scanner.readable)
            // No quote and no control character may stand before the backslash.
            if part.string(p, escaped: &ignored) != nil || part.fault != .endOfInput {
                return fault(.controlInString, stop, &scanner)
            }
            guard stop + 1 < scanner.end else { return fault(.endOfInput, stop, &scanner) }
            switch stop[1] {
            case ASCII.quote:
                let content = ByteView(start, stop - start)
                if let bad = UTF8Validation.firstFault(content) {
                    return fault(.badUTF8, start + bad, &scanner)
                }
                return stop
            case ASCII.backslash:
                guard let behind = innerEscape(stop + 2, scanner.end) else {
                    return fault(.badEscape, stop + 2, &scanner)
                }
                p = behind
            case UInt8(ascii: "u"):
                guard let behind = outerUnicode(stop + 2, scanner.end) else {
                    return fault(.badEscape, stop + 2, &scanner)
                }
                p = behind
            case UInt8(ascii: "/"):
                p = stop + 2
            default:
                return fault(.controlInString, stop, &scanner)
            }
            isEscaped = true
        }
    }

    /// What follows the inner text's own backslash (`\\` in the line); the address behind.
    private static func innerEscape(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard let next = character(p, end) else { return nil }
        switch next.byte {
        case ASCII.quote, ASCII.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return p + next.length
        case UInt8(ascii: "u"):
            guard end - p >= 5, (1...4).allSatisfy({ Hex.value(p[$0]) != nil }) else { return nil }
            return p + 5
        default: return nil
        }
    }

    /// The four digits of a `\u` escape in the outer string, for a character that an inner string may hold as it stands.
    private static func outerUnicode(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        guard end - p >= 4 else { return nil }
        var value: UInt32 = 0
        for index in 0..<4 {
            guard let digit = Hex.value(p[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        let isPlain = value >= 0x20 && value != 0x22 && value != 0x5C
        return isPlain ? p + 4 : nil
    }

    /// Scans an inner logfmt value without quotes, which ends at a space, a line break or the end of the outer string.
    static func word(
        _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner, isEscaped: inout Bool
    ) -> UnsafePointer<UInt8>? {
        var p = start
        while let next = character(p, scanner.end) ?? other(p, scanner.end) {
            if next.byte <= ASCII.space || next.byte == ASCII.quote { break }
            if next.length > 1 { isEscaped = true }
            p += next.length
        }
        let text = ByteView(start, p - start)
        if let bad = UTF8Validation.firstFault(text) {
            return fault(.badUTF8, start + bad, &scanner)
        }
        return p
    }

    /// Scans an inner number, literal or array; the address behind it, or nil. `scratch` is overwritten.
    static func token(
        _ start: UnsafePointer<UInt8>, _ scanner: inout JSONScanner, _ scratch: inout ByteWriter,
        isEscaped: inout Bool
    ) -> UnsafePointer<UInt8>? {
        var p = start
        var depth = 0
        var isInString = false
        scratch.removeAll()
        while let next = character(p, scanner.end) ?? other(p, scanner.end) {
            if isInString {
                if next.byte == ASCII.quote { isInString = false }
                if next.byte == ASCII.backslash,
                    let escaped = character(p + next.length, scanner.end)
                {
                    scratch.append(next.byte)
                    isEscaped = true
                    p += next.length
                    scratch.append(escaped.byte)
                    p += escaped.length
                    continue
                }
            } else {
                switch next.byte {
                case ASCII.quote: isInString = true
                case ASCII.openBracket, ASCII.openBrace: depth += 1
                case ASCII.closeBracket, ASCII.closeBrace, ASCII.comma:
                    if depth == 0 { return check(start, p, &scanner, scratch.view) }
                    if next.byte != ASCII.comma { depth -= 1 }
                case ASCII.space, ASCII.tab, ASCII.newline, ASCII.carriageReturn:
                    if depth == 0 { return check(start, p, &scanner, scratch.view) }
                default: break
                }
            }
            if next.length > 1 { isEscaped = true }
            scratch.append(next.byte)
            p += next.length
        }
        return fault(.endOfInput, p, &scanner)
    }

    /// An escape for a character that is none of JSON's own, as a letter that stands for it.
    private static func other(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (byte: UInt8, length: Int)? {
        guard end - p >= 6, p.pointee == ASCII.backslash, p[1] == UInt8(ascii: "u"),
            outerUnicode(p + 2, end) != nil
        else { return nil }
        return (UInt8(ascii: "x"), 6)
    }

    private static func check(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ scanner: inout JSONScanner,
        _ decoded: ByteView
    ) -> UnsafePointer<UInt8>? {
        do throws(JSONError) {
            try JSONScanner.validate(decoded)
            return end
        } catch {
            return fault(error.code, start, &scanner)
        }
    }

    private static func fault(
        _ code: JSONError.Code, _ position: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> UnsafePointer<UInt8>? {
        scanner.fault = code
        scanner.faultPosition = position
        return nil
    }
}
