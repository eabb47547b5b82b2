import LogBytes
import LogRecords
import TestSupport
import Testing

@Suite struct LoggedTimeTests {
    /// 2025-01-18T12:00:00Z.
    private static let noon: Int64 = 1_737_201_600 * Timestamp.second

    private func parse(_ text: String) -> Int64? {
        text.withView { LoggedTime.parse($0, arrivalTime: Self.noon) }
    }

    @Test func spellingsOfManyLoggers() {
        for text in [
            "2025-01-18T12:00:00Z", "1737201600", "2025/01/18 12:00:00", "2025.01.18 12:00:00",
            "18/Jan/2025:12:00:00 +0000", "[18/Jan/2025:13:00:00 +0100]", "18-Jan-2025 12:00:00",
            "18-Jan-2025 12:00:00 UTC", "18 Jan 2025 12:00:00", "Sat, 18 Jan 2025 12:00:00 GMT",
            "Sat, 18 Jan 2025 12:00:00 +0000", "Sat Jan 18 12:00:00 2025", "Jan 18 12:00:00",
            "JAN 18 12:00:00", "Jan 18 2025 12:00:00", "2025-01-18 13:00:00 CET",
            "2025-01-18 07:00:00 EST", " 2025/01/18 12:00:00 ", "2025/01/18 14:00:00 +02",
        ] {
            #expect(parse(text) == Self.noon, "\(text)")
        }
        #expect(parse("2025/01/18 12:00:00.5") == Self.noon + 500_000_000)
        for text in [
            "", "soon", "01/18/2025 12:00:00", "2025/01/18", "18/Jan/2025", "Jan 18", "12:00:00",
            "2025/01/18 12:00:00 CST", "2025/01/18 12:00:00 IST", "2025/01/18 12:00:00 x",
            "31/Feb/2025:12:00:00 +0000", "18/Foo/2025:12:00:00 +0000", "2025/01-18 12:00:00",
            "18/Jan/1969:12:00:00 +0000", "18/Jan/2263:12:00:00 +0000", "Jan 32 12:00:00",
        ] {
            #expect(parse(text) == nil, "\(text)")
        }
    }

    @Test func everyNamedZoneIsUnderstood() {
        for (name, hours): (String, Double) in [
            ("UTC", 0), ("GMT", 0), ("WEST", 1), ("BST", 1), ("CEST", 2), ("EEST", 3), ("MSK", 3),
            ("JST", 9), ("ACST", 9.5), ("AEDT", 11), ("NZDT", 13), ("EDT", -4), ("PDT", -7),
            ("HST", -10),
        ] {
            let want = Self.noon - Int64(hours * 3_600) * Timestamp.second
            #expect(parse("2025-01-18 12:00:00.000 \(name)") == want, "\(name)")
        }
    }

    /// The earliest and the latest instant, and what lies behind them.
    @Test func theRangeEndsWithItsLastNanosecond() {
        #expect(parse("2262-04-11T23:47:16.854775807Z") == .max)
        #expect(parse("2262-04-11T23:47:16.854775808Z") == nil)
        #expect(parse("2262-04-11T23:47:17Z") == nil)
        #expect(parse("2262-04-11T23:47:16.854775807-01:00") == nil)
        #expect(parse("2262-04-12T00:47:16.854775807+01:00") == .max)
        #expect(parse("9223372036.854775807") == .max)
        #expect(parse("9223372036854775807") == .max)
        #expect(parse("9223372036854775808") == nil)
        #expect(parse("9223372036.854775808") == nil)
        #expect(parse("1970-01-01T00:00:00Z") == 0)
        #expect(parse("1969-12-31T23:59:59.999Z") == nil)
    }

    @Test func numbersLoseNoDigit() {
        #expect(parse("1737201600.123456789") == Self.noon + 123_456_789)
        #expect(parse("1737201600123.456789") == Self.noon + 123_456_789)
        #expect(parse("1.737201600123456789e9") == Self.noon + 123_456_789)
        #expect(parse("1.737201600123456789e+18") == Self.noon + 123_456_789)
        #expect(parse("1737201600,5") == Self.noon + 500_000_000)
        #expect(parse("00001737201600") == Self.noon)
        #expect(parse("1737201600.") == nil)
        #expect(parse(".5") == nil)
    }

    /// Random instants of the whole range in random spellings, against plain counting.
    @Test func everySpellingReadsBack() {
        var random = SeededGenerator(seed: 95)
        for _ in 0..<20_000 {
            let instant = Int64(random.next() >> 1)
            let digits = random.below(10)
            var unit: Int64 = 1
            for _ in digits..<9 { unit *= 10 }
            let want = instant / unit * unit
            let zone = random.below(2 * 1_439 + 1) - 1_439
            let local = (want / Timestamp.second).addingReportingOverflow(Int64(zone) * 60)
            guard !local.overflow, local.partialValue >= 0, local.partialValue < 9_223_286_400
            else { continue }
            let text = spelling(
                seconds: local.partialValue, fraction: want % Timestamp.second, digits: digits,
                zone: zone, &random)
            #expect(parse(text) == want, "\(text)")
        }
    }

    /// The calendar by counting years and months.
    private func spelling(
        seconds: Int64, fraction: Int64, digits: Int, zone: Int, _ random: inout SeededGenerator
    ) -> String {
        func padded(_ value: Int, _ width: Int) -> String {
            String(
                String(value + (width == 2 ? 100 : width == 4 ? 10_000 : 1_000_000_000)).dropFirst()
            )
        }
        var days = Int(seconds / 86_400)
        let rest = Int(seconds % 86_400)
        var year = 1970
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        while days >= (isLeap(year) ? 366 : 365) {
            days -= isLeap(year) ? 366 : 365
            year += 1
        }
        var lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var month = 1
        while days >= lengths[0] {
            days -= lengths.removeFirst()
            month += 1
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(days + 1, 2))"
        let clock =
            "\(padded(rest / 3_600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
        let point = [".", ","][random.below(2)]
        let tail = digits == 0 ? "" : point + String(padded(Int(fraction), 9).prefix(digits))
        let sign = zone < 0 ? "-" : "+"
        let (hours, minutes) = (padded(abs(zone) / 60, 2), padded(abs(zone) % 60, 2))
        let zones =
            zone == 0
            ? ["Z", "z", "", " UTC", " GMT", "+00:00", "-0000", " +00"]
            : [
                "\(sign)\(hours):\(minutes)", "\(sign)\(hours)\(minutes)",
                " \(sign)\(hours):\(minutes)",
            ]
        return date + ["T", "t", " "][random.below(3)] + clock + tail
            + zones[random.below(zones.count)]
    }
}
