import LogRecords
import Testing

@Suite struct CivilDateTests {
    @Test func readsOnlyWhatItWrites() {
        for text in ["1970-01-01", "2024-02-29", "0001-12-31", "2261-12-31"] {
            #expect(CivilDate(text)?.description == text)
        }
        for text in [
            "", "2025", "2025-01", "2025-1-01", "2025-01-1", "2025-02-29", "2025-13-01",
            "2025-00-10", "2025-01-00", "2025-01-32", "2025-01-01-", "-2025-01-01", "25-01-01",
            "+202-01-01", "2025-+1-01", "2025-01-+1", "2025-01-01 ", "２０２５-01-01", "20x5-01-01",
        ] {
            #expect(CivilDate(text) == nil, "\(text)")
        }
    }

    @Test func daysBeforeTheEpochCountDown() {
        #expect(CivilDate(daysSinceEpoch: -1).description == "1969-12-31")
        for days in stride(from: -800_000, to: 800_000, by: 997) {
            #expect(CivilDate(daysSinceEpoch: days).daysSinceEpoch == days)
        }
    }

    @Test func ordersByTime() {
        let days = [-400, -1, 0, 1, 30, 31, 365, 366, 20_000]
        let dates = days.map { CivilDate(daysSinceEpoch: $0) }
        #expect(dates.shuffled().sorted() == dates)
    }

    @Test func monthsHaveTheirLengths() {
        let lengths = (1...12).map { CivilDate.days(inMonth: $0, year: 2025) }
        #expect(lengths == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        let years = [1900, 2000, 2024, 2100, 2400]
        #expect(years.map { CivilDate.days(inMonth: 2, year: $0) } == [28, 29, 29, 28, 29])
    }
}
