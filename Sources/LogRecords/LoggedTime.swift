public import LogBytes

/// Times in the spellings of loggers that do not write RFC 3339 or numbers.
///
///     2025/01/18 12:00:00.123            Go's log, nginx's error log
///     2025.01.18 12:00:00.123456         ClickHouse
///     18/Jan/2025:12:00:00 +0000         the Common Log Format
///     18-Jan-2025 12:00:00 UTC           Tomcat, PHP
///     18 Jan 2025 12:00:00.123           Redis; with `Sat, ` before it RFC 5322
///     Jan 18 12:00:00                    syslog: without a year
///     Sat Jan 18 12:00:00.123456 2025    Apache's error log, ctime
///     0118 12:00:00.123456               klog, behind its letter: without a year
public enum LoggedTime {
    /// What was read, and where it ended.
    struct Reading {
        var time: Int64
        /// The place behind the time.
        var end: Int
        /// Whether it is syslog's, behind which a host and a program follow.
        var isSyslog = false
    }

    /// How far ahead of its arrival a time without a year may lie, and still be of the same year or the next (nanoseconds).
    static let yearlessAheadMax = 31 * Timestamp.day

    /// The time that all of `text` stands for, in any spelling that weir knows.
    ///
    /// - Parameter arrivalTime: when the line arrived; a time without a year is given the one that brings it nearest, at most
    ///   a month ahead.
    public static func parse(_ text: ByteView, arrivalTime: Int64) -> Int64? {
        if let time = Timestamp.parse(text) { return time }
        var text = text
        while text.count > 0, text[0] == ASCII.space { text = text.dropFirst(1) }
        if text.count > 1, text[0] == ASCII.openBracket,
            text[text.count - 1] == ASCII.closeBracket
        {
            text = text.slice(1..<(text.count - 1))
        }
        guard let reading = leading(TimeCursor(text), arrivalTime: arrivalTime, isWhole: true)
        else { return nil }
        return text.dropFirst(reading.end).firstIndex { $0 != ASCII.space } == nil
            ? reading.time : nil
    }

    /// The time that begins at the cursor, in any spelling but a number.
    static func leading(
        _ cursor: TimeCursor, arrivalTime: Int64, isWhole: Bool = false
    ) -> Reading? {
        if ASCII.isDigit(cursor.next) {
            return yearFirst(cursor, isWhole) ?? dayFirst(cursor, isWhole)
        }
        return monthFirst(cursor, arrivalTime)
    }

    /// `2025-01-18`, `2025/01/18` or `2025.01.18`, then the time.
    private static func yearFirst(_ start: TimeCursor, _ isWhole: Bool) -> Reading? {
        var cursor = start
        guard let year = cursor.number(4) else { return nil }
        let mark = cursor.next
        guard mark == ASCII.minus || mark == UInt8(ascii: "/") || mark == ASCII.dot,
            cursor.skip(mark), let month = cursor.number(2), cursor.skip(mark),
            let day = cursor.number(2),
            cursor.skip(ASCII.space) || cursor.skip(UInt8(ascii: "T"))
                || cursor.skip(UInt8(ascii: "t"))
        else { return nil }
        return finish(&cursor, year, month, day, isWhole)
    }

    /// `18/Jan/2025:`, `18-Jan-2025 ` or `18 Jan 2025 `, then the time.
    private static func dayFirst(_ start: TimeCursor, _ isWhole: Bool) -> Reading? {
        var cursor = start
        guard let day = cursor.number(2) ?? cursor.number(1) else { return nil }
        let mark = cursor.next
        guard mark == ASCII.minus || mark == UInt8(ascii: "/") || mark == ASCII.space,
            cursor.skip(mark), let month = cursor.month(), cursor.skip(mark),
            let year = cursor.number(4),
            cursor.skip(mark == UInt8(ascii: "/") ? ASCII.colon : ASCII.space)
        else { return nil }
        return finish(&cursor, year, month, day, isWhole)
    }

