internal import LogBytes

/// Looks for the level among the words before a message. It stops at the first word that may belong to the message.
///
///     2025-01-18 12:00:00,123 - shop.orders - WARNING - low stock      names and marks, then the level
///     2025-01-18 12:00:00 User typed ERROR into the form               "User" is a sentence: no level
struct TextLevelScanner {
    /// What stood before.
    enum Time {
        case none, syslog, other
    }

    private let text: ByteView
    private let end: Int
    private let time: Time
    private var cursor: TimeCursor
    private var tokens = 0
    /// Names, numbers and groups before a level are few.
    private static let tokensMax = 8

    /// A scanner from byte `from`, behind the time.
    init(_ text: ByteView, from: Int, time: Time) {
        self.text = text
        self.time = time
        end = min(text.count, from + TextFront.levelBytesMax)
        cursor = TimeCursor(text, at: from)
    }

    /// The level, or `.unknown`.
    mutating func level() -> LogLevel {
        while tokens < Self.tokensMax {
            skipMarks()
            guard cursor.index < end else { return .unknown }
            tokens += 1
            let byte = cursor.next
            if let close = Self.closing(byte) {
                if byte == ASCII.openBrace, time == .none { return .unknown }
                switch group(close) {
                case .some(let level): return level
                case .none: continue
                }
            }
            switch word() {
            case .some(let level): return level
            case .none: continue
            }
        }
        return .unknown
    }

    /// Skips spaces, colours and marks between words.
    private mutating func skipMarks() {
        while cursor.index < end {
            switch cursor.next {
            case ASCII.space, ASCII.tab, ASCII.comma, ASCII.colon, ASCII.closeBracket,
                UInt8(ascii: ")"), UInt8(ascii: "|"), ASCII.quote, UInt8(ascii: ">"):
                cursor.advance(1)
            case ASCII.minus where !TimeCursor.isWord(cursor.byte(at: 1)):
                cursor.advance(1)
            case TextFront.escape:
                TextFront.skipColour(&cursor)
            default:
                return
            }
        }
    }

    private static func closing(_ byte: UInt8) -> UInt8? {
        switch byte {
        case ASCII.openBracket: ASCII.closeBracket
        case UInt8(ascii: "<"): UInt8(ascii: ">")
        case UInt8(ascii: "("): UInt8(ascii: ")")
        case ASCII.openBrace: ASCII.closeBrace
        default: nil
        }
    }

    /// A group in brackets: a level, in any case; a group that is none is passed over.
    ///
    /// - Returns: nil to go on.
    private mutating func group(_ close: UInt8) -> LogLevel? {
        let start = cursor.index + 1
        var place = start
        while place < text.count, text[place] != close {
            // A group holds names and numbers, not a sentence.
            guard place - start < TextFront.levelBytesMax else { return .unknown }
            place += 1
        }
        guard place < text.count else { return .unknown }
        cursor.advance(place + 1 - cursor.index)
        var inside = Self.trimmed(text.slice(start..<place))
        // Apache writes `[module:level]`.
        if let colon = inside.lastIndex(of: ASCII.colon) { inside = inside.dropFirst(colon + 1) }
        let level = Self.known(inside)
        return level == .unknown ? nil : level
    }

    private static func trimmed(_ view: ByteView) -> ByteView {
        var view = view
        while view.count > 0, view[0] == ASCII.space { view = view.dropFirst(1) }
        while view.count > 0, view[view.count - 1] == ASCII.space {
            view = view.prefix(view.count - 1)
        }
        return view
    }

    /// A word: a level, a name that may stand before one, or the beginning of the message.
    ///
    /// - Returns: nil to go on.
    private mutating func word() -> LogLevel? {
        let start = cursor.index
        var place = start
        while place < text.count, Self.isLetterOrDigit(text[place]) { place += 1 }
        let letters = text.slice(start..<place)
        let behind: UInt8 = place < text.count ? text[place] : 0
        if letters.count > 0 {
            let level = Self.known(letters)
            // "Note:" begins sentences; in brackets it is MySQL's level.
            if level != .unknown, !Self.equal("note", letters) {
                return isWritten(letters, behind, at: place) ? level : .unknown
            }
            if letters.count <= 2, let level = letter(letters, behind, at: place) { return level }
        }
        return skipName(from: start) ? nil : .unknown
    }

