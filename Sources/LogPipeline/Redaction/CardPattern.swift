internal import LogBytes

/// Numbers of payment cards, found from their first digits: groups of digits with single spaces, hyphens or plus signs between.
enum CardPattern {
    /// The digits of card numbers; shorter ones are given out no more (ISO/IEC 7812 allows 8 to 19).
    private static let digitsMin = 14
    private static let digitsMax = 19
    /// A run of groups is looked at for so many digits: a card stands at its start, behind a date, or not at all.
    private static let runMax = 64

    private struct Digit {
        let value: UInt8
        let range: Range<Int>
        let beginsGroup: Bool
    }

    /// The first card number in the run of digits that goes through `offset`, not before `floor`.
    static func match(_ line: EscapedText, at offset: Int, floor: Int) -> RedactionMatch? {
        var start = offset
        while start > floor, let before = line.before(start), ASCII.isDigit(before.byte) {
            start = before.range.lowerBound
        }
        // What goes on in front of it is a word or a decimal number.
        if let before = line.before(start),
            EscapedText.isWord(before.byte) || before.byte == ASCII.dot
        {
            return nil
        }
        let digits = run(line, from: start)
        for first in digits.indices where digits[first].beginsGroup {
            for count in stride(from: digitsMax, through: digitsMin, by: -1) {
                let end = first + count
                guard end <= digits.count, end == digits.count || digits[end].beginsGroup,
                    isCard(digits[first..<end])
                else { continue }
                let range = digits[first].range.lowerBound..<digits[end - 1].range.upperBound
                return RedactionMatch(
                    range, "[card]", quotes: isBareNumber(line.bytes, range) ? 0 : nil)
            }
        }
        return nil
    }

    /// Whether `byte` may stand between the groups of a number.
    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.minus || byte == ASCII.plus
    }

    /// The next card number of the run of digits in which one ended at `end`: the search finds the run, and no more of it.
    static func next(_ line: EscapedText, behind end: Int) -> RedactionMatch? {
        guard let separator = line.after(end), isSeparator(separator.byte),
            let digit = line.after(separator.range.upperBound), ASCII.isDigit(digit.byte)
        else { return nil }
        return match(line, at: digit.range.lowerBound, floor: separator.range.upperBound)
    }

    private static func run(_ line: EscapedText, from start: Int) -> [Digit] {
        var digits: [Digit] = []
        var offset = start
        var beginsGroup = true
        while digits.count < runMax, let character = line.after(offset) {
            if ASCII.isDigit(character.byte) {
                digits.append(
                    Digit(
                        value: character.byte - ASCII.zero, range: character.range,
                        beginsGroup: beginsGroup))
                beginsGroup = false
            } else if !beginsGroup, isSeparator(character.byte) {
                beginsGroup = true
            } else {
                // A number that goes on as a word is none.
                return EscapedText.isWord(character.byte) && !beginsGroup
                    ? Array(digits.dropLast(lastGroup(digits))) : digits
            }
            offset = character.range.upperBound
        }
        return digits
    }

    private static func lastGroup(_ digits: [Digit]) -> Int {
        digits.count - (digits.lastIndex { $0.beginsGroup } ?? 0)
    }

    /// Whether an issuer has such numbers and the check digit is right (Luhn, ISO/IEC 7812-1 annex B).
    private static func isCard(_ digits: ArraySlice<Digit>) -> Bool {
        guard isIssued(digits) else { return false }
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let value = Int(digit.value) << (place & 1)
            sum += value > 9 ? value - 9 : value
        }
        return sum % 10 == 0
    }

    /// The numbers that the large networks give out: first digits and length.
    private static func isIssued(_ digits: ArraySlice<Digit>) -> Bool {
        let head = digits.prefix(6).reduce(0) { $0 * 10 + Int($1.value) }
        let (two, three, four) = (head / 10_000, head / 1_000, head / 100)
        switch digits.count {
        case 14: return two == 36 || two == 38 || (300...305).contains(three)
        case 15: return two == 34 || two == 37
        case 16, 19:
            return two / 10 == 4 || (51...55).contains(two) || (2221...2720).contains(four)
                || four == 6011 || two == 65 || (644...649).contains(three)
                || (3528...3589).contains(four) || two == 62 || (56...58).contains(two)
                || two == 50 || two == 63 || two == 67
        default: return false
        }
    }

    /// Whether the bytes are a number of JSON: a mark in its place needs quotes.
    private static func isBareNumber(_ line: ByteView, _ range: Range<Int>) -> Bool {
        guard let brace = line.firstIndex(of: ASCII.openBrace), brace < range.lowerBound else {
            return false
        }
        var isString = false
        var offset = brace
        while offset < range.lowerBound {
            if isString, line[offset] == ASCII.backslash {
                offset += 2
                continue
            }
            if line[offset] == ASCII.quote { isString.toggle() }
            offset += 1
        }
        return !isString
    }
}
