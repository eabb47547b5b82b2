internal import LogBytes

/// Hexadecimal digits, Base64 (RFC 4648) and percent encoding (RFC 3986). What cannot be decoded gives false.
enum TextEncoding {
    private static func appendDigits(_ byte: UInt8, into out: inout ByteWriter) {
        for digit in [byte >> 4, byte & 15] {
            out.append(digit < 10 ? ASCII.zero + digit : UInt8(ascii: "A") + digit - 10)
        }
    }

    static func appendHex(_ text: ByteView, into out: inout ByteWriter) {
        for index in 0..<text.count { appendDigits(text[index], into: &out) }
    }

    static func appendFromHex(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        guard text.count % 2 == 0 else { return false }
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = Hex.value(text[index]), let low = Hex.value(text[index + 1]) else {
                return false
            }
            out.append(UInt8(high) << 4 | UInt8(low))
        }
        return true
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func appendBase64(_ text: ByteView, into out: inout ByteWriter) {
        for start in stride(from: 0, to: text.count, by: 3) {
            let length = min(3, text.count - start)
            var bits: UInt32 = 0
            for index in 0..<3 {
                bits = bits << 8 | (index < length ? UInt32(text[start + index]) : 0)
            }
            for index in 0..<4 {
                let digit = Int(bits >> UInt32(18 - 6 * index) & 63)
                out.append(index <= length ? alphabet[digit] : UInt8(ascii: "="))
            }
        }
    }

    static func appendFromBase64(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        guard text.count % 4 == 0 else { return false }
        var bits: UInt32 = 0
        var padding = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "="), index >= text.count - 2 {
                padding += 1
                bits <<= 6
            } else if padding == 0, let digit = alphabet.firstIndex(of: byte) {
                bits = bits << 6 | UInt32(digit)
            } else {
                return false
            }
            guard index % 4 == 3 else { continue }
            for part in 0..<(3 - padding) {
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * part)))
            }
            bits = 0
        }
        return true
    }

    static func appendURL(_ text: ByteView, into out: inout ByteWriter) {
        for index in 0..<text.count {
            let byte = text[index]
            if Words.isWordByte(byte) || [0x2D, 0x2E, 0x7E].contains(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                appendDigits(byte, into: &out)
            }
        }
    }

    static func appendFromURL(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == ASCII.plus {
                out.append(ASCII.space)
            } else if byte == UInt8(ascii: "%") {
                guard index + 1 < text.count, let high = Hex.value(text[index]),
                    let low = Hex.value(text[index + 1])
                else { return false }
                out.append(UInt8(high) << 4 | UInt8(low))
                index += 2
            } else {
                out.append(byte)
            }
        }
        return true
    }
}
