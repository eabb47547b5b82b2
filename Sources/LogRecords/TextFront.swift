internal import LogBytes

/// The time and the level at the front of a line of text.
///
/// Only what is written as a logger writes it counts: a time where the line begins (or in the brackets of the Common Log Format),
/// a level in capitals, in brackets or before a colon, with nothing before it but a time, names and numbers. A word such as
/// "error" in a sentence is not a level.
enum TextFront {
    /// A time in brackets begins within these bytes (Common Log Format: addresses and users stand before it).
    private static let bracketedTimeMax = 100
    /// A level stands within these bytes behind the time, or from the start.
    static let levelBytesMax = 64
    /// No more of a line is looked at.
    static let bytesMax = 256

    /// Where the time stands, and the level that klog says before it.
    struct Time {
        var reading: LoggedTime.Reading
        var start: Int
        var letter: UInt8 = 0
        /// False for a time in brackets somewhere behind the start: what is behind it is the logged request.
        var isLeading = true
    }

    /// The time of a line that arrived at `arrivalTime`, or nil.
    static func time(_ text: ByteView, arrivalTime: Int64) -> Int64? {
        find(text.prefix(bytesMax), arrivalTime: arrivalTime)?.reading.time
    }

    /// The time as it stands in the line; empty where there is none.
    static func timeText(_ text: ByteView) -> ByteView {
        guard let found = find(text.prefix(bytesMax), arrivalTime: anyArrival) else {
            return .empty
        }
        return text.slice(found.start..<found.reading.end)
    }

    /// Where only the place of a time matters. Leap years have all days.
    private static let anyArrival =
        Int64(CivilDate(year: 2024, month: 12, day: 31).daysSinceEpoch)
        * Timestamp.day

    private static func find(_ text: ByteView, arrivalTime: Int64) -> Time? {
        var cursor = TimeCursor(text)
        skipOpening(&cursor)
        guard !cursor.isAtEnd else { return nil }
        let start = cursor.index
        if let reading = LoggedTime.leading(cursor, arrivalTime: arrivalTime) {
            return Time(reading: reading, start: start)
        }
        let letter = cursor.next
        if isKlogLetter(letter), ASCII.isDigit(cursor.byte(at: 1)) {
            var copy = cursor
            copy.advance(1)
            if let reading = LoggedTime.klog(copy, arrivalTime: arrivalTime) {
                return Time(reading: reading, start: copy.index, letter: letter)
            }
        }
        return redis(cursor, arrivalTime) ?? bracketed(text, arrivalTime)
    }

    /// Skips what may stand before a time: spaces, colours, a bracket or quote, and Ruby's `I, [`.
    private static func skipOpening(_ cursor: inout TimeCursor) {
        var rounds = 0
        while !cursor.isAtEnd, rounds < 4 {
            rounds += 1
            switch cursor.next {
            case ASCII.space, ASCII.tab, ASCII.openBracket, UInt8(ascii: "("), ASCII.quote:
                cursor.advance(1)
            case escape:
                skipColour(&cursor)
            case UInt8(ascii: "A")...UInt8(ascii: "Z")
            where cursor.byte(at: 1) == ASCII.comma && cursor.byte(at: 2) == ASCII.space
                && cursor.byte(at: 3) == ASCII.openBracket:
                cursor.advance(4)
            default:
                return
            }
        }
    }

    /// `1234:M 18 Jan 2025 12:00:00.123 * Ready`: the process, its role, the time.
    private static func redis(_ start: TimeCursor, _ arrivalTime: Int64) -> Time? {
        var cursor = start
        var digits = 0
        while ASCII.isDigit(cursor.next), digits < 8 {
            cursor.advance(1)
            digits += 1
        }
        guard digits > 0, cursor.skip(ASCII.colon), cursor.next &- UInt8(ascii: "A") < 26 else {
            return nil
        }
        cursor.advance(1)
        guard cursor.skip(ASCII.space),
            let reading = LoggedTime.leading(cursor, arrivalTime: arrivalTime)
        else { return nil }
        return Time(reading: reading, start: cursor.index)
    }

    /// `[18/Jan/2025:12:00:00 +0000]` behind an address and a user.
    private static func bracketed(_ text: ByteView, _ arrivalTime: Int64) -> Time? {
        var from = 0
        while from < min(text.count, bracketedTimeMax),
            let place = text.slice(from..<text.count).firstIndex(of: ASCII.openBracket)
        {
            from += place + 1
            guard from < bracketedTimeMax else { return nil }
            let cursor = TimeCursor(text, at: from)
            if ASCII.isDigit(cursor.next), cursor.byte(at: 2) == UInt8(ascii: "/"),
                let reading = LoggedTime.leading(cursor, arrivalTime: arrivalTime)
            {
                return Time(reading: reading, start: from, isLeading: false)
            }
        }
        return nil
    }

    static let escape: UInt8 = 0x1B

    /// Skips `ESC [ … m`, which sets a colour on terminals.
    static func skipColour(_ cursor: inout TimeCursor) {
        cursor.advance(1)
        guard cursor.skip(ASCII.openBracket) else { return }
        while ASCII.isDigit(cursor.next) || cursor.next == UInt8(ascii: ";") { cursor.advance(1) }
        _ = cursor.skip(UInt8(ascii: "m"))
    }

    private static func isKlogLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "I"), UInt8(ascii: "W"), UInt8(ascii: "E"), UInt8(ascii: "F"),
            UInt8(ascii: "D"):
            true
        default: false
        }
    }

    // MARK: The level

    /// The level at the front of a line, or `.unknown`.
    static func level(_ text: ByteView) -> LogLevel {
        let front = text.prefix(bytesMax)
        guard let time = find(front, arrivalTime: anyArrival) else {
            var scanner = TextLevelScanner(front, from: 0, time: .none)
            return scanner.level()
        }
        if time.letter != 0 { return LogLevel(text: front.slice(time.start - 1..<time.start)) }
        guard time.isLeading else { return .unknown }
        var scanner = TextLevelScanner(
            front, from: time.reading.end, time: time.reading.isSyslog ? .syslog : .other)
        return scanner.level()
    }
}
