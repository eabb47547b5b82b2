internal import LogBytes

/// Reads one quoted string of a query: escapes as in Go within `""` and `''`, none within backquotes.
struct QuotedString {
    private let bytes: [UInt8]
    private let start: Int
    private let query: String
    /// The offset behind the string, once it is read.
    private(set) var index: Int

    init(bytes: [UInt8], start: Int, query: String) {
        self.bytes = bytes
        self.start = start
        self.query = query
        self.index = start + 1
    }

    /// The string's content.
    mutating func read() throws(QueryError) -> String {
        let quote = bytes[start]
        var out: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == quote { return String(decoding: out, as: UTF8.self) }
            if byte == ASCII.backslash, quote != UInt8(ascii: "`") {
                try escape(into: &out)
            } else {
                out.append(byte)
            }
        }
        let mark = Character(Unicode.Scalar(quote))
        throw QueryError("the string has no closing \(mark)", offset: start, query: query)
    }

    private mutating func escape(into out: inout [UInt8]) throws(QueryError) {
        guard index < bytes.count else { return }
        let kind = bytes[index]
        index += 1
        switch kind {
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "a"): out.append(7)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "v"): out.append(11)
        case ASCII.backslash, UInt8(ascii: "\""), UInt8(ascii: "'"): out.append(kind)
        case UInt8(ascii: "x"): out.append(UInt8(truncatingIfNeeded: try hex(2)))
        case UInt8(ascii: "u"): try append(scalar: try hex(4), to: &out)
        case UInt8(ascii: "U"): try append(scalar: try hex(8), to: &out)
        default:
            throw QueryError(
                "unknown escape; write \\\\ for a backslash, or put the string in backquotes, "
                    + "where nothing is escaped", offset: index - 2, query: query)
        }
    }

    private mutating func hex(_ count: Int) throws(QueryError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard index < bytes.count, let digit = Hex.value(bytes[index]) else {
                throw QueryError(
                    "the escape needs \(count) hexadecimal digits", offset: index, query: query)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private func append(scalar value: UInt32, to out: inout [UInt8]) throws(QueryError) {
        guard let scalar = Unicode.Scalar(value) else {
            throw QueryError("no Unicode character has this number", offset: index, query: query)
        }
        out.append(contentsOf: Array(String(Character(scalar)).utf8))
    }
}

/// How names and texts are written in a query.
enum Quoting {
    /// `text` as it is where that is one word which means nothing else, else in double quotes.
    static func word(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// `text` as it is where it reads as one operand (a number, a duration, a time), else in double quotes.
    static func operand(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            Words.isWord(scalar) || ".:+-/µμ".unicodeScalars.contains(scalar)
        }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }

    /// `text` in double quotes.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    out += "\\x"
                    out +=
                        String(scalar.value >> 4, radix: 16) + String(scalar.value & 15, radix: 16)
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }

    private static func isPlain(_ text: String) -> Bool {
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ Words.isWord($0) || $0 == "." })
        else { return false }
        return !QueryWords.reserved.contains(text.lowercased())
    }
}
