public import LogBytes

/// Points in time: nanoseconds since 1970-01-01T00:00:00Z in 64 bits (1677 to 2262).
public enum Timestamp {
    /// Nanoseconds in a second.
    @inlinable @inline(__always) public static var second: Int64 { 1_000_000_000 }
    /// Nanoseconds in a UTC day.
    @inlinable public static var day: Int64 { 86_400 * second }

    /// The time that a logger's text stands for: a date and time in the spellings of RFC 3339 (also with a space for the
    /// `T`, a comma before the fraction, a zone by name where only one zone has that name, no zone at all meaning UTC), or a
    /// number of seconds, milliseconds, microseconds or nanoseconds told apart by magnitude. Nil for anything else.
    ///
    /// From 1970 to the last instant that 64 bits hold, 2262-04-11T23:47:16.854775807Z. A leap second is the second after it.
    @inlinable
    public static func parse(_ text: ByteView) -> Int64? {
        if text.count >= dateBytes, text[4] == ASCII.minus {
            guard let start = secondsOfDate(text) else { return nil }
            // Most of all times end right behind their seconds or milliseconds in a Z.
            let last = text[text.count - 1] | 0x20
            if last == UInt8(ascii: "z") {
                if text.count == 24, text[19] == ASCII.dot {
                    let hundreds = text[20] &- ASCII.zero
                    let tens = text[21] &- ASCII.zero
                    let ones = text[22] &- ASCII.zero
                    if hundreds <= 9, tens <= 9, ones <= 9 {
                        let thousandths = Int64(hundreds) * 100 + Int64(tens) * 10 + Int64(ones)
                        return nanoseconds(start, thousandths * 1_000_000)
                    }
                } else if text.count == 20 {
                    return nanoseconds(start, 0)
                }
            }
            return parseRest(text, start)
        }
        return EpochText.parse(text)
    }

    /// The bytes of `2025-01-18T12:00:00`.
    @usableFromInline static var dateBytes: Int { 19 }

    /// The seconds since the epoch of the date and time of day that the first 19 bytes of `text` say, as if it were UTC.
    ///
    /// Eight bytes are checked and read at once: exclusive or with the layout (`0000-00-`) leaves each digit's value and zero
    /// for each sign; adding makes the high bit of every byte that is too large; times ten plus the neighbour joins pairs.
    @inlinable @inline(__always)
    static func secondsOfDate(_ text: ByteView) -> Int64? {
        let start = UnsafeRawPointer(text.start)
        let date = word(start) ^ 0x2D30_302D_3030_3030
        let clock = word(start + 11) ^ 0x3030_3A30_303A_3030
        let dateExcess = (date &+ 0x7F76_767F_7676_7676) | date
        let clockExcess = (clock &+ 0x7676_7F76_767F_7676) | clock
        let tens = text[8] &- ASCII.zero
        let ones = text[9] &- ASCII.zero
        let isSpaced = text[10] == ASCII.space || text[10] | 0x20 == UInt8(ascii: "t")
        guard (dateExcess | clockExcess) & 0x8080_8080_8080_8080 == 0, tens <= 9, ones <= 9,
            isSpaced
        else { return nil }
        let dates = date &* 10 &+ (date >> 8)
        let clocks = clock &* 10 &+ (clock >> 8)
        let year = Int(dates & 0xFF) * 100 + Int(dates >> 16 & 0xFF)
        let month = Int(dates >> 40 & 0xFF)
        let day = Int(tens) * 10 + Int(ones)
        let hour = Int(clocks & 0xFF)
        let minute = Int(clocks >> 24 & 0xFF)
        let second = Int(clocks >> 48 & 0xFF)
        guard hour < 24, minute < 60, second <= 60, day &- 1 < 31,
            let days = dayNumber(year, month, day)
        else { return nil }
        return Int64(days &* 86_400 &+ hour &* 3_600 &+ minute &* 60 &+ second)
    }

