internal import LogBytes

/// The values of fields, found from their names: keys of JSON, also of JSON inside a JSON string, of logfmt, of URLs' queries
/// and of headers.
enum FieldPattern {
    /// Whether a byte may stand in a field's name.
    static func isNameByte(_ byte: UInt8) -> Bool {
        EscapedText.isWord(byte) || isNameMark(byte)
    }

    private static func isNameMark(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte == ASCII.dot || byte == ASCII.minus
            || byte == UInt8(ascii: "$")
    }

    /// The longest key that is decoded to be compared.
    private static let keyMax = 128

    /// Where the key stands around `offset`, and its text in lower case: for keys with escapes, which no search finds.
    static func key(_ line: EscapedText, around offset: Int) -> (text: [UInt8], range: Range<Int>)?
    {
        var start = offset
        while offset - start < keyMax * 6, let before = line.before(start), isNameByte(before.byte)
        {
            start = before.range.lowerBound
        }
        var text: [UInt8] = []
        var end = start
        while text.count < keyMax, let character = line.after(end), isNameByte(character.byte) {
            text.append(ASCII.lowercased(character.byte))
            end = character.range.upperBound
        }
        return end > offset ? (text, start..<end) : nil
    }

    /// The value of the field whose name stands at `name`, and is not part of a longer one; nil when there is no value, or
    /// none that tells anything (`null`, an empty text).
    static func match(
        _ line: EscapedText, name: Range<Int>, mark: StaticString
    ) -> RedactionMatch? {
        let bytes = line.bytes
        if let before = line.before(name.lowerBound), isNameByte(before.byte) { return nil }
        guard let next = line.after(name.upperBound) else { return nil }
        if next.byte == ASCII.quote, let before = line.before(name.lowerBound),
            before.byte == ASCII.quote
        {
            let level = next.range.count - 1
            guard let colon = skipSpace(bytes, next.range.upperBound), bytes[colon] == ASCII.colon,
                let value = skipSpace(bytes, colon + 1)
            else { return nil }
            return jsonValue(bytes, at: value, level: level, mark: mark)
        }
        if next.byte == UInt8(ascii: "=") {
            return textValue(line, from: next.range.upperBound, mark: mark)
        }
        if next.byte == ASCII.colon, let value = skipSpace(bytes, next.range.upperBound) {
            return textValue(line, from: value, mark: mark)
        }
        return nil
    }

    private static func skipSpace(_ bytes: ByteView, _ offset: Int) -> Int? {
        var offset = offset
        while offset < bytes.count, bytes[offset] == ASCII.space || bytes[offset] == ASCII.tab {
            offset += 1
        }
        return offset < bytes.count ? offset : nil
    }

    // MARK: JSON

    /// The value at `start` of a key whose quotes have `level` backslashes in front.
    private static func jsonValue(
        _ bytes: ByteView, at start: Int, level: Int, mark: StaticString
    ) -> RedactionMatch? {
        if let text = quoteEnd(bytes, start) {
            let end = closingQuote(bytes, from: text, level: text - start - 1)
            return text < end.lowerBound ? RedactionMatch(text..<end.lowerBound, mark) : nil
        }
        if bytes[start] == ASCII.openBrace || bytes[start] == ASCII.openBracket {
            return RedactionMatch(
                start..<containerEnd(bytes, from: start, level: level), mark, quotes: level)
        }
        var end = start
        while end < bytes.count, isBare(bytes[end]) { end += 1 }
        if end == start || bytes.slice(start..<end) == ByteView("null") { return nil }
        return RedactionMatch(start..<end, mark, quotes: level)
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        EscapedText.isWord(byte) || byte == ASCII.dot || byte == ASCII.minus || byte == ASCII.plus
    }

    /// Behind the quote, with backslashes in front, that stands at `offset`.
    private static func quoteEnd(_ bytes: ByteView, _ offset: Int) -> Int? {
        var end = offset
        while end < bytes.count, bytes[end] == ASCII.backslash { end += 1 }
        return end < bytes.count && bytes[end] == ASCII.quote ? end + 1 : nil
    }

    /// The quote that closes a text whose opening one has `level` backslashes in front: one with as many, and further pairs of
    /// them, which the text ends with. A text that is not closed ends where the one around it does.
    private static func closingQuote(_ bytes: ByteView, from start: Int, level: Int) -> Range<Int> {
        var offset = start
        while offset < bytes.count {
            guard bytes[offset] == ASCII.backslash || bytes[offset] == ASCII.quote else {
                offset += 1
                continue
            }
            let run = offset
            while offset < bytes.count, bytes[offset] == ASCII.backslash { offset += 1 }
            guard offset < bytes.count, bytes[offset] == ASCII.quote else { continue }
            let count = offset - run
            offset += 1
            if count < level { return run..<offset }
            if (count - level) % (2 * (level + 1)) == 0 { return offset - 1 - level..<offset }
        }
        return bytes.count..<bytes.count
    }

    /// Behind the object or array that begins at `start`.
    private static func containerEnd(_ bytes: ByteView, from start: Int, level: Int) -> Int {
        var depth = 0
        var offset = start
        while offset < bytes.count {
            if let text = quoteEnd(bytes, offset) {
                guard text - offset - 1 >= level else { return offset }
                offset = closingQuote(bytes, from: text, level: text - offset - 1).upperBound
                continue
            }
            switch bytes[offset] {
            case ASCII.openBrace, ASCII.openBracket: depth += 1
            case ASCII.closeBrace, ASCII.closeBracket:
                depth -= 1
                if depth == 0 { return offset + 1 }
            default: break
            }
            offset += 1
        }
        return bytes.count
    }

    // MARK: Text

    private static let schemes = ["bearer", "basic", "digest", "token"] as Set<String>

    /// The value of `key=value` or `Key: value`: up to white space or a mark that no value has, or to its closing quote. Behind the
    /// name of a scheme of credentials the next word belongs to it.
    private static func textValue(
        _ line: EscapedText, from start: Int, mark: StaticString
    ) -> RedactionMatch? {
        let bytes = line.bytes
        if start < bytes.count, let text = quoteEnd(bytes, start) {
            let end = closingQuote(bytes, from: text, level: text - start - 1)
            return text < end.lowerBound ? RedactionMatch(text..<end.lowerBound, mark) : nil
        }
        var end = wordEnd(line, start)
        guard end > start else { return nil }
        if schemes.contains(bytes.slice(start..<end).text.lowercased()), end < bytes.count,
            bytes[end] == ASCII.space, let next = skipSpace(bytes, end)
        {
            end = max(wordEnd(line, next), end)
        }
        return RedactionMatch(start..<end, mark)
    }

    private static let ends = ByteView(" \t\n,;&\"'<>)}]")

    private static func wordEnd(_ line: EscapedText, _ start: Int) -> Int {
        var end = start
        while let character = line.after(end), ends.firstIndex(of: character.byte) == nil {
            end = character.range.upperBound
        }
        return end
    }
}
