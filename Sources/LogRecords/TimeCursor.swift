internal import LogBytes

/// A place in a text from which parts of a time are read. Reading what is not there leaves the place as it is.
struct TimeCursor {
    let text: ByteView
    private(set) var index: Int

    /// A cursor at `index` of `text`, which must outlive it.
    init(_ text: ByteView, at index: Int = 0) {
        self.text = text
        self.index = index
    }

    var isAtEnd: Bool { index >= text.count }
    /// The next byte, zero at the end.
    var next: UInt8 { byte(at: 0) }

    func byte(at offset: Int) -> UInt8 {
        index + offset < text.count ? text[index + offset] : 0
    }

    mutating func advance(_ count: Int) { index += count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte, !isAtEnd else { return false }
        index += 1
        return true
    }

    mutating func skipSpaces() {
        while !isAtEnd, next == ASCII.space { index += 1 }
    }

    /// A number of exactly `width` digits.
    mutating func number(_ width: Int) -> Int? {
        guard index + width <= text.count else { return nil }
        var value = 0
        for offset in 0..<width {
            let digit = text[index + offset] &- ASCII.zero
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        index += width
        return value
    }

    /// The number of a month by its first three letters.
    mutating func month() -> Int? {
        guard index + 3 <= text.count else { return nil }
        var folded: UInt32 = 0
        for offset in 0..<3 { folded = folded << 8 | UInt32(text[index + offset] | 0x20) }
        guard let place = Self.months.firstIndex(of: folded) else { return nil }
        index += 3
        return place + 1
    }

    private static let months: [UInt32] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ].map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

    /// `12:00:00` and perhaps a fraction behind it.
    mutating func timeOfDay() -> (seconds: Int, fraction: Int64)? {
        var copy = self
        guard let hour = copy.number(2), copy.skip(ASCII.colon), let minute = copy.number(2),
            copy.skip(ASCII.colon), let second = copy.number(2), hour < 24, minute < 60,
            second <= 60, let fraction = copy.fraction()
        else { return nil }
        self = copy
        return (hour * 3_600 + minute * 60 + second, fraction)
    }

    /// The nanoseconds of a fraction, 0 where there is none; digits beyond the ninth are dropped. Nil for a point without
    /// digits.
    mutating func fraction() -> Int64? {
        guard !isAtEnd, next == ASCII.dot || next == ASCII.comma else { return 0 }
        var place = index + 1
        let first = place
        var value: Int64 = 0
        while place < text.count, ASCII.isDigit(text[place]) {
            if place - first < 9 { value = value * 10 + Int64(text[place] &- ASCII.zero) }
            place += 1
        }
        guard place > first else { return nil }
        for _ in min(place - first, 9)..<9 { value *= 10 }
        index = place
        return value
    }

    // MARK: Zones

    /// The seconds east of Greenwich that the rest of the text names; 0 where nothing is left. Nil for what is no zone.
    func wholeZone() -> Int64? {
        var copy = self
        guard let zone = copy.zone(isWhole: true) else { return nil }
        copy.skipSpaces()
        guard copy.isAtEnd else { return nil }
        return Int64(zone)
    }

    /// The seconds east of Greenwich of the zone that stands here; 0 where none does.
    ///
    /// - Parameter isWhole: whether the zone is all that may follow. In running text a sign and two digits behind a space are
    ///   taken for one only as PostgreSQL writes them, with its `[process]` behind.
    mutating func zone(isWhole: Bool) -> Int? {
        if isAtEnd { return 0 }
        if next | 0x20 == UInt8(ascii: "z"), !Self.isWord(byte(at: 1)) {
            index += 1
            return 0
        }
        if next == ASCII.plus || next == ASCII.minus { return offset() }
        guard next == ASCII.space else { return 0 }
        var copy = self
        copy.advance(1)
        if copy.next == ASCII.plus || copy.next == ASCII.minus {
            guard let zone = copy.offset(), !Self.isWord(copy.next) else {
                return isWhole ? nil : 0
            }
            let isPostgres = copy.next == ASCII.space && copy.byte(at: 1) == ASCII.openBracket
            guard isWhole || isPostgres || copy.index - index >= 6 else { return 0 }
            self = copy
            return zone
        }
        if let zone = copy.namedZone() {
            self = copy
            return zone
        }
        return 0
    }

    /// `+05:30`, `+0530` or `+05`.
    private mutating func offset() -> Int? {
        var copy = self
        let isWest = copy.next == ASCII.minus
        copy.advance(1)
        guard let hours = copy.number(2), hours < 24 else { return nil }
        var minutes = 0
        let hasColon = copy.skip(ASCII.colon)
        if let value = copy.number(2) {
            guard value < 60 else { return nil }
            minutes = value
        } else if hasColon {
            return nil
        }
        self = copy
        let seconds = hours * 3_600 + minutes * 60
        return isWest ? -seconds : seconds
    }

    private mutating func namedZone() -> Int? {
        var length = 0
        while length < 6, byte(at: length) &- UInt8(ascii: "A") < 26 { length += 1 }
        guard length > 0, !Self.isWord(byte(at: length)),
            let zone = ZoneName.secondsEast(text.slice(index..<(index + length)))
        else { return nil }
        index += length
        return zone
    }

    /// Letters, digits and the underscore.
    static func isWord(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }
}

/// Zones by their abbreviations, as PostgreSQL and `date` print them.
enum ZoneName {
    /// Abbreviations of the time zone database that stand for one offset only. CST (America, China, Cuba), IST (India, Ireland,
    /// Israel), PST (America, Philippines), CDT and their like are not here: a wrong hour is worse than none.
    private static let minutesEast: [(name: StaticString, minutes: Int)] = [
        ("UTC", 0), ("GMT", 0), ("Z", 0), ("UCT", 0), ("WET", 0), ("WEST", 60), ("BST", 60),
        ("CET", 60), ("CEST", 120), ("MET", 60), ("MEST", 120), ("WAT", 60), ("CAT", 120),
        ("EET", 120), ("EEST", 180), ("SAST", 120), ("EAT", 180), ("MSK", 180), ("PKT", 300),
        ("WIB", 420), ("HKT", 480), ("AWST", 480), ("JST", 540), ("KST", 540), ("ACST", 570),
        ("ACDT", 630), ("AEST", 600), ("AEDT", 660), ("NZST", 720), ("NZDT", 780),
        ("EST", -300), ("EDT", -240), ("MDT", -360), ("MST", -420), ("PDT", -420),
        ("AKST", -540), ("AKDT", -480), ("HST", -600),
    ]

    /// The seconds that the zone is ahead of UTC, or nil where the name says nothing for certain.
    static func secondsEast(_ name: ByteView) -> Int? {
        minutesEast.first { ByteView($0.name) == name }.map { $0.minutes * 60 }
    }
}
