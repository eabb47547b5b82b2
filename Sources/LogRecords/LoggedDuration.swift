public import LogBytes

/// Durations as loggers write them, given in milliseconds without losing a digit.
///
///     0.0123 (seconds)     12.3        129.02ms      129.02
///     1m30s                90000       PT0.1S        100
///     00:00:00.12          120         1.02:03:04    93784000
public enum LoggedDuration {
    /// How many places the decimal point moves from a unit to milliseconds.
    @frozen
    public enum Unit: Int, Sendable {
        case seconds = 3
        case milliseconds = 0
        case microseconds = -3
        case nanoseconds = -6
    }

    /// Longer texts are no durations.
    private static let bytesMax = 64

    /// Appends the milliseconds of `text`.
    ///
    /// - Parameter unit: what a bare number counts; nil: a bare number is no duration.
    /// - Returns: false, with nothing appended, when `text` is no duration.
    public static func append(
        _ text: ByteView, unit: Unit?, into out: inout ByteWriter
    ) -> Bool {
        guard text.count > 0, text.count <= bytesMax else { return false }
        if let unit, NumberText.appendShifted(text, places: unit.rawValue, into: &out) {
            return true
        }
        // One number with one decimal unit keeps all its digits.
        var end = 0
        while end < text.count,
            ASCII.isDigit(text[end]) || text[end] == ASCII.dot
                || (end == 0 && text[end] == ASCII.minus)
        {
            end += 1
        }
        guard end < text.count else { return false }
        if let single = decimalUnit(trimmed(text.dropFirst(end))) {
            return NumberText.appendShifted(
                text.prefix(end), places: single.rawValue, into: &out)
        }
        guard let sum = signedSum(text) else { return false }
        append(sum, into: &out)
        return true
    }

    /// Appends the sum of nginx's list of upstream times, seconds between commas and colons; `-` stands for no answer.
    ///
    /// nginx tries upstreams one after the other, so the sum is how long they took together.
    public static func appendSecondsList(_ text: ByteView, into out: inout ByteWriter) -> Bool {
        var total: Int128 = 0
        var sawNumber = false
        var rest = text
        while true {
            let end = rest.firstIndex { $0 == ASCII.comma || $0 == ASCII.colon } ?? rest.count
            let item = trimmed(rest.prefix(end))
            if item != ByteView("-") {
                guard let part = attoseconds(item, scale: attosecondsPerSecond) else {
                    return false
                }
                total += part
                sawNumber = true
            }
            if end >= rest.count { break }
            rest = rest.dropFirst(end + 1)
        }
        guard sawNumber else { return false }
        append(total, into: &out)
        return true
    }

    // MARK: Units

    private static func decimalUnit(_ name: ByteView) -> Unit? {
        if name == ByteView("ms") || name == ByteView("msec") || name == ByteView("millis")
            || name == ByteView("milliseconds")
        {
            return .milliseconds
        }
        if name == ByteView("s") || name == ByteView("sec") || name == ByteView("secs")
            || name == ByteView("seconds") || name == ByteView("second")
        {
            return .seconds
        }
        // µ is U+00B5; Go writes that one, others the Greek letter U+03BC.
        if name == ByteView("us") || name == ByteView("µs") || name == ByteView("μs")
            || name == ByteView("usec") || name == ByteView("microseconds")
        {
            return .microseconds
        }
        return name == ByteView("ns") || name == ByteView("nsec") || name == ByteView("nanoseconds")
            ? .nanoseconds : nil
    }

    private static func secondsOfUnit(_ name: ByteView) -> Int128? {
        if name == ByteView("m") || name == ByteView("min") || name == ByteView("minutes")
            || name == ByteView("minute")
        {
            return 60
        }
        if name == ByteView("h") || name == ByteView("hr") || name == ByteView("hours")
            || name == ByteView("hour")
        {
            return 3_600
        }
        return name == ByteView("d") || name == ByteView("days") || name == ByteView("day")
            ? 86_400 : nil
    }

    // MARK: Sums, in attoseconds: 128 bits hold 10^20 seconds

    private static let attosecondsPerSecond: Int128 = 1_000_000_000_000_000_000

    private static func signedSum(_ text: ByteView) -> Int128? {
        let isNegative = text[0] == ASCII.minus
        let text = text.dropFirst(isNegative || text[0] == ASCII.plus ? 1 : 0)
        guard let sum = isoSum(text) ?? clockSum(text) ?? unitSum(text) else { return nil }
        return isNegative ? -sum : sum
    }

    /// `1m30s`, `1h 2m 3.5s`.
    private static func unitSum(_ text: ByteView) -> Int128? {
        var rest = trimmed(text)
        var total: Int128 = 0
        guard rest.count > 0 else { return nil }
        while rest.count > 0 {
            let end = rest.firstIndex { !ASCII.isDigit($0) && $0 != ASCII.dot } ?? rest.count
            let behind = trimmedStart(rest.dropFirst(end))
            let length =
                behind.firstIndex { ASCII.isDigit($0) || $0 == ASCII.space } ?? behind.count
            let name = behind.prefix(length)
            let scale: Int128
            if let unit = decimalUnit(name) {
                switch unit {
                case .seconds: scale = attosecondsPerSecond
                case .milliseconds: scale = attosecondsPerSecond / 1_000
                case .microseconds: scale = attosecondsPerSecond / 1_000_000
                case .nanoseconds: scale = attosecondsPerSecond / 1_000_000_000
                }
            } else if let seconds = secondsOfUnit(name) {
                scale = seconds * attosecondsPerSecond
            } else {
                return nil
            }
            guard let part = attoseconds(rest.prefix(end), scale: scale) else { return nil }
            total += part
            rest = trimmedStart(behind.dropFirst(length))
        }
        return total
    }