    @inlinable @inline(__always)
    static func word(_ start: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
    }

    /// The days since the epoch of a day of the years 1970 to 2262, or nil where there is no such day.
    @inlinable @inline(__always)
    static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int? {
        guard year >= 1970, year <= 2262, month &- 1 < 12, month >= 1, day >= 1 else { return nil }
        if day > 28, day > CivilDate.days(inMonth: month, year: year) { return nil }
        // The year begins in March, so that the leap day is its last: Hinnant's days_from_civil without its eras.
        let isEarly = month <= 2
        let shiftedYear = isEarly ? year &- 1 : year
        let shiftedMonth = isEarly ? month &+ 9 : month &- 3
        let century = shiftedYear / 100
        let leaps = shiftedYear / 4 &- century &+ century / 4
        return shiftedYear &* 365 &+ leaps &+ (153 &* shiftedMonth &+ 2) / 5 &+ day &- 719_469
    }

    /// Seconds and a fraction in nanoseconds, or nil beyond the range.
    @inlinable @inline(__always)
    static func nanoseconds(_ seconds: Int64, _ fraction: Int64) -> Int64? {
        let (base, overflow) = seconds.multipliedReportingOverflow(by: second)
        let (result, carry) = base.addingReportingOverflow(fraction)
        return overflow || carry ? nil : result
    }

    /// The fraction and the zone behind the first 19 bytes.
    @usableFromInline
    static func parseRest(_ text: ByteView, _ start: Int64) -> Int64? {
        var cursor = TimeCursor(text, at: dateBytes)
        guard let fraction = cursor.fraction(), let zone = cursor.wholeZone() else { return nil }
        return nanoseconds(start - zone, fraction)
    }

    /// Appends RFC 3339 in UTC with `digits` digits of fraction (0 to 9) and `Z`.
    public static func append(_ time: Int64, digits: Int = 9, into out: inout ByteWriter) {
        let days = floorDivide(time, day)
        // Not `time - days * day`: the product overflows on the first day of the range.
        let rest = time % day
        let inDay = rest < 0 ? rest + day : rest
        let date = CivilDate(daysSinceEpoch: Int(days))
        let (seconds, fraction) = UInt64(inDay).quotientAndRemainder(dividingBy: UInt64(second))
        out.append(digits: UInt64(clamping: date.year), width: 4)
        out.append(ASCII.minus)
        out.append(digits: UInt64(clamping: date.month), width: 2)
        out.append(ASCII.minus)
        out.append(digits: UInt64(clamping: date.day), width: 2)
        out.append(UInt8(ascii: "T"))
        out.append(digits: seconds / 3_600, width: 2)
        out.append(ASCII.colon)
        out.append(digits: seconds / 60 % 60, width: 2)
        out.append(ASCII.colon)
        out.append(digits: seconds % 60, width: 2)
        if digits > 0 {
            out.append(ASCII.dot)
            out.append(digits: fraction / unit(digits), width: digits)
        }
        out.append(UInt8(ascii: "Z"))
    }

    /// What one is worth at so many digits behind the point of a second.
    private static func unit(_ digits: Int) -> UInt64 {
        switch digits {
        case 1: 100_000_000
        case 2: 10_000_000
        case 3: 1_000_000
        case 4: 100_000
        case 5: 10_000
        case 6: 1_000
        case 7: 100
        case 8: 10
        default: 1
        }
    }

    /// RFC 3339 in UTC as text.
    public static func text(_ time: Int64, digits: Int = 3) -> String {
        var out = ByteWriter(capacity: 32)
        append(time, digits: digits, into: &out)
        return out.view.text
    }

    /// The UTC day (days since the epoch) of a time.
    @inlinable
    public static func dayNumber(_ time: Int64) -> Int { Int(floorDivide(time, day)) }

    /// Division that rounds towards minus infinity, `divisor` > 0.
    @inlinable
    public static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
