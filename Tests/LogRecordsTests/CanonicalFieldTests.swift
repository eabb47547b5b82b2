import Foundation
import LogBytes
import LogRecords
import TestSupport
import Testing

@Suite struct CanonicalFieldTests {
    /// What a line means, field by field; fields that are not named must be empty.
    private func expect(
        _ line: String, _ want: [CanonicalField: String],
        location: SourceLocation = #_sourceLocation
    ) throws {
        let lines = try LineBatch()
        let record = lines.take(line)
        #expect(lines.batch.unparsed.isEmpty, sourceLocation: location)
        for field in CanonicalField.allCases {
            var scratch = ByteWriter()
            let slot = lines.batch.shape(record).canonical[field]
            let text = slot.map { lines.batch.text(record, $0, scratch: &scratch).text } ?? ""
            #expect(text == want[field, default: ""], "\(field)", sourceLocation: location)
        }
    }

    @Test func houseFormat() throws {
        let line = #"""
            {"timestamp":"2025-01-18T12:00:00Z","level":"INFO","service":"brainops-api","trace_id":"abc123",\#
            "user_id":"user_456","endpoint":"/api/v1/workflows/execute","duration_ms":125,"status_code":200,\#
            "message":"Workflow executed successfully"}
            """#
        try expect(
            line,
            [
                .time: "2025-01-18T12:00:00Z", .level: "INFO", .service: "brainops-api",
                .trace: "abc123", .user: "user_456", .endpoint: "/api/v1/workflows/execute",
                .duration: "125", .status: "200", .message: "Workflow executed successfully",
            ])
        let lines = try LineBatch()
        let record = lines.take(line)
        var scratch = ByteWriter()
        #expect(record.time == 1_737_201_600 * Timestamp.second)
        #expect(record.level == .info)
        #expect(lines.batch.statusCode(record) == 200)
        #expect(lines.batch.durationMilliseconds(record, scratch: &scratch) == 125)
        #expect(lines.text(record, "duration_ms") == "125")
        #expect(lines.text(record, "_time") == "2025-01-18T12:00:00Z")
    }

    @Test func caddyAccessLog() throws {
        let line = #"""
            {"level":"info","ts":1761019828.6153953,"logger":"http.log.access","msg":"handled request",\#
            "request":{"remote_ip":"172.19.0.1","proto":"HTTP/1.1","method":"GET","host":"localhost",\#
            "uri":"/api?q=1","headers":{"Cookie":["REDACTED"],"If-None-Match":["\"ddnp8sh5vg3i58\""]}},\#
            "bytes_read":0,"user_id":"","duration":0.001674508,"size":0,"status":304,\#
            "resp_headers":{"Server":["Caddy"]}}
            """#
        try expect(
            line,
            [
                .time: "1761019828.6153953", .level: "info", .service: "http.log.access",
                .message: "handled request", .endpoint: "/api?q=1", .duration: "1.674508",
                .status: "304",
            ])
        let lines = try LineBatch()
        let record = lines.take(line)
        #expect(record.time == 1_761_019_828_615_395_300)
        #expect(record.level == .info)
        #expect(lines.text(record, "duration_ms") == "1.674508")
        #expect(lines.text(record, "duration") == "0.001674508")
        #expect(lines.text(record, "request.headers.If-None-Match") == #"["\"ddnp8sh5vg3i58\""]"#)
    }

    @Test func nginxWithAJSONFormat() throws {
        try expect(
            #"""
            {"time":"2026-11-21T03:31:33+00:00","msec":1795231893.624,"remote_addr":"203.0.113.197",\#
            "request_uri":"/static/page-3.html","status":200,"request_time":0.000,\#
            "upstream_response_time":"","request_id":"f7df6747d767ed4713614c58db493eab"}
            """#,
            [
                .time: "2026-11-21T03:31:33+00:00", .endpoint: "/static/page-3.html",
                .status: "200",
                .duration: "0", .trace: "f7df6747d767ed4713614c58db493eab",
            ])
        try expect(
            #"{"time_iso8601":"2026-11-21T03:31:33+00:00","uri":"/","status":"502","request_time":"1.250"}"#,
            [
                .time: "2026-11-21T03:31:33+00:00", .endpoint: "/", .status: "502",
                .duration: "1250",
            ])
        try expect(
            #"{"msec":"1795231893.624","status":"-","request_time":"-"}"#,
            [.time: "1795231893.624", .status: "-"])
    }

    @Test func postgresJSONLog() throws {
        let line = #"""
            {"timestamp":"2026-11-21 03:46:18.634 UTC","user":"app","dbname":"shop","pid":8309,\#
            "session_id":"6b01140a.2075","line_num":1,"ps":"SELECT","error_severity":"LOG",\#
            "message":"duration: 12.345 ms  statement: SELECT \"x\"","application_name":"psql",\#
            "backend_type":"client backend","query_id":0}
            """#
        try expect(
            line,
            [
                .time: "2026-11-21 03:46:18.634 UTC", .level: "LOG", .service: "shop",
                .user: "app", .duration: "12.345",
                .message: #"duration: 12.345 ms  statement: SELECT "x""#,
            ])
        let lines = try LineBatch()
        let record = lines.take(line)
        #expect(record.time == 1_795_232_778_634_000_000)
        #expect(record.level == .info)
        #expect(lines.text(record, "duration_ms") == "12.345")
        try expect(
            #"""
            {"timestamp":"2026-11-21 03:46:18.634 UTC","pid":1,"error_severity":"FATAL",\#
            "state_code":"57P01","message":"terminating connection"}
            """#,
            [
                .time: "2026-11-21 03:46:18.634 UTC", .level: "FATAL",
                .message: "terminating connection",
            ])
    }

    @Test func namesWithoutTheirSignatureMeanNothing() throws {
        try expect(#"{"duration":3}"#, [:])
        try expect(#"{"duration":3,"ts":1}"#, [.time: "1"])
        try expect(#"{"user":"x","dbname":"y","application_name":"z"}"#, [:])
        try expect(#"{"message":"duration: 5 ms"}"#, [.message: "duration: 5 ms"])
        try expect(
            #"{"error_severity":"LOG","pid":1,"message":"duration: none"}"#,
            [.level: "LOG", .message: "duration: none"])
    }

    @Test func theHouseNameWinsAndTheLastOfDoubleKeys() throws {
        try expect(#"{"msg":"b","message":"a"}"#, [.message: "a"])
        try expect(#"{"request_id":"b","trace_id":"a"}"#, [.trace: "a"])
        try expect(#"{"level":"a","level":"b"}"#, [.level: "b"])
        try expect(#"{"message":null,"level":"x"}"#, [.level: "x"])
        let lines = try LineBatch()
        let record = lines.take(#"{"_msg":"literal","message":"canonical"}"#)
        #expect(lines.text(record, "_msg") == "literal")
        #expect(lines.text(record, "no_such_field") == "")
    }

    /// Seconds become milliseconds digit by digit: no binary rounding shows.
    @Test func durationsKeepTheirDigits() throws {
        let lines = try LineBatch()
        func check(_ seconds: String, _ want: String, value: Double?) {
            let record = lines.take(#"{"ts":1,"logger":"x","duration":\#(seconds)}"#)
            #expect(lines.text(record, "duration_ms") == want, "\(seconds)")
            var scratch = ByteWriter()
            #expect(lines.batch.durationMilliseconds(record, scratch: &scratch) == value)
        }
        check("0.000123456", "0.123456", value: 0.123456)
        check("0.1", "100", value: 100)
        check("12", "12000", value: 12_000)
        check("0", "0", value: 0)
        check("0.000", "0", value: 0)
        check("-0.5", "-500", value: -500)
        check("1.0005", "1000.5", value: 1_000.5)
        check("123456789.123456789", "123456789123.456789", value: 123_456_789_123.456789)
        check(#""0.25""#, "250", value: 250)
        check("2.5e-05", "0.025", value: 0.025)
        check(#""-""#, "", value: nil)
        check(#""0.1, 0.2""#, "", value: nil)
        check("null", "", value: nil)
        check("true", "", value: nil)
        check("[1]", "", value: nil)
    }

    @Test func statusesAreThoseOfHTTP() throws {
        let lines = try LineBatch()
        func check(_ status: String, _ want: Int?) {
            #expect(
                lines.batch.statusCode(lines.take(#"{"status":\#(status)}"#)) == want, "\(status)")
        }
        check("200", 200)
        check(#""503""#, 503)
        check("100", 100)
        check("599", 599)
        check("99", nil)
        check("600", nil)
        check("0", nil)
        check("-200", nil)
        check(#""healthy""#, nil)
        check("null", nil)
        check("99999999999999999999", nil)
    }

    @Test func namesReadBack() {
        for field in CanonicalField.allCases {
            #expect(CanonicalField(name: field.name) == field)
        }
        #expect(CanonicalField(name: "message") == nil)
        #expect(CanonicalField(name: "") == nil)
    }

    /// Every line of the samples in the checkout is an object, comes back byte for byte and has a time of its own.
    @Test func sampleLogsAreUnderstood() throws {
        let folder = Checkout.root.appending(path: "sample-logs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let samples = names.filter { $0.hasSuffix(".ndjson") }.sorted()
        if samples.isEmpty { print("SKIPPED: no sample-logs/*.ndjson in this checkout") }
        for name in samples {
            let lines = try LineBatch()
            let data = try Data(contentsOf: folder.appending(path: name))
            for line in data.split(separator: ASCII.newline).prefix(5_000) {
                let record = lines.take([UInt8](line))
                let isUnderstood = lines.batch.unparsed.isEmpty && record.hasOwnTime
                if !isUnderstood || lines.rebuilt(record) != [UInt8](line) {
                    Issue.record("\(name): \(String(decoding: line, as: UTF8.self))")
                }
            }
        }
    }
}
