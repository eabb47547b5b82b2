import Foundation
import LogAlerting
import Testing

@Suite struct TimeIntervalTests {
    /// Zones from the machine that runs the tests.
    private static let zones = ZoneSource { name in
        FileManager.default.contents(atPath: "/usr/share/zoneinfo/" + name).map { Array($0) }
    }

    private func intervals(
        _ text: String, zones: ZoneSource = zones
    ) throws -> NamedTimeIntervals {
        let file = """
            groups: []
            time_intervals:
              - name: t
                time_intervals:
                  - \(text)
            """
        return try #require(
            AlertConfiguration.parse(
                file, file: "t.yaml", channelKinds: ["stdout"], zones: zones
            ).timeIntervals.first)
    }

    /// Nanoseconds since the epoch of a time in RFC 3339.
    private func time(_ text: String) throws -> Int64 {
        let formatter = ISO8601DateFormatter()
        return Int64(try #require(formatter.date(from: text)).timeIntervalSince1970) * 1_000_000_000
    }

    private func f(
        _ text: String, holds: [String], not: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let interval = try intervals(text)
        for moment in holds {
            #expect(
                interval.contains(try time(moment)), "\(moment)", sourceLocation: sourceLocation)
        }
        for moment in not {
            #expect(
                !interval.contains(try time(moment)), "\(moment)", sourceLocation: sourceLocation)
        }
    }

    @Test func partsOfTheCalendar() throws {
        try f("{}", holds: ["2026-01-05T10:00:00Z"], not: [])
        try f(
            "{times: [{start_time: '09:00', end_time: '17:00'}]}",
            holds: ["2026-01-05T09:00:00Z", "2026-01-05T16:59:59Z"],
            not: ["2026-01-05T08:59:59Z", "2026-01-05T17:00:00Z"])
        try f(
            "{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]}",
            holds: ["2026-01-05T23:59:59Z", "2026-01-06T00:00:00Z"],
            not: ["2026-01-06T06:00:00Z", "2026-01-05T21:59:59Z"])
        // 5 January 2026 is a Monday.
        try f(
            "{weekdays: ['monday:friday', sunday]}",
            holds: ["2026-01-05T00:00:00Z", "2026-01-09T23:59:59Z", "2026-01-04T12:00:00Z"],
            not: ["2026-01-10T00:00:00Z", "2026-01-10T23:59:59Z"])
        try f(
            "{days_of_month: ['1:2', '-1']}",
            holds: [
                "2026-02-28T12:00:00Z", "2028-02-29T12:00:00Z", "2026-01-31T00:00:00Z",
                "2026-02-02T00:00:00Z",
            ], not: ["2028-02-28T12:00:00Z", "2026-01-30T00:00:00Z", "2026-02-03T00:00:00Z"])
        try f(
            "{days_of_month: ['-3:-1'], months: [february, '6:7'], years: ['2026:2027']}",
            holds: ["2026-02-26T00:00:00Z", "2027-07-31T23:59:59Z"],
            not: [
                "2026-02-25T23:59:59Z", "2026-03-31T00:00:00Z", "2028-02-29T00:00:00Z",
                "2025-06-30T00:00:00Z",
            ])
        try f(
            "{days_of_month: ['30:31']}", holds: ["2026-01-30T00:00:00Z"],
            not: ["2026-02-28T00:00:00Z"])
        try f(
            "{weekdays: [thursday]}", holds: ["1969-12-25T00:00:00Z"], not: ["1969-12-31T23:59:59Z"]
        )
    }

    @Test func clocksOfPlaces() throws {
        let nine = "times: [{start_time: '09:00', end_time: '10:00'}]"
        try f(
            "{\(nine), location: Europe/Berlin}",
            holds: [
                "2026-01-05T08:00:00Z", "2026-07-05T07:00:00Z", "1999-01-05T08:30:00Z",
                "2060-07-05T07:30:00Z", "2060-01-05T08:30:00Z",
            ], not: ["2026-01-05T09:00:00Z", "2026-07-05T08:00:00Z", "2060-07-05T08:30:00Z"])
        // Summer south of the equator spans the new year.
        try f(
            "{\(nine), location: Australia/Sydney}",
            holds: ["2060-01-05T22:30:00Z", "2060-07-05T23:30:00Z"],
            not: ["2060-01-05T23:30:00Z", "2060-07-05T22:30:00Z"])
        try f(
            "{\(nine), location: '+05:30'}", holds: ["2026-01-05T03:30:00Z"],
            not: ["2026-01-05T09:00:00Z"])
        try f(
            "{\(nine), location: '-0800'}", holds: ["2026-01-05T17:00:00Z"],
            not: ["2026-01-05T09:00:00Z"])
        try f("{\(nine), location: UTC}", holds: ["2026-01-05T09:00:00Z"], not: [])
    }

    /// Every zone of the machine against Foundation, around all changes and far ahead.
    @Test func everyZoneAgreesWithFoundation() throws {
        for name in [
            "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata",
            "Australia/Lord_Howe", "Africa/Casablanca", "America/Nuuk", "Europe/Dublin",
            "Asia/Tokyo", "Pacific/Apia", "Asia/Gaza", "Etc/GMT+5",
        ] {
            guard let zone = TimeZone(identifier: name) else { continue }
            let rule = try intervals(
                "{times: [{start_time: '00:00', end_time: '12:00'}], location: \(name)}")
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = zone
            // Steps of about 40 hours that meet all hours of the day, 1970 to 2037.
            for second in stride(from: 0, to: 2_140_000_000, by: 145_703 * 31) {
                let isMorning =
                    calendar.component(.hour, from: Date(timeIntervalSince1970: Double(second)))
                    < 12
                #expect(
                    rule.contains(Int64(second) * 1_000_000_000) == isMorning, "\(name) \(second)")
            }
        }
    }

    private func fault(
        _ text: String, _ place: String, _ message: String, zones: ZoneSource = zones,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(throws: AlertFileError.self) {
            try intervals(text, zones: zones)
        }
        #expect(
            error.description.hasPrefix("t.yaml:\(place): "), "\(error)",
            sourceLocation: sourceLocation)
        #expect(error.message.contains(message), "\(error)", sourceLocation: sourceLocation)
    }

    @Test func faultsNameTheirPlace() throws {
        try fault("{weekdays: [mondy]}", "5:21", "did you mean `monday`")
        try fault("{weekdays: ['friday:monday']}", "5:21", "ends before it begins")
        try fault("{weekdays: monday}", "5:20", "a list")
        try fault("{weekday: [monday]}", "5:10", "did you mean `weekdays`")
        try fault("{days_of_month: ['0']}", "5:26", "no day of a month")
        try fault("{days_of_month: ['-1:-3']}", "5:26", "ends before it begins")
        try fault("{months: [13]}", "5:19", "no month")
        try fault("{years: ['2026:2020']}", "5:18", "ends before it begins")
        try fault("{times: [{start_time: '9:00', end_time: '17:00'}]}", "5:31", "no time of day")
        try fault("{times: [{start_time: '09:00', end_time: '24:01'}]}", "5:50", "no time of day")
        try fault("{times: [{start_time: '17:00', end_time: '09:00'}]}", "5:50", "a night is two")
        try fault("{times: [{start_time: '17:00'}]}", "5:18", "has no `end_time`")
        try fault("{location: Europe/Berlim}", "5:20", "no time zone `Europe/Berlim`")
        try fault("{location: Europe/Berlin}", "5:20", "tzdata", zones: .none)
        // Names that would lead out of the directory are not asked for.
        for name in [
            "../../../etc/passwd", "/etc/localtime", "Europe//Berlin", "", "a b", "+25:00",
        ] {
            try fault("{location: '\(name)'}", "5:20", "no time zone")
        }
        let error = try #require(throws: AlertFileError.self) {
            try AlertConfiguration.parse(
                "groups: []\ntime_intervals: [{name: a}, {name: a}]", file: "t.yaml",
                channelKinds: ["stdout"])
        }
        #expect(error.description == "t.yaml:2:29: the time interval `a` exists twice")
    }

    /// Zone files that are cut short or have flipped bits are refused or give some clock, and never trap.
    @Test func damagedZoneFiles() throws {
        let path = "/usr/share/zoneinfo/Europe/Berlin"
        let good = Array(try #require(FileManager.default.contents(atPath: path)))
        func tryFile(_ bytes: [UInt8]) {
            let zones = ZoneSource { _ in bytes }
            guard let interval = try? intervals("{location: X, months: [1]}", zones: zones) else {
                return
            }
            for time in [Int64.min, -1, 0, 1_767_607_200_000_000_000, .max] {
                _ = interval.contains(time)
            }
        }
        for length in stride(from: 0, to: good.count, by: 13) { tryFile(Array(good[..<length])) }
        for bit in stride(from: 0, to: good.count * 8, by: 7) {
            var bytes = good
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            tryFile(bytes)
        }
        try fault("{location: X}", "5:20", "no time zone", zones: ZoneSource { _ in [] })
    }
}