    /// ISO 8601: `PT0.1S`, `P1DT2H3M4.5S`. Years and months have no length.
    private static func isoSum(_ text: ByteView) -> Int128? {
        guard text.count >= 3, text[0] == UInt8(ascii: "P") else { return nil }
        var rest = text.dropFirst(1)
        var total: Int128 = 0
        var isTime = false
        var sawPart = false
        while rest.count > 0 {
            if rest[0] == UInt8(ascii: "T"), !isTime {
                isTime = true
                rest = rest.dropFirst(1)
                continue
            }
            let end = rest.firstIndex { !ASCII.isDigit($0) && $0 != ASCII.dot } ?? rest.count
            guard end < rest.count else { return nil }
            let seconds: Int128
            switch (rest[end], isTime) {
            case (UInt8(ascii: "W"), false): seconds = 604_800
            case (UInt8(ascii: "D"), false): seconds = 86_400
            case (UInt8(ascii: "H"), true): seconds = 3_600
            case (UInt8(ascii: "M"), true): seconds = 60
            case (UInt8(ascii: "S"), true): seconds = 1
            default: return nil
            }
            guard
                let part = attoseconds(rest.prefix(end), scale: seconds * attosecondsPerSecond)
            else { return nil }
            total += part
            sawPart = true
            rest = rest.dropFirst(end + 1)
        }
        return sawPart ? total : nil
    }

    /// `HH:MM:SS.fff`, with .NET's days (`1.02:03:04`) or Python's (`1 day, 2:03:04`) before it.
    private static func clockSum(_ text: ByteView) -> Int128? {
        guard let first = text.firstIndex(of: ASCII.colon) else { return nil }
        var days: Int128 = 0
        var hours = text.prefix(first)
        if let day = hours.firstIndex(of: ByteView(" day")) {
            guard let value = NumberText.integer(hours.prefix(day)), value >= 0,
                let space = hours.lastIndex(of: ASCII.space), space > day
            else { return nil }
            days = Int128(value)
            hours = hours.dropFirst(space + 1)
        } else if let dot = hours.firstIndex(of: ASCII.dot) {
            guard let value = NumberText.integer(hours.prefix(dot)), value >= 0 else { return nil }
            days = Int128(value)
            hours = hours.dropFirst(dot + 1)
        }
        let rest = text.dropFirst(first + 1)
        guard let second = rest.firstIndex(of: ASCII.colon), second == 2, rest.count >= 5,
            let hour = digits(hours), let minute = digits(rest.prefix(2)), minute < 60,
            let seconds = attoseconds(rest.dropFirst(3), scale: attosecondsPerSecond),
            seconds < 61 * attosecondsPerSecond, ASCII.isDigit(rest[4])
        else { return nil }
        let whole = days * 86_400 + Int128(hour) * 3_600 + Int128(minute) * 60
        return whole * attosecondsPerSecond + seconds
    }

    private static func digits(_ text: ByteView) -> Int64? {
        guard text.count > 0, text.count <= 8, ASCII.isDigit(text[0]) else { return nil }
        return NumberText.integer(text)
    }

    /// `text × scale` of a plain decimal; digits below an attosecond are dropped. Nil for other text, and beyond 10^12.
    private static func attoseconds(_ text: ByteView, scale: Int128) -> Int128? {
        var whole: Int128 = 0
        var fraction: Int128 = 0
        var unit = scale
        var sawDot = false
        var sawDigit = false
        for index in 0..<text.count {
            let byte = text[index]
            if ASCII.isDigit(byte) {
                sawDigit = true
                let digit = Int128(byte &- ASCII.zero)
                if sawDot {
                    unit /= 10
                    fraction += digit * unit
                } else {
                    whole = whole * 10 + digit
                    guard whole <= 1_000_000_000_000 else { return nil }
                }
            } else if byte == ASCII.dot, !sawDot {
                sawDot = true
            } else {
                return nil
            }
        }
        return sawDigit ? whole * scale + fraction : nil
    }

    /// Appends attoseconds as milliseconds.
    private static func append(_ attoseconds: Int128, into out: inout ByteWriter) {
        var text = ByteWriter(capacity: 48)
        text.append("\(attoseconds)")
        _ = NumberText.appendShifted(text.view, places: -15, into: &out)
    }

    private static func trimmedStart(_ view: ByteView) -> ByteView {
        view.dropFirst(view.firstIndex { $0 != ASCII.space } ?? view.count)
    }

    private static func trimmed(_ view: ByteView) -> ByteView {
        var view = trimmedStart(view)
        while view.count > 0, view[view.count - 1] == ASCII.space {
            view = view.prefix(view.count - 1)
        }
        return view
    }
}
