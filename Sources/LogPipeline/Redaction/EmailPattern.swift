internal import LogBytes

/// E-mail addresses, found from their `@`.
enum EmailPattern {
    /// The marks of a local part. RFC 5322 allows others, which mostly stand in front of one: `email=a@b.c`, `{a@b.c}`.
    private static let localMarks = ByteView("._+-")

    /// The address around the `@` at `sign`.
    static func match(_ line: EscapedText, sign: Range<Int>) -> RedactionMatch? {
        var start = sign.lowerBound
        while let character = line.before(start), isLocal(character.byte) {
            start = character.range.lowerBound
        }
        guard start < sign.lowerBound, let end = domainEnd(line, from: sign.upperBound) else {
            return nil
        }
        return RedactionMatch(start..<end, "[email]")
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        EscapedText.isWord(byte) || localMarks.firstIndex(of: byte) != nil
    }

    /// The end of a domain: labels and dots, a last label of at least two letters.
    private static func domainEnd(_ line: EscapedText, from start: Int) -> Int? {
        var offset = start
        var labelBytes = 0
        var labels = 0
        var isAlphabetic = true
        var end: Int?
        while let character = line.after(offset) {
            if EscapedText.isWord(character.byte)
                || (character.byte == ASCII.minus && labelBytes > 0)
            {
                labelBytes += 1
                isAlphabetic =
                    isAlphabetic && !ASCII.isDigit(character.byte) && character.byte != ASCII.minus
                offset = character.range.upperBound
                // The address may end here; a longer one replaces it.
                if labels > 0, labelBytes >= 2 { end = isAlphabetic ? offset : end }
            } else if character.byte == ASCII.dot, labelBytes > 0 {
                labels += 1
                labelBytes = 0
                isAlphabetic = true
                offset = character.range.upperBound
            } else {
                break
            }
        }
        return end
    }
}
