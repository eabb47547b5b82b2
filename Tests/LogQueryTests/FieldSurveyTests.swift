import LogBytes
import TestSupport
import Testing

@testable import LogQuery

@Suite struct FieldSurveyTests {
    @Test func distinctValuesAreExactThenEstimated() {
        func check(_ count: Int) {
            var counter = DistinctCounter()
            for number in 0..<count {
                // Twice each: a value counts once.
                for _ in 0..<2 { counter.insert("value \(number)".withView(\.memoryHash)) }
            }
            if count <= 10_000 {
                #expect(counter.description == "\(count)")
            } else {
                let error = abs(Double(counter.count - count)) / Double(count)
                #expect(error < 0.06, "\(counter.count) of \(count)")
                #expect(counter.description.hasPrefix("~"))
            }
        }
        for count in [0, 1, 9_999, 10_000, 10_001, 50_000, 200_000] { check(count) }
    }

    @Test func sortsOfValues() {
        func check(_ text: String, _ want: ValueSort) {
            #expect(text.withView { ValueSort($0) } == want, "\(text)")
        }
        check("12", .number)
        check("-1.5e3", .number)
        check("15ms", .duration)
        check("1h30m", .duration)
        check("10KiB", .size)
        check("true", .boolean)
        check("True", .string)
        check("10.0.0.1", .address)
        check("2025-01-18T12:00:00Z", .time)
        check("user_5", .string)
        check("12 apples", .string)
    }
}
