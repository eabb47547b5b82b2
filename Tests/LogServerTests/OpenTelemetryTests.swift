import Testing

@testable import LogServer

@Suite struct OpenTelemetryTests {
    private static let path = "/insert/opentelemetry/v1/logs"
    private static let time = "\"_time\":\"2023-11-14T22:13:20.000000001Z\""

    private func value(_ text: String) -> [UInt8] { Proto.text(1, text) }

    private func pair(_ key: String, _ value: [UInt8]) -> [UInt8] {
        Proto.text(1, key) + Proto.bytes(2, value)
    }

    private func request(_ records: [[UInt8]]) -> [UInt8] {
        let resource = Proto.bytes(1, pair("service.name", value("api")))
        let scope = Proto.text(1, "lib") + Proto.text(2, "1.0")
        let scopeLogs = Proto.bytes(1, scope) + records.flatMap { Proto.bytes(2, $0) }
        return Proto.bytes(1, Proto.bytes(1, resource) + Proto.bytes(2, scopeLogs))
    }

    @Test func recordsInProtobufBecomeLines() throws {
        let server = try TestServer()
        defer { server.stop() }
        func post(_ record: [UInt8], _ want: String) throws {
            let answer = try server.post(
                Self.path, request([record]), ["Content-Type: application/x-protobuf"])
            #expect(answer.status == 200 && answer.body.isEmpty, "\(answer.text)")
            #expect(answer.headers["content-type"] == "application/x-protobuf")
            #expect(server.lines.last == want)
        }
        let origin = "\"service.name\":\"api\",\"scope.name\":\"lib\",\"scope.version\":\"1.0\""
        let stamp = Proto.fixed64(1, 1_700_000_000_000_000_001)
        try post(
            stamp + Proto.varint(2, 17) + Proto.text(3, "ERROR") + Proto.bytes(5, value("no\n")),
            "{\(Self.time),\(origin),\"severity\":\"ERROR\",\"severity_number\":17,"
                + "\"_msg\":\"no\\n\"}")
        // The time at which it was observed stands in for none.
        try post(
            Proto.fixed64(11, 1_700_000_000_000_000_001) + Proto.bytes(5, value("m")),
            "{\(Self.time),\(origin),\"_msg\":\"m\"}")
        try post(Proto.bytes(5, value("m")), "{\(origin),\"_msg\":\"m\"}")
        // Every kind of value.
        let list = Proto.bytes(1, Proto.varint(3, 1)) + Proto.bytes(1, value("x"))
        let map = Proto.bytes(1, pair("k", Proto.varint(2, 1)))
        let attributes: [[UInt8]] = [
            pair("i", Proto.varint(3, UInt64(bitPattern: -5))),
            pair("d", Proto.fixed64(4, (1.5).bitPattern)),
            pair("nan", Proto.fixed64(4, Double.nan.bitPattern)), pair("b", Proto.varint(2, 0)),
            pair("l", Proto.bytes(5, list)), pair("m", Proto.bytes(6, map)),
            pair("y", Proto.bytes(7, [1, 2, 255, 0])), pair("none", []),
        ]
        try post(
            stamp + attributes.flatMap { Proto.bytes(6, $0) } + Proto.bytes(9, [0xAB, 0x01])
                + Proto.bytes(10, [0x0C]) + Proto.fixed32(8, 1),
            "{\(Self.time),\(origin),\"i\":-5,\"d\":1.5,\"nan\":\"nan\",\"b\":false,"
                + "\"l\":[1,\"x\"],\"m\":{\"k\":true},\"y\":\"AQL/AA==\",\"none\":null,"
                + "\"trace_id\":\"ab01\",\"span_id\":\"0c\",\"flags\":1}")
        try post(
            stamp + Proto.bytes(5, Proto.bytes(6, map)),
            "{\(Self.time),\(origin),\"body\":{\"k\":true}}")
        try post(
            stamp + Proto.bytes(5, value("{\"level\":\"warn\"}")),
            "{\(Self.time),\(origin),\"level\":\"warn\"}")
    }

