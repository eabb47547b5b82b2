import LogBytes
import Testing

@testable import LogServer

@Suite struct FieldRewriterTests {
    private func rewritten(_ line: String, _ parameters: FieldParameters) -> String {
        let rewriter = FieldRewriter(parameters)
        return line.withView { rewriter.rewrite($0).text }
    }

    private func parameters(
        time: [String] = [], message: [String] = [], ignored: [String] = [],
        extra: [(String, String)] = []
    ) -> FieldParameters {
        var parameters = FieldParameters()
        parameters.timeFields = time
        parameters.messageFields = message
        parameters.ignored = ignored
        parameters.extra = extra.map { (name: $0.0, value: $0.1) }
        return parameters
    }

    @Test func whatWeirFindsAnywayStays() {
        func same(_ line: String, _ parameters: FieldParameters) {
            #expect(rewritten(line, parameters) == line)
        }
        same(
            "{ \"@timestamp\" : 1, \"message\":\"a\" }",
            parameters(time: ["@timestamp"], message: ["message"]))
        same("{\"_msg\":\"a\",\"x\":1}", parameters(message: ["_msg"]))
        same("{\"x\":1}", parameters(time: ["t"], message: ["m"], ignored: ["y"]))
        same("no json", parameters(ignored: ["*"], extra: [("a", "b")]))
        same("[1]", parameters(extra: [("a", "b")]))
    }

    @Test func fieldsAreRenamedWhereTheyStand() {
        func check(_ line: String, _ parameters: FieldParameters, _ want: String) {
            #expect(rewritten(line, parameters) == want)
        }
        // `message` would win without the parameter.
        check(
            "{\"text\": \"b\", \"message\":\"a\"}", parameters(message: ["text"]),
            "{\"_msg\":\"b\",\"message\":\"a\"}")
        check("{\"when\":5,\"x\":1}", parameters(time: ["when"]), "{\"_time\":5,\"x\":1}")
        // The first of the list that is there and not empty.
        check(
            "{\"a\":\"\",\"b\":\"2\"}", parameters(message: ["a", "b"]),
            "{\"a\":\"\",\"_msg\":\"2\"}")
        check(
            "{\"b\":\"2\",\"a\":\"1\"}", parameters(message: ["a", "b"]),
            "{\"b\":\"2\",\"_msg\":\"1\"}")
        check(
            "{\"log\":{\"txt\":\"deep\"}}", parameters(message: ["log.txt"]),
            "{\"_msg\":\"deep\",\"log\":{\"txt\":\"deep\"}}")
    }

    @Test func fieldsAreDroppedAndAdded() {
        func check(_ line: String, _ parameters: FieldParameters, _ want: String) {
            #expect(rewritten(line, parameters) == want)
        }
        check("{\"a\":1,\"b\":2}", parameters(ignored: ["a"]), "{\"b\":2}")
        check("{\"a\":1}", parameters(ignored: ["a"]), "{}")
        check("{\"ab\":1,\"b\":2}", parameters(ignored: ["a*"]), "{\"b\":2}")
        check(
            "{\"o\":{\"x\":1,\"y\": 2},\"b\":2}", parameters(ignored: ["o.x"]),
            "{\"o\":{\"y\": 2},\"b\":2}")
        check("{\"a\":1}", parameters(extra: [("k", "v\"")]), "{\"a\":1,\"k\":\"v\\\"\"}")
        check("{\"k\":1}", parameters(extra: [("k", "v")]), "{\"k\":\"v\"}")
    }
}