    /// Whether a level word is written as a level: in capitals, before a colon, or set apart by more than a space.
    private func isWritten(_ word: ByteView, _ behind: UInt8, at place: Int) -> Bool {
        let isCapital = (0..<word.count).allSatisfy { word[$0] &- UInt8(ascii: "a") >= 26 }
        let isLog = word.count == 3 && word[0] | 0x20 == UInt8(ascii: "l")
        switch behind {
        case ASCII.colon:
            return isCapital || !isLog
        case 0, ASCII.closeBracket, UInt8(ascii: "|"), UInt8(ascii: "/"), UInt8(ascii: ")"),
            ASCII.comma, TextFront.escape:
            return isCapital && !isLog || behind == UInt8(ascii: "|")
        case ASCII.tab:
            return isCapital && !isLog || time != .none
        case ASCII.space:
            if isCapital { return !isLog }
            // `info  message`, `info | message`, `info - message`.
            let next: UInt8 = place + 1 < text.count ? text[place + 1] : 0
            let isApart =
                next == ASCII.space || next == UInt8(ascii: "|")
                || (next == ASCII.minus && place + 2 < text.count && text[place + 2] == ASCII.space)
            return time != .none && isApart && !isLog
        default:
            return false
        }
    }

    /// The single letter of MongoDB before 4.4 (`I NETWORK  [conn]`) and etcd (`I | message`), right behind the time.
    private func letter(_ word: ByteView, _ behind: UInt8, at place: Int) -> LogLevel? {
        guard time == .other, tokens == 1, behind == ASCII.space, place + 1 < text.count else {
            return nil
        }
        switch word[0] {
        case UInt8(ascii: "F"), UInt8(ascii: "E"), UInt8(ascii: "W"), UInt8(ascii: "I"):
            guard word.count == 1 else { return nil }
        case UInt8(ascii: "D"):
            guard word.count == 1 || word[1] &- UInt8(ascii: "1") < 5 else { return nil }
        default: return nil
        }
        let next = text[place + 1]
        let second: UInt8 = place + 2 < text.count ? text[place + 2] : 0
        let isComponent = next &- UInt8(ascii: "A") < 26 && second &- UInt8(ascii: "A") < 26
        guard isComponent || next == UInt8(ascii: "|") else { return nil }
        return LogLevel(text: word)
    }

    /// Moves behind a word that may stand before a level: a number, a name with marks in it, or one set apart by marks.
    private mutating func skipName(from start: Int) -> Bool {
        var place = start
        var hasDigit = false
        var hasMark = false
        while place < text.count {
            let byte = text[place]
            if byte == ASCII.space || byte == ASCII.tab || byte == UInt8(ascii: "|")
                || byte == ASCII.openBracket || byte == TextFront.escape
            {
                break
            }
            if ASCII.isDigit(byte) { hasDigit = true }
            switch byte {
            case ASCII.dot, UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "@"),
                UInt8(ascii: "#"), UInt8(ascii: "="), UInt8(ascii: "$"):
                // Not the full stop behind a sentence.
                if place > start, place + 1 < text.count, TimeCursor.isWord(text[place + 1]) {
                    hasMark = true
                }
            default: break
            }
            place += 1
        }
        guard place > start else { return false }
        let last = text[place - 1]
        let isName: Bool
        switch time {
        case .none:
            // Without a date only a time of day may stand before a level.
            isName = hasDigit && text[start] &- ASCII.zero <= 9 && isTimeOfDay(from: start)
        case .syslog:
            // The host and the program.
            isName = tokens <= 2 || hasDigit || hasMark
        case .other:
            isName = hasDigit || hasMark || isSetApart(place, last)
        }
        cursor.advance(place - cursor.index)
        return isName
    }

    private func isTimeOfDay(from start: Int) -> Bool {
        var copy = TimeCursor(text, at: start)
        return copy.timeOfDay() != nil
    }

    /// Whether ` - ` or `|` follows at `place`.
    private func isSetApart(_ place: Int, _ last: UInt8) -> Bool {
        var next = place
        while next < text.count, text[next] == ASCII.space { next += 1 }
        guard next < text.count else { return false }
        if text[next] == UInt8(ascii: "|") { return true }
        return text[next] == ASCII.minus && next > place && next + 1 < text.count
            && text[next + 1] == ASCII.space
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// Words that are levels in a text. Fewer than in a field that is named `level`: no single letters, no "fine".
    private static func known(_ word: ByteView) -> LogLevel {
        guard word.count >= 3, word.count <= 11, !notInText.contains(where: { equal($0, word) })
        else { return .unknown }
        return LogLevel(text: word)
    }

    private static let notInText: [StaticString] = [
        "fine", "finer", "config", "http", "silly", "fail", "success", "fault", "d1", "finest",
    ]

    private static func equal(_ word: StaticString, _ text: ByteView) -> Bool {
        let word = ByteView(word)
        return word.count == text.count
            && (0..<text.count).allSatisfy { ASCII.lowercased(text[$0]) == word[$0] }
    }
}
