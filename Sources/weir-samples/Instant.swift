import ArgumentParser

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct Instant: Equatable, ExpressibleByArgument {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var millisecondsSince1970: Int64

    /// The length of a day.
    static let dayMilliseconds: Int64 = 86_400_000

    init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// Reads RFC 3339, e.g. `2025-01-18T12:00:00Z` or `2025-01-18T13:00:00.250+01:00`.
    /// Digits beyond the milliseconds are dropped. Returns nil for anything else,
    /// and for times before 1970.
    init?(argument: String) {
        var rest = Array(argument.utf8)[...]

        func number(digits: Int, in range: ClosedRange<Int64>) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            rest.removeFirst(digits)
            return range.contains(value) ? value : nil
        }
        func skip(_ choices: StaticString) -> UInt8? {
            guard let first = rest.first,
                choices.withUTF8Buffer({ $0.contains(first) })
            else { return nil }
            rest.removeFirst()
            return first
        }

        guard let year = number(digits: 4, in: 1970...9999), skip("-") != nil,
            let month = number(digits: 2, in: 1...12), skip("-") != nil,
            let day = number(digits: 2, in: 1...Self.days(inMonth: month, year: year)),
            skip("Tt ") != nil,
            let hour = number(digits: 2, in: 0...23), skip(":") != nil,
            let minute = number(digits: 2, in: 0...59), skip(":") != nil,
            let second = number(digits: 2, in: 0...59)
        else { return nil }

        var milliseconds: Int64 = 0
        if skip(".") != nil {
            var unit: Int64 = 100
            var digits = 0
            while let digit = number(digits: 1, in: 0...9) {
                milliseconds += digit * unit
                unit /= 10
                digits += 1
            }
            guard digits > 0 else { return nil }
        }
        var offsetMinutes: Int64 = 0
        guard let zone = skip("Zz+-") else { return nil }
        if zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-") {
            guard let hours = number(digits: 2, in: 0...23), skip(":") != nil,
                let minutes = number(digits: 2, in: 0...59)
            else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (zone == UInt8(ascii: "-") ? -1 : 1)
        }
        guard rest.isEmpty else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        let minutes = (days * 24 + hour) * 60 + minute - offsetMinutes
        let total = (minutes * 60 + second) * 1000 + milliseconds
        guard total >= 0 else { return nil }
        millisecondsSince1970 = total
    }

    /// The RFC 3339 spelling in UTC, for help texts.
    var defaultValueDescription: String {
        var buffer = LineBuffer(capacity: 24)
        buffer.append(self)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// Year, month and day in UTC.
    var civilDate: (year: Int64, month: Int64, day: Int64) {
        // Howard Hinnant's civil_from_days: years begin in March, so that the leap day is last.
        let shifted = millisecondsSince1970 / Self.dayMilliseconds + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func days(inMonth month: Int64, year: Int64) -> Int64 {
        let next = month == 12 ? (year + 1, Int64(1)) : (year, month + 1)
        return daysSince1970(year: next.0, month: next.1, day: 1)
            - daysSince1970(year: year, month: month, day: 1)
    }
}
