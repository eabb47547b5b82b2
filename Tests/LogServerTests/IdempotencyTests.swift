import LogMetrics
import LogSystem
import Synchronization
import Testing

@testable import LogServer

@Suite struct IdempotencyTests {
    private static let key = "Idempotency-Key: k1"

    @Test func arepeatedRequestIsStoredOnce() throws {
        let server = try TestServer()
        defer { server.stop() }
        for _ in 0..<3 {
            let answer = try server.post("/insert/jsonline", "{\"a\":1}\n{\"b\":2}\n", [Self.key])
            #expect(answer.status == 200)
        }
        #expect(server.lines == ["{\"a\":1}", "{\"b\":2}"])
        // Another key, and no key, are other requests.
        #expect(
            try server.post("/insert/jsonline", "{\"a\":1}", ["Idempotency-Key: k2"]).status == 200)
        #expect(try server.post("/insert/jsonline", "{\"a\":1}").status == 200)
        #expect(server.lines.count == 4)
    }

    @Test func aBrokenRequestGoesOnWhereItBroke() throws {
        let lines = (0..<2_000).map { "{\"n\":\($0)}" }
        let body = Array(lines.joined(separator: "\n").utf8)
        for cut in [1, 700, body.count / 2, body.count - 1] {
            let server = try TestServer()
            let client = try server.connect()
            try client.send(
                TestClient.head("POST", "/insert/jsonline", [Self.key], length: body.count))
            try client.send(Array(body[..<cut]))
            client.finish()
            let status = try? client.answer().status
            #expect(status == nil || status == 400)
            // Half a line at the end of a broken body is no line.
            let whole = body[..<cut].count { $0 == 10 }
            try waitUntil { server.lines.count == whole }
            try waitUntil {
                try server.post("/insert/jsonline", body, [Self.key]).status == 200
            }
            #expect(server.lines == lines, "cut at \(cut)")
            server.stop()
        }
    }

    @Test func positionsOutliveTheServer() throws {
        let lines = (0..<500).map { "{\"n\":\($0),\"pad\":\"xxxxxxxxxxxxxxxx\"}" }
        let body = Array((lines.joined(separator: "\n") + "\n").utf8)
        let first = try TestServer()
        #expect(try first.post("/insert/jsonline", body, [Self.key]).status == 200)
        first.stop()
        let positions = first.taken.positions
        #expect(positions.last?.offset == UInt64(body.count))
        #expect(positions.last?.detail.hasPrefix("done \(body.count) ") == true)
        #expect(positions.allSatisfy { $0.key.hasPrefix("request:") && $0.key.count == 72 })

        let second = try TestServer(positions: positions)
        #expect(try second.post("/insert/jsonline", body, [Self.key]).status == 200)
        #expect(second.lines == [])
        second.stop()

        // Had the machine failed in the middle, the rest would come.
        var half = positions[0]
        half.offset = UInt64(lines[..<200].reduce(0) { $0 + $1.utf8.count + 1 })
        half.detail = ""
        let third = try TestServer(positions: [half])
        #expect(try third.post("/insert/jsonline", body, [Self.key]).status == 200)
        #expect(third.lines == Array(lines[200...]))
        // Where the part that is known is another, nothing of the rest is taken.
        var changed = body
        changed[6] = UInt8(ascii: "7")
        let fifth = try TestServer(positions: [half])
        #expect(try fifth.post("/insert/jsonline", changed, [Self.key]).status == 200)
        fifth.stop()
        half.detail = try #require(
            positions.first { !$0.detail.hasPrefix("done") && $0.offset < UInt64(body.count) }
                ?? positions.first
        ).detail
        // A shorter body under the same key is a mistake of the client's.
        let fourth = try TestServer(positions: [half])
        #expect(try fourth.post("/insert/jsonline", "{}", [Self.key]).status == 422)
        third.stop()
        fourth.stop()
    }

    @Test func anotherBodyUnderTheSameKeyIsTold() throws {
        let server = try TestServer()
        defer { server.stop() }
        func loki(_ text: String) -> String {
            "{\"streams\":[{\"stream\":{},\"values\":[[\"1\",\"\(text)\"]]}]}"
        }
        func bulk(_ text: String) -> String { "{\"create\":{}}\n{\"a\":\"\(text)\"}\n" }
        func otlp(_ text: String) -> String {
            "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":"
                + "\"\(text)\"}}]}]}]}"
        }
        func check(_ path: String, _ first: String, _ others: [String]) throws {
            let done = try server.post(path, first, [Self.key])
            #expect(done.status < 300, "\(path) \(done.text)")
            let lines = server.lines.count
            for other in others {
                let answer = try server.post(path, other, [Self.key])
                #expect(answer.status == 422, "\(path) \(other)")
                #expect(answer.text.contains("another body"), "\(answer.text)")
            }
            // The first one again is as good as ever.
            #expect(try server.post(path, first, [Self.key]).status == done.status)
            #expect(server.lines.count == lines)
        }
        try check(
            "/insert/jsonline", "{\"a\":1}\n{\"b\":2}\n",
            ["{\"a\":1}\n{\"b\":3}\n", "{\"a\":1}\n", "", "{\"a\":1}\n{\"b\":2}\n{}\n"])
        try check("/_bulk", bulk("x"), [bulk("y"), ""])
        try check("/loki/api/v1/push", loki("x"), [loki("y"), loki("xx")])
        try check("/v1/logs", otlp("x"), [otlp("y")])
        func journal(_ text: String) -> String { "MESSAGE=one\n\nMESSAGE=\(text)\n\n" }
        try check("/upload", journal("two"), [journal("too"), String(journal("two").dropLast(13))])
        #expect(server.counters.values(.requests)["422"] == 11)
    }

    @Test func bulkAnswersForAllItsItems() throws {
        let server = try TestServer()
        defer { server.stop() }
        let body = "{\"create\":{}}\n{\"a\":1}\n{\"delete\":{}}\n{\"create\":{}}\n{\"b\":2}\n"
        let answers = try (0..<2).map { _ in
            try server.post("/_bulk", body, [Self.key]).text.drop { $0 != "," }
        }
        #expect(answers[0] == answers[1])
        #expect(server.lines == ["{\"a\":1}", "{\"b\":2}"])
    }

    @Test func entriesOfLokiAreCounted() throws {
        let server = try TestServer()
        defer { server.stop() }
        let body = "{\"streams\":[{\"stream\":{},\"values\":[[\"1\",\"a\"],[\"2\",\"b\"]]}]}"
        for _ in 0..<2 {
            #expect(try server.post("/loki/api/v1/push", body, [Self.key]).status == 204)
        }
        #expect(server.lines.count == 2)
    }

    @Test func twoAtOnceAreNotServed() throws {
        let server = try TestServer(holding: true)
        defer { server.stop() }
        let client = try server.connect()
        try client.send(
            TestClient.head("POST", "/insert/jsonline", [Self.key], length: 3) + Array("{}\n".utf8))
        var answer = try server.post("/insert/jsonline", "{}\n", ["Idempotency-Key: "])
        #expect(answer.status == 400)
        try waitUntil { server.counters.values(.sourceLines).values.contains(1) }
        answer = try server.post("/insert/jsonline", "{}\n", [Self.key])
        #expect(answer.status == 409)
        #expect(answer.headers["retry-after"] == "1")
        server.hold(false)
        #expect(try client.answer().status == 200)
        #expect(try server.post("/insert/jsonline", "{}\n", [Self.key]).status == 200)
        #expect(server.lines == ["{}"])
    }

    @Test func theTableIsBounded() {
        let table = IdempotencyTable([])
        let max = IdempotencyTable.keysMax
        for number in 0..<max + 10 {
            guard let entry = table.begin("request:\(number)") else {
                Issue.record("key \(number) is in use")
                continue
            }
            entry.state.withLock { (state: inout IdempotencyTable.Entry.State) in state.offset = 7 }
            table.end(entry)
        }
        #expect(table.begin("request:0")?.state.withLock { $0.offset } == 0)
        #expect(table.begin("request:\(max)")?.state.withLock { $0.offset } == 7)
    }
}
