import CDeflate
import LogMetrics
import LogServer
import LogSources
import Testing

@Suite struct LimitTests {
    @Test func unknownPathsMethodsAndTypes() throws {
        let server = try TestServer()
        defer { server.stop() }
        let missing = try server.post("/insert/nothing", "{}")
        #expect(missing.status == 404 && missing.text.contains("/insert/jsonline"))
        let method = try server.get("/insert/jsonline")
        #expect(method.status == 405 && method.headers["allow"] == "POST, PUT")
        let encoding = try server.post("/insert/jsonline", "{}", ["Content-Encoding: zstd"])
        #expect(encoding.status == 415 && encoding.text.contains("send gzip"))
        #expect(server.lines == [])
    }

    @Test func largeBodiesAreRefused() throws {
        var options = HTTPOptions()
        options.streamedBytesMax = 1_000
        options.gatheredBytesMax = 100
        let server = try TestServer(options: options)
        defer { server.stop() }
        let fitting = String(repeating: "x", count: 999)
        #expect(try server.post("/insert/jsonline", fitting).status == 200)
        let long = try server.post("/insert/jsonline", fitting + "\ny")
        #expect(long.status == 413 && long.text.contains("more than 1000 bytes"))
        let loki = try server.post("/loki/api/v1/push", "{\"streams\":[\(fitting)]}")
        #expect(loki.status == 413 && loki.text.contains("more than 100 bytes"))
        // Without a length, the limit is met on the way.
        let client = try server.connect()
        try client.send(
            TestClient.head("POST", "/insert/jsonline", ["Transfer-Encoding: chunked"], length: nil)
        )
        try client.send("5DC\r\n" + String(repeating: "z", count: 1_500) + "\r\n0\r\n\r\n")
        #expect(try client.answer().status == 413)
    }

    private func gzip(_ bytes: [UInt8]) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(6) else { return [] }
        defer { libdeflate_free_compressor(compressor) }
        var out = [UInt8](
            repeating: 0, count: libdeflate_gzip_compress_bound(compressor, bytes.count))
        let count = libdeflate_gzip_compress(compressor, bytes, bytes.count, &out, out.count)
        return Array(out.prefix(count))
    }

    @Test func compressedBodies() throws {
        let server = try TestServer()
        defer { server.stop() }
        let lines = (0..<20_000).map { "{\"n\":\($0 &* 7_919)}" }
        let body = gzip(Array(lines.joined(separator: "\n").utf8))
        #expect(try server.post("/insert/jsonline", body, ["Content-Encoding: gzip"]).status == 200)
        #expect(server.lines == lines)
        let cut = try server.post(
            "/insert/jsonline", Array(body.dropLast(20)), ["Content-Encoding: gzip"])
        #expect(cut.status == 400 && cut.text.contains("ends in the middle"))
        let plain = try server.post("/insert/jsonline", "{}", ["Content-Encoding: gzip"])
        #expect(plain.status == 400 && plain.text.contains("damaged"))
        let small = gzip(Array("{\"create\":{}}\n{\"a\":1}\n".utf8))
        let client = try server.connect()
        for split in 1..<small.count {
            try client.send(
                TestClient.head(
                    "POST", "/_bulk", ["Content-Encoding: gzip"], length: small.count))
            try client.send(Array(small[..<split]))
            try client.send(Array(small[split...]))
            #expect(try client.answer().text.contains("\"errors\":false"))
        }
        #expect(server.lines.suffix(small.count - 1).allSatisfy { $0 == "{\"a\":1}" })
    }

    @Test func bombsAreDefused() throws {
        var options = HTTPOptions()
        options.streamedBytesMax = 8 << 20
        let server = try TestServer(options: options)
        defer { server.stop() }
        let zeros = gzip([UInt8](repeating: 48, count: 9 << 20))
        let large = try server.post("/insert/jsonline", zeros, ["Content-Encoding: gzip"])
        #expect(large.status == 413, "\(large.text)")
        #expect(server.taken.lines.reduce(0) { $0 + $1.utf8.count } <= 1 << 16)
    }

    @Test func slowClientsAreClosed() throws {
        var options = HTTPOptions()
        options.idleSeconds = 1
        let server = try TestServer(options: options)
        defer { server.stop() }
        // One that says nothing, one in the middle of its head, one in the middle of its body.
        let silent = try server.connect()
        let head = try server.connect()
        try head.send("POST /insert/jsonline HTTP/1.1\r\nHost: ")
        let body = try server.connect()
        try body.send(TestClient.head("POST", "/insert/jsonline", length: 10))
        try body.send("{")
        #expect(try silent.isClosed())
        #expect(try head.isClosed())
        #expect(try body.answer().status == 408)
        try waitUntil { try body.isClosed() }
        #expect(server.counters.values(.connectionsRefused) == ["slow_body": 1, "slow_head": 1])
        #expect(try server.post("/insert/jsonline", "{}").status == 200)
    }

    @Test func connectionsAreLimited() throws {
        var options = HTTPOptions()
        options.connectionsMax = 2
        options.evictSeconds = 1_000
        let server = try TestServer(options: options)
        defer { server.stop() }
        let one = try server.connect()
        try one.send(TestClient.head("GET", "/health", length: nil))
        #expect(try one.answer().status == 200)
        do {
            let two = try server.connect()
            try two.send(TestClient.head("GET", "/health", length: nil))
            #expect(try two.answer().status == 200)
            let three = try server.connect()
            #expect(try three.isClosed())
            #expect(server.counters.values(.connectionsRefused) == ["too_many": 1])
        }
        // When one has gone, another fits.
        try waitUntil { (try? server.get("/health").status) == 200 }
    }

    @Test func aPipelineThatDoesNotKeepUp() throws {
        var options = HTTPOptions()
        options.patienceSeconds = 1
        let server = try TestServer(
            options: options, chunkBytes: 1_000, chunkCount: 2, holding: true)
        let body = String(repeating: "{\"a\":1}\n", count: 1_000)
        let answer = try server.post("/insert/jsonline", body)
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        server.hold(false)
        let before = server.lines.count
        #expect(try server.post("/insert/jsonline", body).status == 200)
        #expect(server.lines.count >= before + 1_000)
        server.stop()
    }

    @Test func aFullDisk() throws {
        let server = try TestServer()
        defer { server.stop() }
        server.outlet.stall("the disk is full")
        let answer = try server.post("/insert/jsonline", "{}")
        #expect(answer.status == 503 && answer.text.contains("the disk is full"))
        #expect(answer.headers["retry-after"] == "5")
        #expect(try server.get("/health").status == 503)
        server.outlet.stall(nil)
        #expect(try server.post("/insert/jsonline", "{}").status == 200)
        #expect(server.lines == ["{}"])
    }

    @Test func anEndWaitsForItsRequests() throws {
        let server = try TestServer(holding: true)
        let client = try server.connect()
        try client.send(TestClient.head("POST", "/insert/jsonline", length: 3) + Array("{}\n".utf8))
        try waitUntil { server.counters.values(.sourceLines).values.contains(1) }
        server.source.stop()
        try waitUntil { (try? server.connect()) == nil }
        server.hold(false)
        #expect(try client.answer().status == 200)
        #expect(server.stop() == nil)
        #expect(server.lines == ["{}"])
    }
}
