public import LogBytes

/// Points in time: nanoseconds since 1970-01-01T00:00:00Z in 64 bits (1677 to 2262).
public enum Timestamp {
    /// Nanoseconds in a second.
    @inlinable public static var second: Int64 { 1_000_000_000 }
    /// Nanoseconds in a UTC day.
    @inlinable public static var day: Int64 { 86_400 * second }

    /// The time that a logger's text stands for: a date and time in the spellings of RFC 3339 (also with a space for the
    /// `T`, a comma before the fraction, a named zone UTC or GMT as PostgreSQL writes it, no zone at all meaning UTC), or a
    /// number of seconds, milliseconds, microseconds or nanoseconds told apart by magnitude. Nil for anything else.
    public static func parse(_ text: ByteView) -> Int64? {
        if text.count >= 19, text[4] == ASCII.minus { return parseDate(text) }
        return parseEpoch(text)
    }

    private static func parseDate(_ text: ByteView) -> Int64? {
        guard text[7] == ASCII.minus, text[13] == ASCII.colon, text[16] == ASCII.colon,
            text[10] | 0x20 == UInt8(ascii: "t") || text[10] == ASCII.space,
            let year = pair(text, 0), let years = pair(text, 2), let month = pair(text, 5),
            let day = pair(text, 8), let hour = pair(text, 11), let minute = pair(text, 14),
            let second = pair(text, 17)
        else { return nil }
        let fullYear = year * 100 + years
        guard (1970...2261).contains(fullYear), (1...12).contains(month), day >= 1,
            day <= CivilDate.days(inMonth: month, year: fullYear), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var index = 19
        guard let fraction = parseFraction(text, &index),
            let zone = parseZone(text, index)
        else { return nil }
        let days = CivilDate(year: fullYear, month: month, day: day).daysSinceEpoch
        let seconds = Int64(days * 86_400 + hour * 3_600 + minute * 60 + second - zone)
        return seconds * Self.second + fraction
    }

    @inline(__always)
    private static func pair(_ text: ByteView, _ index: Int) -> Int? {
        let tens = text[index] &- ASCII.zero
        let ones = text[index + 1] &- ASCII.zero
        return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : nil
    }

    /// The nanoseconds of a fraction at `index`, which moves behind it; digits beyond the ninth are dropped.
    private static func parseFraction(_ text: ByteView, _ index: inout Int) -> Int64? {
        guard index < text.count, text[index] == ASCII.dot || text[index] == ASCII.comma else {
            return 0
        }
        index += 1
        let first = index
        var value: Int64 = 0
        while index < text.count, ASCII.isDigit(text[index]) {
            if index - first < 9 { value = value * 10 + Int64(text[index] &- ASCII.zero) }
            index += 1
        }
        guard index > first else { return nil }
        for _ in min(index - first, 9)..<9 { value *= 10 }
        return value
    }

    /// The seconds east of Greenwich that the rest of the text names.
    private static func parseZone(_ text: ByteView, _ start: Int) -> Int? {
        var index = start
        if index < text.count, text[index] == ASCII.space { index += 1 }
        let rest = text.dropFirst(index)
        if rest.isEmpty { return 0 }
        let first = rest[0]
        if first == ASCII.plus || first == ASCII.minus {
            guard rest.count >= 3, let hours = pair(rest, 1), hours < 24 else { return nil }
            var minutes = 0
            if rest.count > 3 {
                let at = rest[3] == ASCII.colon ? 4 : 3
                guard rest.count == at + 2, let value = pair(rest, at), value < 60 else {
                    return nil
                }
                minutes = value
            }
            let seconds = hours * 3_600 + minutes * 60
            return first == ASCII.minus ? -seconds : seconds
        }
        if rest.count == 1, first | 0x20 == UInt8(ascii: "z") { return 0 }
        return rest == ByteView("UTC") || rest == ByteView("GMT") ? 0 : nil
    }

    /// An epoch number: below 1e11 seconds, 1e14 milliseconds, 1e17 microseconds, else nanoseconds.
    private static func parseEpoch(_ text: ByteView) -> Int64? {
        var whole: Int64 = 0
        var index = 0
        while index < text.count, ASCII.isDigit(text[index]) {
            guard index < 19 else { return nil }
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(text[index] &- ASCII.zero))
            if overflow || carry { return nil }
            whole = sum
            index += 1
        }
        guard index > 0 else { return nil }
        let scale: Int64
        switch whole {
        case ..<100_000_000_000: scale = second
        case ..<100_000_000_000_000: scale = 1_000_000
        case ..<100_000_000_000_000_000: scale = 1_000
        default: scale = 1
        }
        guard let fraction = parseFraction(text, &index), index == text.count else {
            return epochByExponent(text)
        }
        let (base, overflow) = whole.multipliedReportingOverflow(by: scale)
        if overflow { return nil }
        let (result, carry) = base.addingReportingOverflow(fraction / (second / scale))
        return carry ? nil : result
    }

    private static func epochByExponent(_ text: ByteView) -> Int64? {
        guard let value = NumberText.double(text), value >= 0, value < 9.2e18 else { return nil }
        let scale: Double = value < 1e11 ? 1e9 : value < 1e14 ? 1e6 : value < 1e17 ? 1e3 : 1
        let result = value * scale
        return result < 9.2e18 ? Int64(result) : nil
    }

    /// Appends RFC 3339 in UTC with `digits` digits of fraction (0 to 9) and `Z`.
    public static func append(_ time: Int64, digits: Int = 9, into out: inout ByteWriter) {
        let days = floorDivide(time, day)
        // Not `time - days * day`: the product overflows on the first day of the range.
        let rest = time % day
        let inDay = rest < 0 ? rest + day : rest
        let date = CivilDate(daysSinceEpoch: Int(days))
        let seconds = Int(inDay / second)
        appendDigits(date.year, 4, into: &out)
        out.append(ASCII.minus)
        appendDigits(date.month, 2, into: &out)
        out.append(ASCII.minus)
        appendDigits(date.day, 2, into: &out)
        out.append(UInt8(ascii: "T"))
        appendDigits(seconds / 3_600, 2, into: &out)
        out.append(ASCII.colon)
        appendDigits(seconds / 60 % 60, 2, into: &out)
        out.append(ASCII.colon)
        appendDigits(seconds % 60, 2, into: &out)
        if digits > 0 {
            out.append(ASCII.dot)
            var fraction = Int(inDay % second)
            for _ in digits..<9 { fraction /= 10 }
            appendDigits(fraction, digits, into: &out)
        }
        out.append(UInt8(ascii: "Z"))
    }

    /// RFC 3339 in UTC as text.
    public static func text(_ time: Int64, digits: Int = 3) -> String {
        var out = ByteWriter(capacity: 32)
        append(time, digits: digits, into: &out)
        return out.view.text
    }

    @usableFromInline
    static func appendDigits(_ value: Int, _ width: Int, into out: inout ByteWriter) {
        out.reserve(width)
        var rest = value
        var index = out.count + width - 1
        for _ in 0..<width {
            out.base[index] = ASCII.zero &+ UInt8(rest % 10)
            rest /= 10
            index -= 1
        }
        out.advance(width)
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