    @Test func recordsInJSONBecomeLines() throws {
        let server = try TestServer()
        defer { server.stop() }
        func post(_ record: String, _ want: String) throws {
            let resource =
                "{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"api\"}}]}"
            let body =
                "{\"resourceLogs\":[{\"resource\":\(resource),\"scopeLogs\":[{\"logRecords\":["
                + "\(record)]}]}]}"
            let answer = try server.post("/v1/logs", body, ["Content-Type: application/json"])
            #expect(answer.status == 200 && answer.text == "{}", "\(answer.text)")
            #expect(server.lines.last == want)
        }
        let origin = "\"service.name\":\"api\""
        try post(
            "{\"timeUnixNano\":\"1700000000000000001\",\"severityNumber\":9,\"severityText\":\"INFO\","
                + "\"body\":{\"stringValue\":\"a\\tb\"},\"traceId\":\"ab\",\"spanId\":\"\","
                + "\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"12\"}},"
                + "{\"key\":\"l\",\"value\":{\"arrayValue\":{\"values\":[{\"boolValue\":true},"
                + "{\"doubleValue\":0.5}]}}},{\"key\":\"m\",\"value\":{\"kvlistValue\":{\"values\":["
                + "{\"key\":\"k\",\"value\":{\"stringValue\":\"v\"}}]}}}]}",
            "{\(Self.time),\(origin),\"severity\":\"INFO\",\"severity_number\":9,"
                + "\"_msg\":\"a\\tb\",\"n\":12,\"l\":[true,0.5],\"m\":{\"k\":\"v\"},"
                + "\"trace_id\":\"ab\"}")
        try post(
            "{\"timeUnixNano\":0,\"body\":{\"stringValue\":\"m\"}}", "{\(origin),\"_msg\":\"m\"}")
        // Laid out over lines, it stays one line.
        try post(
            "{\"body\":{\"kvlistValue\":\n{\"values\":[{\"key\":\"a\",\"value\":{\n\"x\":[\n1]}}]}}}",
            "{\(origin),\"body\":{\"a\":[ 1]}}")
    }

    @Test func malformedBodiesAreRefusedWhole() throws {
        let server = try TestServer()
        defer { server.stop() }
        func post(_ body: [UInt8], _ type: String, _ part: String) throws {
            let answer = try server.post(Self.path, body, ["Content-Type: \(type)"])
            #expect(answer.status == 400)
            #expect(answer.text.contains("\"code\":3"))
            #expect(answer.text.contains(part), "\(answer.text)")
        }
        let good = Proto.bytes(5, Proto.text(1, "m"))
        try post(
            request([good, [0x2A, 0x7F]]), "application/x-protobuf", "nothing of it is stored")
        try post([0xFF], "application/x-protobuf", "ExportLogsServiceRequest")
        try post(Array("{\"resourceLogs\":".utf8), "application/json", "json_cut_short")
        try post(Array("[]".utf8), "application/json", "resourceLogs")
        #expect(server.lines == [])
        #expect(
            try server.post(Self.path, request([good]), ["Content-Type: application/x-protobuf"])
                .status == 200)
        #expect(server.lines.count == 1)
    }

    @Test func whatWasCutIsSaid() throws {
        let server = try TestServer(chunkBytes: 101)
        defer { server.stop() }
        let long = Proto.bytes(5, Proto.text(1, String(repeating: "x", count: 200)))
        let answer = try server.post(
            Self.path, request([long]), ["Content-Type: application/x-protobuf"])
        #expect(answer.status == 200)
        #expect(answer.text.contains("1 records were too long and were cut"))
        #expect(server.taken.cutLines == 1)
        #expect(server.lines.map(\.utf8.count) == [100])
    }
}
