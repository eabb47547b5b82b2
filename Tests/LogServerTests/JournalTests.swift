import LogBytes
import Testing

@testable import LogServer

@Suite struct JournalTests {
    private static let path = "/insert/journald/upload"

    /// A field whose value has its length in front.
    private static func counted(_ name: String, _ value: [UInt8]) -> [UInt8] {
        Array("\(name)\n".utf8)
            + withUnsafeBytes(of: UInt64(value.count).littleEndian) { Array($0) }
            + value + [10]
    }

    @Test func entriesBecomeLines() throws {
        let server = try TestServer()
        defer { server.stop() }
        func push(_ body: [UInt8], _ want: [String], path: String = Self.path) throws {
            let before = server.lines.count
            let answer = try server.post(path, body)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(Array(server.lines.dropFirst(before)) == want)
        }
        let plain = Array("PRIORITY=6\nMESSAGE=a=b \"c\"\n\n".utf8)
        try push(plain, ["{\"PRIORITY\":\"6\",\"MESSAGE\":\"a=b \\\"c\\\"\"}"])
        try push(plain, ["{\"PRIORITY\":\"6\",\"MESSAGE\":\"a=b \\\"c\\\"\"}"], path: "/upload")
        // Empty lines between entries, and none behind the last.
        try push(Array("\n\nA=1\n\n\n\nA=2\n".utf8), ["{\"A\":\"1\"}", "{\"A\":\"2\"}"])
        try push([], [])
        // Text with newlines and control characters is text; what is no UTF-8 is bytes.
        try push(
            Self.counted("MESSAGE", Array("x\n\nB=1\u{1B}[0m".utf8))
                + Self.counted("RAW", [0, 255, 10]) + Self.counted("NONE", []) + [10],
            ["{\"MESSAGE\":\"x\\n\\nB=1\\u001b[0m\",\"RAW\":[0,255,10],\"NONE\":\"\"}"])
        // A field that comes several times stands where it came first.
        try push(
            Array("A=1\nB=2\nA=\nA=3\n\n".utf8), ["{\"A\":[\"1\",\"\",\"3\"],\"B\":\"2\"}"])
        // Parameters are those of the other ways.
        try push(
            Array("__CURSOR=s=1;i=2\nA=1\n\n".utf8), ["{\"A\":\"1\",\"host\":\"x\"}"],
            path: Self.path + "?ignore_fields=__*&extra_fields=host=x")
    }

    @Test func aBodyMayBeCutAnywhere() throws {
        let server = try TestServer()
        defer { server.stop() }
        let body =
            Array("A=1\n".utf8) + Self.counted("MESSAGE", Array("x\ny".utf8))
            + Array("\nB=2\n\n".utf8)
        let client = try server.connect()
        let head = TestClient.head("POST", Self.path, ["Transfer-Encoding: chunked"], length: nil)
        for cut in 0...body.count {
            let before = server.lines.count
            try client.send(head)
            for part in [body.prefix(cut), body.dropFirst(cut)] where !part.isEmpty {
                try client.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part)
                try client.send("\r\n")
            }
            try client.send("0\r\n\r\n")
            #expect(try client.answer().status == 200)
            #expect(
                Array(server.lines.dropFirst(before))
                    == ["{\"A\":\"1\",\"MESSAGE\":\"x\\ny\"}", "{\"B\":\"2\"}"], "cut at \(cut)")
        }
    }

    @Test func entriesAreStoredBeforeTheBodyEnds() throws {
        let server = try TestServer()
        defer { server.stop() }
        let client = try server.connect()
        try client.send(
            TestClient.head("POST", Self.path, ["Transfer-Encoding: chunked"], length: nil))
        try client.send("7\r\nA=1\n\nB=\r\n")
        try waitUntil { server.lines == ["{\"A\":\"1\"}"] }
        try client.send("3\r\n2\n\n\r\n0\r\n\r\n")
        #expect(try client.answer().status == 200)
        #expect(server.lines == ["{\"A\":\"1\"}", "{\"B\":\"2\"}"])
    }

    @Test func whatIsNoExportIsRefusedAtItsByte() throws {
        let server = try TestServer()
        defer { server.stop() }
        func push(_ body: [UInt8], _ status: Int, _ part: String) throws {
            let answer = try server.post(Self.path, body)
            #expect(answer.status == status)
            #expect(answer.text.contains(part), "\(answer.text)")
        }
        try push(Array("A=1\n\n{\"a\":1}\n".utf8), 400, "not byte 123, at byte 5")
        try push(Array("=1\n\n".utf8), 400, "not byte 61, at byte 0")
        try push(Array((String(repeating: "A", count: 65) + "=1\n").utf8), 400, "64 bytes")
        try push(Array("A=1\nB".utf8), 400, "ends inside an entry")
        try push(Array("A=1\nB=2".utf8), 400, "ends inside an entry")
        try push(Self.counted("A", [1, 2]).dropLast() + [65], 400, "newline is missing")
        // A length beyond all memory is only a length.
        try push(Array("A\n".utf8) + [UInt8](repeating: 255, count: 8) + [1], 400, "ends inside")
        #expect(server.lines == ["{\"A\":\"1\"}"])
        let answer = try server.get(Self.path)
        #expect(answer.status == 405)
        #expect(try server.get("/insert/nothing").text.contains("/insert/journald/upload"))
    }

    @Test func whatIsTooLongIsCutAndTheRestIsKept() throws {
        // A line has 1,023 bytes, a value 255.
        let server = try TestServer(chunkBytes: 1_024)
        defer { server.stop() }
        func push(_ body: [UInt8], _ want: String, cut: Int) throws {
            let before = server.taken.cutLines
            let count = server.lines.count
            #expect(try server.post(Self.path, body).status == 200)
            #expect(Array(server.lines.dropFirst(count)) == [want])
            #expect(server.taken.cutLines - before == cut)
        }
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        try push(Array("A=\(text(255))\n\n".utf8), "{\"A\":\"\(text(255))\"}", cut: 0)
        // A core dump does not take the message's room.
        try push(
            Self.counted("COREDUMP", Array(text(5_000).utf8)) + Array("MESSAGE=m\n\n".utf8),
            "{\"COREDUMP\":\"\(text(255))\",\"MESSAGE\":\"m\"}", cut: 1)
        // No character is cut in the middle.
        try push(Array("A=\(text(254))é\n\n".utf8), "{\"A\":\"\(text(254))\"}", cut: 1)
        try push(Array("A=\(text(253))é\n\n".utf8), "{\"A\":\"\(text(253))é\"}", cut: 0)
        // What the line has no room for is left out, and what comes behind it is not.
        try push(
            Array("A=\(text(250))\n".utf8)
                + Self.counted("RAW", [UInt8](repeating: 255, count: 250))
                + Array("B=b\n\n".utf8), "{\"A\":\"\(text(250))\",\"B\":\"b\"}", cut: 1)
        // The next entry is whole again.
        try push(Array("A=1\n\n".utf8), "{\"A\":\"1\"}", cut: 0)
        let many = (0..<1_100).map { "F\($0)=\n" }.joined()
        #expect(try server.post(Self.path, many + "\n").status == 200)
        #expect(server.lines.last?.utf8.count ?? 0 < 1_024)
    }
}
