import LogSegments
import LogServer
import LogSystem
import TestSupport
import Testing

@Suite struct AccessTests {
    private static func make(
        _ keys: inout AccessKeys, _ name: String, _ scopes: Set<AccessScope>
    ) throws -> String {
        var generator = SystemRandomNumberGenerator()
        return try keys.add(
            name: name, scopes: scopes, now: "2025-01-01T00:00:00Z", using: &generator)
    }

    @Test func onlyThoseWithAKeyGetIn() throws {
        var keys = AccessKeys()
        let ingest = try Self.make(&keys, "shipper", [.ingest])
        let query = try Self.make(&keys, "grafana", [.query])
        let admin = try Self.make(&keys, "root", [.admin])
        let server = try TestServer(keys: keys)
        defer { server.stop() }
        func insert(_ headers: [String], _ status: Int, _ part: String = "") throws {
            let answer = try server.post("/insert/jsonline", "{}", headers)
            #expect(answer.status == status, "\(headers)")
            #expect(answer.text.contains(part), "\(answer.text)")
            #expect((answer.headers["www-authenticate"] != nil) == (status == 401))
        }
        try insert([], 401, "`weir keys add` makes one")
        try insert(["Authorization: Bearer weir_00000000_0"], 401, "not known here")
        try insert(["Authorization: Bearer \(ingest)x"], 401)
        try insert(["Authorization: Bearer \(query)"], 403, "has not the scope `ingest`")
        try insert(["Authorization: Bearer \(ingest)"], 200)
        try insert(["Authorization: bearer \(admin)"], 200)
        try insert(["X-API-Key: \(ingest)"], 200)
        try insert(["Authorization: Basic \(base64("anybody:" + ingest))"], 200)
        try insert(["Authorization: Basic \(base64("anybody:wrong"))"], 401)
        try insert(["Authorization: Basic ?"], 401)
        try insert(["Authorization: ApiKey \(base64("id:" + ingest))"], 200)
        #expect(server.lines.count == 5)
        // A load balancer has no key; what tells of the lines needs one.
        #expect(try server.get("/insert/ready").status == 200)
        #expect(try server.get("/health").status == 200)
        #expect(try server.get("/metrics").status == 401)
        #expect(try server.get("/insert/elasticsearch/").status == 401)
    }

    @Test func aRevokedKeyIsOfNoUse() throws {
        var keys = AccessKeys()
        let secret = try Self.make(&keys, "shipper", [.ingest])
        let server = try TestServer(keys: keys)
        defer { server.stop() }
        func status() throws -> Int {
            try server.post("/insert/jsonline", "{}", ["X-API-Key: \(secret)"]).status
        }
        #expect(try status() == 200)
        let isRevoked = keys.revoke("shipper")
        #expect(isRevoked)
        try keys.save(directory: server.directory.path)
        try waitUntil { try status() == 401 }
        // The last key is gone, and nobody gets in; least of all without one.
        #expect(try server.post("/insert/jsonline", "{}").status == 401)
    }

    @Test func aDamagedFileOpensNothing() throws {
        var keys = AccessKeys()
        _ = try Self.make(&keys, "shipper", [.ingest])
        let server = try TestServer(keys: keys)
        defer { server.stop() }
        let path = server.directory.file("state/keys")
        let file = try DiskFileSystem().open(path, .readWrite)
        try file.truncate(to: 20)
        try waitUntil { try server.post("/insert/jsonline", "{}").status == 503 }
        #expect(try server.post("/insert/jsonline", "{}").text.contains("is damaged"))
    }

    @Test func withoutKeysNoneIsNeeded() throws {
        let server = try TestServer()
        #expect(try server.post("/insert/jsonline", "{}").status == 200)
        server.stop()
        var options = HTTPOptions()
        options.requiresKey = true
        let strict = try TestServer(options: options)
        #expect(try strict.post("/insert/jsonline", "{}").status == 401)
        strict.stop()
    }

    @Test func ratesAreLimitedByWriter() throws {
        var keys = AccessKeys()
        let one = try Self.make(&keys, "one", [.ingest])
        let two = try Self.make(&keys, "two", [.ingest])
        var options = HTTPOptions()
        // A bucket holds ten seconds of it.
        options.linesPerSecond = 1
        let server = try TestServer(options: options, keys: keys)
        defer { server.stop() }
        let body = String(repeating: "{}\n", count: 20)
        #expect(try server.post("/insert/jsonline", body, ["X-API-Key: \(one)"]).status == 200)
        let refused = try server.post("/insert/jsonline", body, ["X-API-Key: \(one)"])
        #expect(refused.status == 429)
        #expect(refused.text.contains("key one"))
        #expect((5...12).contains(Int(refused.headers["retry-after"] ?? "") ?? 0))
        #expect(try server.post("/insert/jsonline", body, ["X-API-Key: \(two)"]).status == 200)
        #expect(server.lines.count == 40)
    }

    private func base64(_ text: String) -> String {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var out = ""
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) {
                $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0)
            }
            for place in 0..<4 {
                out +=
                    start + place <= bytes.count
                    ? String(alphabet[group >> (18 - 6 * place) & 63]) : "="
            }
        }
        return out
    }
}
