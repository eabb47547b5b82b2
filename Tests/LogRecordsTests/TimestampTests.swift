import Foundation
import LogBytes
import LogRecords
import TestSupport
import Testing

@Suite struct TimestampTests {
    private func parse(_ text: String) -> Int64? { text.withView { Timestamp.parse($0) } }

    private static let second = Timestamp.second
    /// 2025-01-18T12:00:00Z.
    private static let noon: Int64 = 1_737_201_600 * Timestamp.second

    @Test func spellingsOfRFC3339() {
        func check(_ text: String, plus: Int64 = 0, seconds: Int64 = 0) {
            #expect(parse(text) == Self.noon + plus + seconds * Self.second, "\(text)")
        }
        check("2025-01-18T12:00:00Z")
        check("2025-01-18t12:00:00z")
        check("2025-01-18 12:00:00Z")
        check("2025-01-18T12:00:00")
        check("2025-01-18 12:00:00")
        check("2025-01-18 12:00:00 UTC")
        check("2025-01-18 12:00:00 GMT")
        check("2025-01-18 12:00:00.634 UTC", plus: 634_000_000)
        check("2025-01-18T12:00:00.1Z", plus: 100_000_000)
        check("2025-01-18T12:00:00.123456789Z", plus: 123_456_789)
        check("2025-01-18T12:00:00.1234567891234Z", plus: 123_456_789)
        check("2025-01-18 12:00:00,123", plus: 123_000_000)
        check("2025-01-18T12:00:00+00:00")
        check("2025-01-18T12:00:00-00:00")
        check("2025-01-18T17:30:00+05:30")
        check("2025-01-18T17:30:00+0530")
        check("2025-01-18T17:00:00+05")
        check("2025-01-18T07:00:00.5-05:00", plus: 500_000_000)
        check("2025-01-18 14:00:00 +0200")
        check("2025-01-18T11:59:60Z")
        check("2025-01-18T12:00:00.000Z")
        check("2025-01-17T12:00:00-23:59", seconds: -60)
    }

    @Test func epochsAreToldApartByMagnitude() {
        func check(_ text: String, _ want: Int64?) { #expect(parse(text) == want, "\(text)") }
        check("1737201600", Self.noon)
        check("1737201600000", Self.noon)
        check("1737201600000000", Self.noon)
        check("1737201600000000000", Self.noon)
        check("1737201600.25", Self.noon + 250_000_000)
        check("1737201600.123456789", Self.noon + 123_456_789)
        check("1737201600123.456", Self.noon + 123_456_000)
        check("1737201600123456.789", Self.noon + 123_456_789)
        check("1737201600000000000.9", Self.noon)
        check("1.7372016e9", Self.noon)
        check("1.7372016E+12", Self.noon)
        check("0", 0)
        check("9223372036", 9_223_372_036 * Self.second)
        check("9223372036854775807", .max)
        check("9223372036854775808", nil)
        check("99999999999", nil)
        check("99999999999999999999999", nil)
        check("1e300", nil)
        check("1e-9223372036854775808", nil)
        check("-1", nil)
        check("+1737201600", nil)
        check("0x10", nil)
        check("1737201600s", nil)
    }

    @Test func whatIsNoTimeIsNil() {
        for text in [
            "", " ", "now", "2025-01-18", "2025-01-18T12:00Z", "2025-01-18T12:00:0",
            "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-02-29T00:00:00Z",
            "2025-04-31T00:00:00Z", "2025-01-00T00:00:00Z", "2025-01-18T24:00:00Z",
            "2025-01-18T12:60:00Z", "2025-01-18T12:00:61Z", "2025-01-18T12:00:00.Z",
            "2025-01-18T12:00:00.", "2025-01-18T12:00:00X", "2025-01-18T12:00:00+",
            "2025-01-18T12:00:00+5", "2025-01-18T12:00:00+05:", "2025-01-18T12:00:00+05:3",
            "2025-01-18T12:00:00+24:00", "2025-01-18T12:00:00+05:60", "2025-01-18T12:00:00+05:300",
            "2025-01-18T12:00:00ZZ", "2025-01-18T12:00:00 CST", "2025/01/18 12:00:00",
            "2025-01-18x12:00:00Z", "2025-1-18T12:00:00Z0", "20a5-01-18T12:00:00Z",
            "2025-01-18T12:00:00.1e3", "1969-12-31T23:59:59Z", "2263-01-01T00:00:00Z",
            "18/Jan/2025:12:00:00 +0000", "Jan 18 12:00:00", "null", "true", "[1]", "----", "....",
        ] {
            #expect(parse(text) == nil, "\(text)")
        }
    }

    @Test func boundsOfTheYears() {
        #expect(parse("1970-01-01T00:00:00Z") == 0)
        #expect(parse("1970-01-01T00:00:00+01:00") == -3_600 * Self.second)
        #expect(parse("2261-12-31T23:59:59.999999999Z") == 9_214_646_399_999_999_999)
        #expect(parse("2261-12-31T23:59:59-23:59") == 9_214_732_739 * Self.second)
        #expect(parse("2000-02-29T00:00:00Z") == 951_782_400 * Self.second)
        #expect(parse("2100-02-29T00:00:00Z") == nil)
    }

    /// Any cut and any changed byte of a good time is a time or nil, and nothing behind the text is read.
    @Test func damagedTimesNeverTrap() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        var random = SeededGenerator(seed: 60)
        let texts = [
            "2025-01-18T12:00:00.123456789+05:30", "2025-01-18 12:00:00.634 UTC", "1737201600.123",
            "1.737e9", "9223372036854775807",
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            for length in 0...bytes.count {
                _ = Timestamp.parse(memory.place(Array(bytes.prefix(length))))
            }
            for _ in 0..<4_000 {
                var changed = bytes
                for _ in 0...random.below(3) {
                    let value = UInt8(truncatingIfNeeded: random.next())
                    changed[random.below(changed.count)] =
                        value % 2 == 0 ? value : 0x30 + value % 10
                }
                let view = memory.place(changed)
                if let time = Timestamp.parse(view), view.count >= 19, view[4] == ASCII.minus {
                    // What parses is written as the same time.
                    #expect(parse(Timestamp.text(time, digits: 9)) == time || time < 0)
                }
            }
        }
    }

