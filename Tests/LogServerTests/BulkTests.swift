import LogMetrics
import Testing

@testable import LogServer

@Suite struct BulkTests {
    private static let path = "/insert/elasticsearch/_bulk"

    @Test func documentsAreStoredAsTheyWereSent() throws {
        let server = try TestServer()
        defer { server.stop() }
        func insert(_ path: String, _ body: String, _ want: [String], _ items: String) throws {
            let before = server.lines.count
            let answer = try server.post(path, body)
            #expect(answer.status == 200, "\(path)")
            #expect(answer.headers["x-elastic-product"] == "Elasticsearch")
            #expect(answer.text.hasSuffix("\"errors\":false,\"items\":[\(items)]}"))
            #expect(Array(server.lines.dropFirst(before)) == want)
        }
        let created = "{\"create\":{\"status\":201}}"
        let indexed = "{\"index\":{\"status\":201}}"
        try insert(
            Self.path, "{\"create\":{}}\n{\"a\": 1}\n{\"index\":{\"_index\":\"x\"}}\n{ \"b\":2}\n",
            ["{\"a\": 1}", "{ \"b\":2}"], "\(created),\(indexed)")
        try insert("/_bulk", "{\"create\":{}}\r\n{\"a\":1}\r\n", ["{\"a\":1}"], created)
        try insert("/insert/elasticsearch/logs/_bulk", "{\"index\":{}}\ntext", ["text"], indexed)
        try insert("/logs/_bulk?refresh=true", "", [], "")
    }

    @Test func failuresStandInTheirItems() throws {
        let server = try TestServer(chunkBytes: 101)
        defer { server.stop() }
        func insert(_ body: String, _ want: [String], _ parts: [String]) throws {
            let before = server.lines.count
            let answer = try server.post(Self.path, body)
            #expect(answer.status == 200)
            #expect(answer.text.contains("\"errors\":true"))
            for part in parts { #expect(answer.text.contains(part), "\(answer.text)") }
            #expect(Array(server.lines.dropFirst(before)) == want)
        }
        try insert(
            "{\"delete\":{\"_id\":\"1\"}}\n{\"create\":{}}\n{\"a\":1}\n", ["{\"a\":1}"],
            ["\"items\":[{\"delete\":{\"status\":400", "{\"create\":{\"status\":201}}]"])
        try insert("{\"update\":{}}\n{\"doc\":{}}\n", [], ["{\"update\":{\"status\":400"])
        try insert("{\"create\":{}}\n", [], ["the body ends before the document"])
        let long = "{\"a\":\"\(String(repeating: "x", count: 200))\"}"
        try insert(
            "{\"create\":{}}\n\(long)\n{\"create\":{}}\n{\"b\":2}\n", ["{\"b\":2}"],
            ["{\"create\":{\"status\":413", "100 bytes"])
        #expect(server.counters.values(.refused)["too_long"] == 1)
        #expect(server.counters.values(.refused)["bulk_action"] == 1)
    }

    @Test func aLineThatIsNoActionEndsIt() throws {
        let server = try TestServer()
        defer { server.stop() }
        let answer = try server.post(
            Self.path, "{\"create\":{}}\n{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n")
        #expect(answer.status == 400)
        #expect(answer.text.contains("line 3 is no action"))
        #expect(answer.text.contains("\"type\":\"illegal_argument_exception\""))
        #expect(server.lines == ["{\"a\":1}"])
    }

    @Test func bodiesMayBeSplitAnywhere() throws {
        let server = try TestServer()
        defer { server.stop() }
        let body = Array("{\"create\":{}}\n{\"a\":1}\n{\"index\":{}}\n{\"b\":2}".utf8)
        let client = try server.connect()
        for split in 1..<body.count {
            try client.send(TestClient.head("POST", Self.path, length: body.count))
            try client.send(Array(body[..<split]))
            try client.send(Array(body[split...]))
            #expect(try client.answer().text.contains("\"errors\":false"))
        }
        #expect(server.lines == (1..<body.count).flatMap { _ in ["{\"a\":1}", "{\"b\":2}"] })
    }

    @Test func whatClientsAskBefore() throws {
        let server = try TestServer()
        defer { server.stop() }
        for path in ["/", "/insert/elasticsearch/", "/insert/elasticsearch"] {
            let answer = try server.get(path)
            #expect(answer.text.contains("\"number\":\"8.9.0\""), "\(path)")
            #expect(answer.headers["x-elastic-product"] == "Elasticsearch")
        }
        for path in ["_ilm/policy/x", "_index_template/y", "_nodes/http", "logstash", "_cat/x"] {
            let answer = try server.get("/insert/elasticsearch/" + path)
            #expect(answer.status == 200 && answer.text == "{}", "\(path)")
        }
        #expect(try server.get("/insert/elasticsearch/_license").text.contains("\"license\""))
        #expect(try server.get("/insert/elasticsearch/_unknown").status == 404)
        #expect(try server.get("/_bulk").status == 405)
        #expect(try server.get("/_bulk").headers["allow"] == "POST, PUT")
    }
}
