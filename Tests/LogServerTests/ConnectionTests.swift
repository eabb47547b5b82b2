import LogMetrics
import LogServer
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Clients that are slow, idle, or say strange things, and the good ones beside them.
@Suite struct ConnectionTests {
    private static let lines = String(repeating: "{\"good\":true}\n", count: 5_000)
    private static let chunked = ["Transfer-Encoding: chunked"]

    private func refused(_ server: TestServer) -> [String: UInt64] {
        server.counters.values(.connectionsRefused)
    }

    @Test func slowBodiesTakeNoPlace() throws {
        var options = HTTPOptions()
        options.requestsMax = 1
        let server = try TestServer(options: options)
        defer { server.stop() }
        var slow: [TestClient] = []
        for _ in 0..<40 {
            let client = try server.connect()
            try client.send(TestClient.head("POST", "/insert/jsonline", length: 100_000))
            try client.send("{\"slow\":")
            slow.append(client)
        }
        for _ in 0..<10 {
            #expect(try server.post("/insert/jsonline", Self.lines).status == 200)
        }
        // They are served all the same when they come to an end.
        let rest = String(repeating: "x", count: 100_000 - 8)
        for client in slow.prefix(4) {
            try client.send(rest)
            #expect([200, 413].contains(try client.answer().status))
        }
        #expect(refused(server) == [:])
    }

    @Test func aSlowStreamLosesItsPlaceToOthers() throws {
        var options = HTTPOptions()
        options.requestsMax = 1
        options.evictSeconds = 1
        options.patienceSeconds = 300
        let server = try TestServer(options: options)
        defer { server.stop() }
        var slow: [TestClient] = []
        for _ in 0..<8 {
            let client = try server.connect()
            try client.send(
                TestClient.head("POST", "/insert/jsonline", Self.chunked, length: nil))
            try client.send("6\r\n\"slow\"\r\n1\r\n\n\r\n")
            slow.append(client)
        }
        try waitUntil { server.lines.contains("\"slow\"") }
        for _ in 0..<4 {
            #expect(try server.post("/insert/jsonline", Self.lines).status == 200)
        }
        #expect(refused(server)["evicted", default: 0] > 0)
        #expect(try slow[0].answer().text.contains("others wait"))
    }

    @Test func aTrickleEndsAndALineASecondDoesNot() throws {
        var options = HTTPOptions()
        options.idleSeconds = 3
        options.bodyBytesMin = 500
        let server = try TestServer(options: options)
        defer { server.stop() }
        let trickle = try server.connect()
        try trickle.send(TestClient.head("POST", "/insert/jsonline", length: 100_000))
        let stream = try server.connect()
        try stream.send(TestClient.head("POST", "/insert/jsonline", Self.chunked, length: nil))
        try waitUntil {
            try? trickle.send("x")
            try stream.send("3\r\n{}\n\r\n")
            usleep(100_000)
            return refused(server)["slow_body"] == 1
        }
        let answer = try trickle.answer()
        #expect(answer.status == 408 && answer.text.contains("500 bytes in 3 s"))
        #expect(answer.headers["connection"] == "close")
        try stream.send("0\r\n\r\n")
        #expect(try stream.answer().status == 200)
        #expect(server.counters.values(.requests) == ["200": 1, "408": 1])
    }

    @Test func anIdleConnectionMakesPlace() throws {
        var options = HTTPOptions()
        options.connectionsMax = 2
        options.evictSeconds = 1
        let server = try TestServer(options: options)
        defer { server.stop() }
        let idle = try (0..<2).map { _ in try server.connect() }
        // One of the two is in the middle of its head.
        try idle[0].send("POST /insert/jsonline HTTP/1.1\r\n")
        try waitUntil { (try? server.post("/insert/jsonline", Self.lines).status) == 200 }
        #expect(refused(server)["evicted"] ?? 0 >= 1)
    }

