internal import LogBytes

/// The words and brackets.
extension ConditionParser {
    @discardableResult
    mutating func skipSpace() -> Int {
        while index < bytes.count, bytes[index] <= ASCII.space { index += 1 }
        return index
    }

    func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// Takes letters, digits and what else stands in names of fields and measures.
    mutating func takeName() -> String {
        let start = skipSpace()
        while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
        return string(start..<index)
    }

    func isNameByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || ASCII.lowercased(byte) &- UInt8(ascii: "a") < 26 || byte >= 0x80
            || "_.-@:/".utf8.contains(byte)
    }

    /// Takes everything up to the next blank.
    mutating func takeToken() -> String {
        let start = skipSpace()
        while index < bytes.count, bytes[index] > ASCII.space { index += 1 }
        return string(start..<index)
    }

    func peekWord() -> String {
        var copy = self
        return copy.takeToken()
    }

    mutating func takeWord(_ word: String) -> Bool {
        skipSpace()
        var copy = self
        guard copy.takeToken() == word else { return false }
        self = copy
        return true
    }

    mutating func takeByte(_ byte: UInt8) -> Bool {
        guard skipSpace() < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// The offset of the quote that closes the one at `position`, or nil.
    func closingQuote(_ position: Int) -> Int? {
        var index = position + 1
        while index < bytes.count {
            if bytes[index] == bytes[position] { return index }
            // Backquotes take what is between them as it stands.
            if bytes[index] == ASCII.backslash, bytes[position] != UInt8(ascii: "`") { index += 1 }
            index += 1
        }
        return nil
    }

    func closingParenthesis(_ open: Int) throws(ConditionError) -> Int {
        var depth = 0
        var position = open
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.quote, UInt8(ascii: "'"), UInt8(ascii: "`"):
                guard let close = closingQuote(position) else {
                    throw fault("this quote is not closed", at: position)
                }
                position = close
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return position }
            default: break
            }
            position += 1
        }
        throw fault("this parenthesis is not closed", at: open)
    }

    func quoted(_ word: String) -> String { word.isEmpty ? "the end" : "`\(word)`" }

    func fault(_ message: String, at offset: Int? = nil) -> ConditionError {
        ConditionError(message: message, offset: offset ?? index)
    }
}