    /// Every day from 1970 to 2261: the calendar counted day by day, written, and read again.
    @Test func everyDayRoundTrips() {
        var (year, month, day) = (1970, 1, 1)
        var number = 0
        var out = ByteWriter()
        while year < 2262 {
            let date = CivilDate(daysSinceEpoch: number)
            let time = Int64(number) * Timestamp.day + Int64(number % 86_400) * Self.second + 7
            out.removeAll()
            Timestamp.append(time, into: &out)
            if date != CivilDate(year: year, month: month, day: day)
                || date.daysSinceEpoch != number || Timestamp.dayNumber(time) != number
                || Timestamp.parse(out.view) != time || CivilDate(date.description) != date
                || !out.view.text.hasPrefix(date.description)
            {
                Issue.record("day \(number): \(date), \(out.view.text)")
                return
            }
            number += 1
            day += 1
            if day > CivilDate.days(inMonth: month, year: year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(number == 106_651)
    }

    @Test func writesTheDigitsAskedFor() {
        func check(_ time: Int64, _ digits: Int, _ want: String) {
            #expect(Timestamp.text(time, digits: digits) == want)
        }
        check(Self.noon + 123_456_789, 9, "2025-01-18T12:00:00.123456789Z")
        check(Self.noon + 123_956_789, 3, "2025-01-18T12:00:00.123Z")
        check(Self.noon + 5, 0, "2025-01-18T12:00:00Z")
        check(Self.noon + 5_000_000, 1, "2025-01-18T12:00:00.0Z")
        check(0, 3, "1970-01-01T00:00:00.000Z")
        check(-1, 9, "1969-12-31T23:59:59.999999999Z")
        check(.max, 9, "2262-04-11T23:47:16.854775807Z")
        check(.min, 9, "1677-09-21T00:12:43.145224192Z")
    }

    @Test func agreesWithFoundation() throws {
        var random = SeededGenerator(seed: 61)
        let style = Date.ISO8601FormatStyle(timeZone: .gmt)
        for _ in 0..<2_000 {
            let seconds = Int64(random.below(9_214_646_400))
            let theirs = Date(timeIntervalSince1970: Double(seconds)).formatted(style)
            #expect(Timestamp.text(seconds * Self.second, digits: 0) == theirs)
            #expect(parse(theirs) == seconds * Self.second)
        }
    }

    @Test func divisionRoundsDown() {
        func check(_ value: Int64, _ divisor: Int64, _ want: Int64) {
            #expect(Timestamp.floorDivide(value, divisor) == want)
        }
        check(7, 3, 2)
        check(-7, 3, -3)
        check(-6, 3, -2)
        check(0, 3, 0)
        check(-1, .max, -1)
        check(.min, 1, .min)
        #expect(Timestamp.dayNumber(-1) == -1)
        #expect(Timestamp.dayNumber(Timestamp.day) == 1)
    }
}