    @Test func headsThatNeverEndAreBounded() throws {
        let server = try TestServer()
        defer { server.stop() }
        let part = "GET /health HTTP/1.1\r\nX: " + String(repeating: "x", count: 30_000)
        var slow: [TestClient] = []
        try waitUntil {
            for _ in 0..<50 {
                let client = try server.connect()
                try? client.send(part)
                slow.append(client)
            }
            return refused(server)["memory", default: 0] > 0
        }
        slow = []
        try waitUntil { (try? server.post("/insert/jsonline", Self.lines).status) == 200 }
    }

    @Test func requestsInOneGoAreAnsweredInTheirOrder() throws {
        let server = try TestServer()
        defer { server.stop() }
        let client = try server.connect()
        func post(_ body: String) -> [UInt8] {
            TestClient.head("POST", "/insert/jsonline", length: body.utf8.count) + Array(body.utf8)
        }
        let health = TestClient.head("GET", "/health", length: nil)
        try client.send(post("1\n") + post("2\n") + health + post("3\n") + health)
        for want in ["", "", "OK", "", "OK"] {
            let answer = try client.answer()
            #expect(answer.status == 200 && answer.reason == "OK" && answer.text == want)
        }
        #expect(server.lines == ["1", "2", "3"])
        // So many that nobody means well.
        try? client.send((0..<10_000).flatMap { _ in health })
        try waitUntil { refused(server)["pipelining"] == 1 }
    }

    @Test func whoAsksToCloseIsClosed() throws {
        let server = try TestServer()
        defer { server.stop() }
        func get(_ head: String) throws -> TestClient {
            let client = try server.connect()
            try client.send(head + "\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 200 && answer.text == "OK")
            return client
        }
        for head in ["GET /health HTTP/1.1\r\nConnection: close", "GET /health HTTP/1.0"] {
            #expect(try get(head).isClosed())
        }
        let kept = try get("GET /health HTTP/1.0\r\nConnection: keep-alive")
        try kept.send(TestClient.head("GET", "/health", length: nil))
        #expect(try kept.answer().status == 200)
    }

    @Test func headSaysHowLongTheBodyWouldBe() throws {
        let server = try TestServer()
        defer { server.stop() }
        let client = try server.connect()
        try client.send(TestClient.head("HEAD", "/health", length: nil))
        let answer = try client.answer(toHead: true)
        #expect(answer.status == 200 && answer.headers["content-length"] == "2")
        // No byte of a body stands before the next answer.
        try client.send(TestClient.head("GET", "/health", length: nil))
        #expect(try client.answer().text == "OK")
    }

    @Test func aBodyIsAskedForWhereItIsWanted() throws {
        let server = try TestServer()
        defer { server.stop() }
        let expect = ["Expect: 100-continue"]
        let client = try server.connect()
        try client.send(TestClient.head("POST", "/insert/jsonline", expect, length: 3))
        #expect(try client.answer().status == 100)
        try client.send("{}\n")
        #expect(try client.answer().status == 200)
        let lost = try server.connect()
        try lost.send(TestClient.head("POST", "/insert/nothing", expect, length: 3))
        #expect(try lost.answer().status == 404)
    }

    @Test func whatIsNoHTTPIsToldSo() throws {
        let server = try TestServer()
        defer { server.stop() }
        for text in ["hello\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"] {
            let client = try server.connect()
            try client.send(text)
            #expect(try client.answer().status == 400)
            #expect(try client.isClosed())
        }
    }

    @Test func whatCameWholeIsStoredThoughItsClientHasGone() throws {
        let server = try TestServer(holding: true)
        defer { server.stop() }
        do {
            let client = try server.connect()
            let body = Array("{\"last\":\"words\"}\n".utf8)
            try client.send(
                TestClient.head("POST", "/insert/jsonline", length: body.count) + body)
        }
        server.hold(false)
        try waitUntil { server.lines == ["{\"last\":\"words\"}"] }
    }
}
