import LogBytes
import LogJSON

/// One JSON object flattened by a walk that knows nothing of shapes: what `ShapeTable` is held against.
struct PlainObject {
    struct Leaf: Equatable {
        let path: String
        /// The bytes in the line: string content without quotes, else the token, array or empty object.
        let raw: [UInt8]
        let isString: Bool
    }

    private let bytes: [UInt8]
    private var at = 0
    private var leaves: [Leaf] = []
    private struct Invalid: Error {}

    /// The leaves of the line in order, or nil when it is no valid JSON object.
    static func leaves(_ bytes: [UInt8]) -> [Leaf]? {
        var parser = PlainObject(bytes: bytes)
        do {
            parser.space()
            try parser.object(prefix: "")
            parser.space()
            return parser.at == bytes.count ? parser.leaves : nil
        } catch {
            return nil
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func space() {
        while let byte = next, " \t\r\n".utf8.contains(byte) { at += 1 }
    }

    private mutating func expect(_ byte: UInt8) throws {
        guard next == byte else { throw Invalid() }
        at += 1
    }

    /// Where the value that begins at `start` ends, judging by brackets, quotes and delimiters alone.
    private func extent(_ start: Int) -> Int {
        var depth = 0
        var index = start
        var inString = false
        while index < bytes.count {
            let byte = bytes[index]
            if inString {
                if byte == ASCII.backslash {
                    index += 1
                } else if byte == ASCII.quote {
                    inString = false
                    if depth == 0 { return index + 1 }
                }
            } else {
                switch byte {
                case ASCII.quote: inString = true
                case ASCII.openBrace, ASCII.openBracket: depth += 1
                case ASCII.closeBrace, ASCII.closeBracket:
                    if depth == 0 { return index }
                    depth -= 1
                    if depth == 0 { return index + 1 }
                case ASCII.comma, 0x20, 0x09, 0x0A, 0x0D: if depth == 0 { return index }
                default: break
                }
            }
            index += 1
        }
        return bytes.count
    }

    /// Takes one value, which must be valid by itself.
    private mutating func slice() throws -> [UInt8] {
        let part = Array(bytes[at..<extent(at)])
        try part.withView { try JSONScanner.validate($0) }
        at += part.count
        return part
    }

    private mutating func object(prefix: String) throws {
        try expect(ASCII.openBrace)
        space()
        if next == ASCII.closeBrace {
            at += 1
            return
        }
        while true {
            guard next == ASCII.quote else { throw Invalid() }
            let path = prefix + Self.text(try slice().dropFirst().dropLast())
            space()
            try expect(ASCII.colon)
            space()
            try member(path)
            space()
            if next == ASCII.closeBrace {
                at += 1
                return
            }
            try expect(ASCII.comma)
            space()
        }
    }

    private mutating func member(_ path: String) throws {
        if next == ASCII.quote {
            let raw = Array(try slice().dropFirst().dropLast())
            leaves.append(Leaf(path: path, raw: raw, isString: true))
            return
        }
        let part = bytes[at..<extent(at)]
        let isEmpty = !part.dropFirst().dropLast().contains { $0 > 0x20 }
        if next == ASCII.openBrace, !isEmpty {
            try object(prefix: path + ".")
        } else {
            leaves.append(Leaf(path: path, raw: try slice(), isString: false))
        }
    }

    /// What string content stands for, by way of UTF-16, in which lone surrogates become U+FFFD.
    static func text(_ content: ArraySlice<UInt8>) -> String {
        var units: [UInt16] = []
        var plain: [UInt8] = []
        var index = content.startIndex
        func flush() {
            units += Array(String(decoding: plain, as: UTF8.self).utf16)
            plain = []
        }
        while index < content.endIndex {
            guard content[index] == ASCII.backslash else {
                plain.append(content[index])
                index += 1
                continue
            }
            flush()
            let kind = content[index + 1]
            if kind == UInt8(ascii: "u") {
                let digits = String(decoding: content[(index + 2)..<(index + 6)], as: UTF8.self)
                units.append(UInt16(digits, radix: 16) ?? 0)
                index += 6
            } else {
                let names: [Character: UInt16] = ["b": 8, "f": 12, "n": 10, "r": 13, "t": 9]
                units.append(names[Character(Unicode.Scalar(kind))] ?? UInt16(kind))
                index += 2
            }
        }
        flush()
        return String(decoding: units, as: UTF16.self)
    }
}
