internal import LogBytes
internal import LogRecords

/// Times as queries write them: RFC 3339, or the beginning of it, which stands for all times that begin so.
struct TimeText {
    /// The first nanosecond.
    let start: Int64
    /// The first nanosecond behind.
    let end: Int64

    /// Reads `2023`, `2023-04`, `2023-04-25`, `2023-04-25T10`, … up to a fraction of any length, with `Z`, `+02:00` or
    /// nothing (UTC) behind.
    init?(_ text: String) {
        let (body, zoneSeconds) = Self.splitZone(text)
        var digits: [Int] = []
        var layout = ""
        for byte in body.utf8 {
            if ASCII.isDigit(byte) {
                digits.append(Int(byte - ASCII.zero))
                layout += "0"
            } else {
                layout +=
                    byte == ASCII.space || byte == UInt8(ascii: "t")
                    ? "T" : String(Character(Unicode.Scalar(byte)))
            }
        }
        let fraction = layout.count > 20 ? layout.count - 20 : 0
        let whole = fraction > 0 ? String(layout.prefix(19)) : layout
        guard let precision = Self.layouts.firstIndex(of: whole), fraction <= 9,
            fraction == 0
                || layout.hasPrefix("0000-00-00T00:00:00.")
                    && layout.dropFirst(20).allSatisfy({ $0 == "0" })
        else { return nil }
        func pair(_ index: Int, or standard: Int) -> Int {
            index + 1 < digits.count ? digits[index] * 10 + digits[index + 1] : standard
        }
        let year = pair(0, or: 0) * 100 + pair(2, or: 0)
        let month = pair(4, or: 1)
        let day = pair(6, or: 1)
        let hour = pair(8, or: 0)
        let minute = pair(10, or: 0)
        let second = pair(12, or: 0)
        guard (1678...2261).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.days(inMonth: month, year: year), hour < 24, minute < 60, second <= 60
        else { return nil }
        func time(_ date: CivilDate) -> Int64 {
            Int64(date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second - zoneSeconds)
                * Timestamp.second
        }
        var nanoseconds: Int64 = 0
        var step = Timestamp.second
        for digit in digits.dropFirst(14) {
            step /= 10
            nanoseconds += Int64(digit) * step
        }
        start = time(CivilDate(year: year, month: month, day: day)) + nanoseconds
        switch precision {
        case 0: end = time(CivilDate(year: year + 1, month: 1, day: 1))
        case 1:
            end = time(
                CivilDate(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1))
        case 2: end = start + Timestamp.day
        case 3: end = start + 3_600 * Timestamp.second
        case 4: end = start + 60 * Timestamp.second
        default: end = start + step
        }
    }

    private static let layouts = [
        "0000", "0000-00", "0000-00-00", "0000-00-00T00", "0000-00-00T00:00",
        "0000-00-00T00:00:00",
    ]

    /// The text without its zone, and the zone's seconds east of Greenwich.
    private static func splitZone(_ text: String) -> (Substring, Int) {
        let whole = text[...]
        if let last = text.utf8.last, last | 0x20 == UInt8(ascii: "z") {
            return (whole.dropLast(), 0)
        }
        let tail = Array(text.utf8.suffix(6))
        guard tail.count == 6, tail[0] == ASCII.plus || tail[0] == ASCII.minus,
            tail[3] == ASCII.colon,
            let hours = Int(String(decoding: tail[1...2], as: UTF8.self)),
            let minutes = Int(String(decoding: tail[4...5], as: UTF8.self)), hours < 24,
            minutes < 60
        else { return (whole, 0) }
        let seconds = hours * 3_600 + minutes * 60
        return (whole.dropLast(6), tail[0] == ASCII.minus ? -seconds : seconds)
    }
}

extension Int64 {
    /// The sum, held at the ends of the range.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The nearest integer to `value`, held at the ends of the range.
    init(clamping value: Double) {
        self = value >= 9.2e18 ? .max : value <= -9.2e18 ? .min : Int64(value)
    }
}
