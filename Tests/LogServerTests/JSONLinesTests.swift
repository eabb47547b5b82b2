import LogMetrics
import LogServer
import LogSources
import LogSystem
import Testing

@Suite struct JSONLinesTests {
    @Test func linesArriveAsTheyWereSent() throws {
        let server = try TestServer()
        defer { server.stop() }
        func insert(_ body: String, _ want: [String]) throws {
            let before = server.lines.count
            let answer = try server.post("/insert/jsonline", body)
            #expect(answer.status == 200 && answer.body.isEmpty, "\(body)")
            #expect(Array(server.lines.dropFirst(before)) == want, "\(body)")
        }
        try insert("{\"a\": 1}\n{\"b\" :2 }\n", ["{\"a\": 1}", "{\"b\" :2 }"])
        // The last line may lack its newline.
        try insert("{\"a\":1}\n{\"b\":2}", ["{\"a\":1}", "{\"b\":2}"])
        // What is no JSON is a line like any other.
        try insert("not json\n{\"broken\":\n", ["not json", "{\"broken\":"])
        try insert("", [])
        #expect(server.counters.values(.requests) == ["200": 4])
        #expect(server.counters.values(.sourceLines).values.reduce(0, +) == 6)
    }

    @Test func bodiesMayBeSplitAnywhere() throws {
        let server = try TestServer()
        defer { server.stop() }
        let body = Array("{\"a\":\"é\"}\n\n{\"b\":2}\nlast".utf8)
        let client = try server.connect()
        for split in 1..<body.count {
            try client.send(TestClient.head("POST", "/insert/jsonline", length: body.count))
            try client.send(Array(body[..<split]))
            try client.send(Array(body[split...]))
            #expect(try client.answer().status == 200)
        }
        let want = ["{\"a\":\"é\"}", "", "{\"b\":2}", "last"]
        #expect(server.lines == (1..<body.count).flatMap { _ in want })
    }

    @Test func chunkedBodiesOfSingleBytes() throws {
        let server = try TestServer()
        defer { server.stop() }
        let client = try server.connect()
        try client.send(
            TestClient.head("POST", "/insert/jsonline", ["Transfer-Encoding: chunked"], length: nil)
        )
        for byte in "{\"a\":1}\n{\"b\":2}".utf8 { try client.send([49, 13, 10, byte, 13, 10]) }
        try client.send("0\r\n\r\n")
        #expect(try client.answer().status == 200)
        #expect(server.lines == ["{\"a\":1}", "{\"b\":2}"])
    }

    @Test func linesOfAStreamArriveBeforeItsEnd() throws {
        let server = try TestServer()
        defer { server.stop() }
        let client = try server.connect()
        try client.send(
            TestClient.head("POST", "/insert/jsonline", ["Transfer-Encoding: chunked"], length: nil)
        )
        try client.send("8\r\n{\"a\":1}\n\r\n")
        try waitUntil { !server.lines.isEmpty }
        #expect(server.lines == ["{\"a\":1}"])
        try client.send("0\r\n\r\n")
        #expect(try client.answer().status == 200)
    }

    @Test func aLongLineKeepsItsStart() throws {
        let server = try TestServer(chunkBytes: 101)
        defer { server.stop() }
        let long = String(repeating: "x", count: 1_000)
        let answer = try server.post("/insert/jsonline", "{\"a\":1}\n\(long)\n{\"b\":2}\n")
        #expect(answer.status == 413)
        #expect(answer.text.contains("1 of 3 lines were longer than 100 bytes"))
        #expect(server.lines == ["{\"a\":1}", String(long.prefix(100)), "{\"b\":2}"])
        #expect(server.taken.cutLines == 1)
        // A line that just fits is none of these.
        let fitting = String(repeating: "y", count: 100)
        #expect(try server.post("/insert/jsonline", fitting).status == 200)
        #expect(server.lines.last == fitting)
        #expect(server.taken.cutLines == 1)
    }

    @Test func largeBodiesPass() throws {
        let server = try TestServer()
        defer { server.stop() }
        let lines = (0..<50_000).map {
            "{\"n\":\($0),\"pad\":\"\(String(repeating: "p", count: $0 % 50))\"}"
        }
        let answer = try server.post("/insert/jsonline", lines.joined(separator: "\n"))
        #expect(answer.status == 200)
        #expect(server.lines == lines)
    }

    @Test func parametersChangeLines() throws {
        let server = try TestServer()
        defer { server.stop() }
        func insert(_ query: String, _ headers: [String], _ line: String, _ want: String) throws {
            let answer = try server.post("/insert/jsonline" + query, line, headers)
            #expect(answer.status == 200, "\(query)")
            #expect(server.lines.last == want, "\(query) \(headers)")
        }
        try insert("?_msg_field=txt", [], "{\"txt\":\"a\"}", "{\"_msg\":\"a\"}")
        try insert("", ["VL-Msg-Field: txt"], "{\"txt\":\"a\"}", "{\"_msg\":\"a\"}")
        try insert("?_stream_fields=a&_time_field=@timestamp", [], "{ \"a\":1}", "{ \"a\":1}")
        try insert("?extra_fields=env%3Dprod", [], "{\"a\":1}", "{\"a\":1,\"env\":\"prod\"}")
        let bad = try server.post("/insert/jsonline?extra_fields=nothing", "{}")
        #expect(bad.status == 400 && bad.text.contains("name=value"))
    }

    @Test func anAnswerWaitsForTheDisk() throws {
        let server = try TestServer(holding: true)
        defer { server.stop() }
        let client = try server.connect()
        try client.send(TestClient.head("POST", "/insert/jsonline", length: 3) + Array("{}\n".utf8))
        // Another request is answered meanwhile; this one is not.
        #expect(try server.get("/insert/ready").status == 200)
        #expect(server.counters.values(.requests) == [:])
        server.hold(false)
        #expect(try client.answer().status == 200)

        server.answer(.failed("the disk is gone"))
        let failed = try server.post("/insert/jsonline", "{}")
        #expect(failed.status == 503 && failed.text.contains("the disk is gone"))
        #expect(failed.headers["retry-after"] == "1")
    }
}
