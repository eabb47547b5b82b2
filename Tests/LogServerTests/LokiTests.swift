import LogBytes
import Testing

@testable import LogServer

@Suite struct LokiTests {
    private static let path = "/insert/loki/api/v1/push"

    private static func push(_ stream: String, _ values: String) -> String {
        "{\"streams\":[{\"stream\":\(stream),\"values\":[\(values)]}]}"
    }

    @Test func entriesBecomeLines() throws {
        let server = try TestServer()
        defer { server.stop() }
        func push(_ body: String, _ want: [String], _ query: String = "") throws {
            let before = server.lines.count
            let answer = try server.post(
                Self.path + query, body, ["Content-Type: application/json"])
            #expect(answer.status == 204, "\(answer.text)")
            #expect(Array(server.lines.dropFirst(before)) == want)
        }
        let time = "\"_time\":\"2023-11-14T22:13:20.000000001Z\""
        let stamp = "\"1700000000000000001\""
        try push(
            Self.push("{\"app\":\"web\"}", "[\(stamp),\"hello\\n\\\"x\\\"\"]"),
            ["{\(time),\"app\":\"web\",\"_msg\":\"hello\\n\\\"x\\\"\"}"])
        try push(
            Self.push("{\"app\":\"web\"}", "[\(stamp),\"m\",{\"trace_id\":\"abc\"}]"),
            ["{\(time),\"app\":\"web\",\"_msg\":\"m\",\"trace_id\":\"abc\"}"])
        // A message that is JSON: its members, unless the client says otherwise.
        let json = Self.push(
            "{\"a\":\"1\"}", "[\(stamp),\"{\\\"level\\\": \\\"warn\\\",\\\"a\\\":2}\"]")
        try push(json, ["{\(time),\"a\":\"1\",\"level\": \"warn\",\"a_extracted\":2}"])
        try push(
            json, ["{\(time),\"a\":\"1\",\"_msg\":\"{\\\"level\\\": \\\"warn\\\",\\\"a\\\":2}\"}"],
            "?disable_message_parsing=1")
        // Laid out over lines, it stays one line.
        try push(Self.push("{}", "[\(stamp),\"{\\n\\\"b\\\":\\n1}\"]"), ["{\(time),\"b\": 1}"])
        // The stream may stand behind its values.
        try push(
            "{\"streams\":[{\"values\":[[\(stamp),\"m\"]],\"stream\":{\"z\":\"1\"}}]}",
            ["{\(time),\"z\":\"1\",\"_msg\":\"m\"}"])
    }

    @Test func whatCannotBeUnderstoodIsTold() throws {
        let server = try TestServer()
        defer { server.stop() }
        func push(_ body: String, _ status: Int, _ part: String) throws {
            let answer = try server.post(Self.path, body, ["Content-Type: application/json"])
            #expect(answer.status == status)
            #expect(answer.text.contains(part), "\(answer.text)")
        }
        try push("{\"streams\":[", 400, "json_cut_short at byte 12")
        try push("{}", 400, "no `streams`")
        try push(
            Self.push("{}", "[\"yesterday\",\"m\"],[\"1\",\"kept\"]"), 400,
            "1 of 2 entries are not stored; entry 1: the time is nanoseconds")
        #expect(
            server.lines == ["{\"_time\":\"1970-01-01T00:00:00.000000001Z\",\"_msg\":\"kept\"}"])
        let other = try server.post(Self.path, "x", ["Content-Type: text/html"])
        #expect(other.status == 415)
    }

    @Test func protobufInSnappy() throws {
        let server = try TestServer()
        defer { server.stop() }
        func push(_ body: [UInt8]) throws -> TestClient.Answer {
            try server.post(Self.path, body, ["Content-Type: application/x-protobuf"])
        }
        let entry =
            Proto.bytes(1, Proto.varint(1, 1_700_000_000) + Proto.varint(2, 5))
            + Proto.text(2, "hello")
            + Proto.bytes(3, Proto.text(1, "user") + Proto.text(2, "u1"))
        let stream = Proto.text(1, "{app=\"web\", x=\"a\\\"b\"}") + Proto.bytes(2, entry)
        let answer = try push(Proto.snappy(Proto.bytes(1, stream)))
        #expect(answer.status == 204, "\(answer.text)")
        #expect(
            server.lines == [
                "{\"_time\":\"2023-11-14T22:13:20.000000005Z\",\"app\":\"web\",\"x\":\"a\\\"b\","
                    + "\"_msg\":\"hello\",\"user\":\"u1\"}"
            ])
        #expect(try push([1, 2, 3]).status == 400)
        #expect(try push(Proto.snappy([0x0A, 0x7F])).status == 400)
        #expect(try push(Proto.snappy(Proto.bytes(1, Proto.text(1, "no labels")))).status == 400)
        #expect(server.lines.count == 1)
    }

    @Test func labelSets() {
        func check(_ text: String, _ want: [String]?) {
            let labels = text.withView { LokiLabels.parse($0) }
            #expect(
                labels?.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) } == want,
                "\(text)")
        }
        check("{}", [])
        check("{a=\"b\"}", ["a=b"])
        check("{ a=\"b\" , c = \"d,}\" }", ["a=b", "c=d,}"])
        check("{a=\"x\\\"y\\\\\"}", ["a=x\"y\\"])
        check("{a=\"b\",}", ["a=b"])
        check("{a=\"b}", nil)
        check("{a=\"b\\", nil)
        check("{a=b}", nil)
        check("a=\"b\"", nil)
        check("", nil)
        check("{=\"b\"}", nil)
    }

    @Test func snappyBlocks() {
        func check(_ input: [UInt8], _ want: String?) {
            let out = try? input.withView { try Snappy.unpack($0, bytesMax: 100) }
            #expect(out.map { String(decoding: $0, as: UTF8.self) } == want, "\(input)")
        }
        check([0], "")
        check([3, 0x08, 97, 98, 99], "abc")
        // A copy that reaches into itself: one byte, then nine of it.
        check([10, 0x00, 97, 0x15, 0x01], "aaaaaaaaaa")
        check([6, 0x08, 97, 98, 99, 0x0A, 0x03, 0x00], "abcabc")
        check([6, 0x08, 97, 98, 99, 0x0B, 0x03, 0x00, 0x00, 0x00], "abcabc")
        // A long literal's length stands in a byte of its own.
        check(
            [61, 0xF0, 60] + [UInt8](repeating: 98, count: 61), String(repeating: "b", count: 61))
        check([], nil)
        check([3, 0x08, 97, 98], nil)
        check([4, 0x08, 97, 98, 99], nil)
        check([2, 0x08, 97, 98, 99], nil)
        check([6, 0x08, 97, 98, 99, 0x0A, 0x04, 0x00], nil)
        check([6, 0x08, 97, 98, 99, 0x0A, 0x00, 0x00], nil)
        check([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], nil)
        check([101] + [UInt8](repeating: 0, count: 200), nil)
    }
}
