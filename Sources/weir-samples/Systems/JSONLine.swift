/// A line in the making: one JSON object, its members in the order in which they are added.
struct JSONLine {
    private var buffer: LineBuffer
    private var isEmpty = true

    init() {
        buffer = LineBuffer(capacity: 512)
        buffer.append(UInt8(ascii: "{"))
    }

    /// The whole line with its newline.
    consuming func ended() -> [UInt8] {
        buffer.append("}\n")
        return buffer.bytes
    }

    /// A text. Quotes and backslashes are escaped; there are no control characters in our texts.
    consuming func text(_ key: String, _ value: String) -> JSONLine {
        begin(key)
        quote(value)
        return self
    }

    /// A time as RFC 3339 has it.
    consuming func time(_ key: String, _ value: Instant) -> JSONLine {
        begin(key)
        buffer.append(UInt8(ascii: "\""))
        buffer.append(value)
        buffer.append(UInt8(ascii: "\""))
        return self
    }

    /// A whole number.
    consuming func number(_ key: String, _ value: Int) -> JSONLine {
        begin(key)
        buffer.append(number: value)
        return self
    }

    /// A number that is given in hundredths and written with one or two decimals.
    consuming func number(_ key: String, hundredths: Int, decimals: Int) -> JSONLine {
        begin(key)
        buffer.append(hundredths: hundredths, decimals: decimals)
        return self
    }

    /// A truth value.
    consuming func flag(_ key: String, _ value: Bool) -> JSONLine {
        begin(key)
        buffer.append(value ? "true" : "false")
        return self
    }

    /// A null.
    consuming func null(_ key: String) -> JSONLine {
        begin(key)
        buffer.append("null")
        return self
    }

    /// An identifier of `digits` hexadecimal digits.
    consuming func hex(_ key: String, _ value: UInt64, digits: Int = 16) -> JSONLine {
        begin(key)
        buffer.append(UInt8(ascii: "\""))
        buffer.append(hex: value, digits: digits)
        buffer.append(UInt8(ascii: "\""))
        return self
    }

    /// An object of texts.
    consuming func object(_ key: String, _ members: [(key: String, value: String)]) -> JSONLine {
        begin(key)
        buffer.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            quote(member.key)
            buffer.append(UInt8(ascii: ":"))
            quote(member.value)
        }
        buffer.append(UInt8(ascii: "}"))
        return self
    }

    private mutating func begin(_ key: String) {
        if !isEmpty { buffer.append(UInt8(ascii: ",")) }
        isEmpty = false
        quote(key)
        buffer.append(UInt8(ascii: ":"))
    }

    private mutating func quote(_ text: String) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                buffer.append(UInt8(ascii: "\\"))
            }
            buffer.append(byte)
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
