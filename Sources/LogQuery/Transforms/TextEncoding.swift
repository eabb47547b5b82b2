internal import LogBytes

/// Hexadecimal digits and percent encoding (RFC 3986). What cannot be decoded gives false.
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
