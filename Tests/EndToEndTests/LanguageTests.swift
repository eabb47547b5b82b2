import Foundation
import Testing

/// What `weir query` says of a query itself.
@Suite struct LanguageTests {
    @Test func parseOnlyPrintsTheQueryOrTheFault() throws {
        let scratch = try Scratch()
        func parse(_ query: String) throws -> WeirProcess.Result {
            try WeirProcess.run("query", "--parse-only", query, in: scratch)
        }
        let read = try parse("level:error  AND (a OR b) | last 2 (x) # newest")
        #expect(read.status == 0)
        #expect(read.text == "level:error (a or b) | sort by (x desc) limit 2\n")
        #expect(try parse(String(read.text.dropLast())).text == read.text)
        let broken = try parse("level:error | limt 5")
        #expect(broken.status == 2)
        #expect(broken.text == "")
        #expect(
            broken.errors == """
                weir: no pipe is called 'limt'; did you mean 'limit'?
                  level:error | limt 5
                                ^

                """)
    }

    @Test func whoFindsNothingGetsAHint() throws {
        let scratch = try Scratch()
        _ = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch,
            input: Data("{\"level\":\"ERROR\",\"message\":\"x\"}\n".utf8))
        let lost = try WeirProcess.run(
            "query", "--data", scratch.data, "levle:ERROR", in: scratch)
        #expect(lost.status == 1)
        #expect(
            lost.errors
                == "weir: no record in the range has a field 'levle'; did you mean 'level'?\n")
        let found = try WeirProcess.run(
            "query", "--data", scratch.data, "level:ERROR", in: scratch)
        #expect(found.status == 0)
        #expect(found.errors == "")
        // An inner query and its outer one over a stored directory.
        let inner = try WeirProcess.run(
            "query", "--data", scratch.data, "level:in(x | fields level) | count() n", in: scratch)
        #expect(inner.text == "{\"n\":\"1\"}\n")
    }
}