    /// `Jan 18 12:00:00`, perhaps with a day of the week before it and a year in front of the time or behind it.
    private static func monthFirst(_ start: TimeCursor, _ arrivalTime: Int64) -> Reading? {
        var cursor = start
        let weekday = weekdayLength(cursor)
        if weekday > 0 {
            cursor.advance(weekday)
            // RFC 5322.
            if ASCII.isDigit(cursor.next) { return dayFirst(cursor, true) }
        }
        guard let month = cursor.month(), cursor.skip(ASCII.space) else { return nil }
        cursor.skipSpaces()
        guard let day = cursor.number(2) ?? cursor.number(1), cursor.skip(ASCII.space) else {
            return nil
        }
        cursor.skipSpaces()
        var copy = cursor
        var year: Int?
        if let value = copy.number(4), copy.skip(ASCII.space) {
            year = value
            cursor = copy
        }
        guard let clock = cursor.timeOfDay() else { return nil }
        if year == nil, weekday > 0 {
            var copy = cursor
            if copy.skip(ASCII.space), let value = copy.number(4), !TimeCursor.isWord(copy.next) {
                year = value
                cursor = copy
            }
        }
        guard
            let time = year.map({ nanoseconds($0, month, day, clock, zone: 0) })
                ?? nearest(month, day, clock, arrivalTime)
        else { return nil }
        return Reading(time: time, end: cursor.index, isSyslog: weekday == 0)
    }

    /// The length of `Sat ` or `Sat, `, or 0.
    private static func weekdayLength(_ cursor: TimeCursor) -> Int {
        var folded: UInt32 = 0
        for offset in 0..<3 { folded = folded << 8 | UInt32(cursor.byte(at: offset) | 0x20) }
        guard weekdays.contains(folded) else { return 0 }
        if cursor.byte(at: 3) == ASCII.space { return 4 }
        return cursor.byte(at: 3) == ASCII.comma && cursor.byte(at: 4) == ASCII.space ? 5 : 0
    }

    private static let weekdays: [UInt32] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

    private static func finish(
        _ cursor: inout TimeCursor, _ year: Int, _ month: Int, _ day: Int, _ isWhole: Bool
    ) -> Reading? {
        guard let clock = cursor.timeOfDay() else { return nil }
        let zone = cursor.zone(isWhole: isWhole)
        if isWhole, zone == nil { return nil }
        return nanoseconds(year, month, day, clock, zone: zone ?? 0)
            .map { Reading(time: $0, end: cursor.index) }
    }

    static func nanoseconds(
        _ year: Int, _ month: Int, _ day: Int, _ clock: (seconds: Int, fraction: Int64), zone: Int
    ) -> Int64? {
        guard let days = Timestamp.dayNumber(year, month, day) else { return nil }
        return Timestamp.nanoseconds(
            Int64(days * 86_400 + clock.seconds - zone), clock.fraction)
    }

    /// The time of this day in the year that brings it nearest to its arrival, at most a month ahead of it.
    static func nearest(
        _ month: Int, _ day: Int, _ clock: (seconds: Int, fraction: Int64), _ arrivalTime: Int64
    ) -> Int64? {
        let arrivalYear = CivilDate(daysSinceEpoch: Timestamp.dayNumber(arrivalTime)).year
        // The 29th of February may be up to eight years back.
        for year in stride(from: arrivalYear + 1, through: arrivalYear - 8, by: -1) {
            guard let time = nanoseconds(year, month, day, clock, zone: 0) else { continue }
            if time - yearlessAheadMax <= arrivalTime { return time }
        }
        return nil
    }

    /// klog's `0118 12:00:00.123456`, behind its letter.
    static func klog(_ start: TimeCursor, arrivalTime: Int64) -> Reading? {
        var cursor = start
        guard let month = cursor.number(2), let day = cursor.number(2), cursor.skip(ASCII.space),
            let clock = cursor.timeOfDay(), clock.fraction > 0 || cursor.next == ASCII.space,
            let time = nearest(month, day, clock, arrivalTime)
        else { return nil }
        return Reading(time: time, end: cursor.index)
    }
}

extension ByteView {
    /// The offset of the first byte that passes `test`, or nil.
    func firstIndex(where test: (UInt8) -> Bool) -> Int? {
        for index in 0..<count where test(self[index]) { return index }
        return nil
    }
}
