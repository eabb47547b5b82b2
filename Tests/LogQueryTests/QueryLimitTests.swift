import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogQuery

/// Queries at and beyond the limits: errors, not crashes, and no time that explodes.
@Suite struct QueryLimitTests {
    private func matches(_ filter: String, _ line: String) throws -> Bool {
        let parsed = try QueryParser.parseFilter(filter, now: 0)
        let lines = Lines([line], arrivalTime: 0)
        return RecordFilter(parsed).matches(lines.batch.records[0], in: lines.batch)
    }

    @Test func nesting() throws {
        func nested(_ depth: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: depth) + "x" + String(repeating: close, count: depth)
        }
        #expect(try matches(nested(QueryParser.nestingMax, "(", ")"), "x"))
        for (open, close) in [("(", ")"), ("!(", ")"), ("f:(", ")"), ("a or (", ")")] {
            for depth in [QueryParser.nestingMax + 1, 10_000, 200_000] {
                let error = #expect(throws: QueryError.self) {
                    try QueryParser.parseFilter(nested(depth, open, close), now: 0)
                }
                #expect(error?.message.contains("deep") == true, "\(open) \(depth)")
            }
        }
    }

    @Test func negationsAndColonsDoNotNest() throws {
        #expect(try matches(String(repeating: "!", count: 100_000) + "x", "x"))
        #expect(try !matches(String(repeating: "not ", count: 100_001) + "x", "x"))
        let times = String(repeating: "(", count: 10_000)
        let error = #expect(throws: QueryError.self) {
            try QueryParser.parseFilter("_time:" + times + "5m", now: 0)
        }
        #expect(error?.message.contains("deep") == true)
        _ = try QueryParser.parseFilter(String(repeating: "a:", count: 100_000), now: 0)
        _ = try QueryParser.parseFilter(String(repeating: ":", count: 100_000) + "x", now: 0)
    }

    @Test func manyTerms() throws {
        let values = (0..<10_000).map { "v\($0)" }
        #expect(try matches("in(\(values.joined(separator: ",")))", "v9999"))
        #expect(try !matches("in(\(values.joined(separator: ",")))", "v10000"))
        #expect(try matches(values.joined(separator: " or "), "hi v777"))
        #expect(try !matches(values.joined(separator: " "), "hi v777"))
    }

    @Test func largeExpression() throws {
        let pattern = (0..<1_500).map { "w\($0)x" }.joined(separator: "|")
        #expect(pattern.utf8.count > 9_000)
        #expect(try matches("~\"\(pattern)\"", "see w1499x"))
        #expect(try !matches("~\"\(pattern)\"", "see w1500x"))
    }

    /// Each of these keeps a backtracking engine busy for years.
    @Test func hostileExpressions() throws {
        let text = String(repeating: "a", count: 50_000) + "!"
        for pattern in ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*a){12}$", "^(a?){30}a{30}b"] {
            #expect(try !matches("~\"\(pattern)\"", text), "\(pattern)")
        }
    }

    @Test func hostilePhrases() throws {
        let text = String(repeating: "a", count: 200_000)
        #expect(try !matches(String(repeating: "a", count: 10_000), text))
        #expect(try matches(String(repeating: "a", count: 10_000) + "*", text))
    }

    @Test func caretStandsUnderThePlace() {
        let error = #expect(throws: QueryError.self) {
            try QueryParser.parse("level:error | limt 5", now: 0)
        }
        #expect(
            error?.description == """
                no pipe is called 'limt'; did you mean 'limit'?
                  level:error | limt 5
                                ^
                """)
        let wide = #expect(throws: QueryError.self) {
            try QueryParser.parse("für\tx\nzwei )", now: 0)
        }
        #expect(
            wide?.description == """
                this ')' has no '('
                  zwei )
                       ^
                """)
    }

    /// No text traps: every prefix and every one-byte change of a long query parses or says why not.
    @Test func brokenQueries() {
        let query =
            #"a:(b or !c*) _time:[2024-01-01, now) x:~"a\\d" n:range[1, 2) {k=~"v"} i(z*) "#
            + #"| stats by (_time:5m offset 1h, f) quantile(0.9, d) if (e:="x"*) as q | top 3 by (q)"#
        let bytes = Array(query.utf8)
        var failures = 0
        var random = SeededGenerator(seed: 5)
        let replacements = Array("()[]{}|:,*!~=<>\"'`#-. 0a\\".utf8)
        for index in 0..<bytes.count {
            var texts = [Array(bytes[..<index])]
            for _ in 0..<8 {
                var changed = bytes
                changed[index] = random.pick(replacements)
                texts.append(changed)
            }
            for text in texts {
                let text = String(decoding: text, as: UTF8.self)
                do {
                    let parsed = try QueryParser.parse(text, now: FilterTests.now)
                    let again = try? QueryParser.parse(parsed.description, now: FilterTests.now)
                    #expect(again == parsed, "\(text) prints as \(parsed)")
                } catch {
                    failures += 1
                    #expect((0...text.utf8.count).contains(error.offset), "\(text)")
                    #expect(!error.message.isEmpty)
                }
            }
        }
        #expect(failures > 100)
    }
}
