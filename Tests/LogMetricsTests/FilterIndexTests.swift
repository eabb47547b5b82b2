import LogBytes
import LogQuery
import LogRecords
import TestSupport
import Testing

@testable import LogMetrics

/// Many filters asked at once, beside each of them asked by itself.
@Suite struct FilterIndexTests {
    private static let conditions = [
        "service:api", "service:=auth", "-service:api", "service:*", "service:\"\"",
        "status_code:>=500", "status_code:in(401, 403)", "status_code:<300 or status_code:>499",
        "duration_ms:>100", "duration_ms:<=0.5", "duration_ms:>2s", "duration_ms:range(1, 50)",
        "level:error", "level:>=warning", "timeout", "\"rate limit\"", "event:login_failed",
        "event:the_very_long_name_of_an_event_that_fits_no_table", "flag:true",
        "user_id:~\"u[1-3]\"",
        "(service:api or status_code:500)", "service:eq_field(event)", "*", "-timeout",
        "endpoint:=\"/api/v1/workflows/execute\"", "service:contains_any(a, b)",
        "(level:error or event:login_failed or user_id:u1)",
        "(service:api (status_code:500 or timeout))",
    ]

    private static let values: [(name: String, texts: [String])] = [
        ("service", [#""api""#, #""auth""#, #""""#, "null", #""a\u0070i""#, "7"]),
        ("status_code", ["200", "401", "500", #""503""#, #""oops""#, "5e2", "-1", "null"]),
        (
            "duration_ms",
            [
                "0.25", "12", "12.", "007", "100", "100.0001", "101", "2001", #""3s""#, #""12.""#,
                #""007""#, "1e3", "-5", #""many""#, "99999999", "123456789", "0", #"".5""#,
            ]
        ),
        ("level", [#""INFO""#, #""error""#, #""WARN""#, "null"]),
        ("message", [#""timeout""#, #""rate limit of u1""#, #""all is well""#]),
        (
            "event",
            [
                #""login_failed""#, #""api""#,
                #""the_very_long_name_of_an_event_that_fits_no_table""#,
                #""the_very_long_name_of_an_event_that_fits_no_tables""#,
            ]
        ),
        ("flag", ["true", "false", #""true""#]),
        ("user_id", [#""u1""#, #""u4""#, "4"]),
        (
            "endpoint",
            [#""/api/v1/workflows/execute""#, #""/api/v1/workflows/execute2""#, #""/""#]
        ),
    ]

    private static func line(_ random: inout SeededGenerator, _ number: Int) -> String {
        var line = #"{"timestamp":"2025-01-12T12:00:00.000Z","number":\#(number)"#
        for (name, texts) in values where Int.random(in: 0..<5, using: &random) > 0 {
            let text =
                name == "duration_ms" && Bool.random(using: &random)
                ? "\(Double(Int.random(in: 0..<3_000_000, using: &random)) / 1000)"
                : texts[Int.random(in: 0..<texts.count, using: &random)]
            line += #","\#(name)":\#(text)"#
        }
        return line + "}"
    }

    /// One to four conditions, which all must hold.
    private static func filter(_ random: inout SeededGenerator) throws -> Filter {
        let count = Int.random(in: 1...4, using: &random)
        let text = (0..<count).map { _ in
            conditions[Int.random(in: 0..<conditions.count, using: &random)]
        }
        return try QueryParser.parseFilter(text.map { "(\($0))" }.joined(separator: " "), now: 0)
    }

    /// 1, 63, 64, 65 and 200 filters, since sets of filters are words of 64; batches one after the other, since what is known
    /// of values outlives them; thousands of durations, since a field whose values are mostly new is asked otherwise.
    @Test(arguments: [1, 63, 64, 65, 200])
    func matchesWhatEachFilterMatchesByItself(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        var inputs = RecordInputs()
        var filters: [(alone: RecordFilter, number: Int32)] = []
        for _ in 0..<count {
            let filter = try Self.filter(&random)
            filters.append((RecordFilter(filter), inputs.add(filter: filter)))
        }
        inputs.freeze()
        var matched = 0
        let batch = RecordBatch()
        for _ in 0..<6 {
            let lines = (0..<1_500).map { Self.line(&random, $0) }
            let chunk = ByteChunk(holding: lines.joined(separator: "\n"))
            batch.reset(origin: UnsafePointer(chunk.base), arrivalTime: 0)
            batch.appendLines(chunk.view, readable: chunk.readableEnd)
            inputs.prepare(batch)
            let reader = BatchReader(batch)
            var loaded = 0..<0
            for index in 0..<reader.count {
                if index == loaded.upperBound {
                    loaded = index..<index + inputs.load(from: index, reader)
                }
                for (alone, number) in filters {
                    let expected = alone.matches(reader[index], in: batch)
                    if expected { matched += 1 }
                    guard inputs.matches(number, index - loaded.lowerBound, reader) != expected
                    else {
                        continue
                    }
                    Issue.record("\(alone.filter) is \(expected) of \(lines[index])")
                    return
                }
            }
        }
        #expect(matched > 0 || count == 1)
    }
}
