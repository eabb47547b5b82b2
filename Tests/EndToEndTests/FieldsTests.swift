import Foundation
import TestSupport
import Testing

/// `weir fields`, what a query tells of itself, and what a shell is offered.
@Suite struct FieldsTests {
    private func stored(_ scratch: Scratch, _ lines: [String]) throws {
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch,
            input: Data(lines.joined(separator: "\n").utf8))
        #expect(result.status == 0)
    }

    private func weir(_ scratch: Scratch, _ arguments: String...) throws -> WeirProcess.Result {
        try WeirProcess.Running(
            [arguments[0], "--data", scratch.data] + arguments.dropFirst(), in: scratch
        ).wait()
    }

    private let lines = [
        #"{"time":"2025-01-18T12:00:00Z","level":"INFO","took":"15ms","n":1,"ok":true,"size":"10KB"}"#,
        #"{"time":"2025-01-18T12:00:01Z","level":"WARN","took":"2s","n":2,"ok":false,"ip":"10.0.0.1"}"#,
        #"{"time":"2025-01-18T12:00:02Z","level":"WARN","took":"1h","n":"x","ok":true}"#,
        #"{"time":"2025-01-19T12:00:02Z","level":"WARN","n":4,"at":"2025-01-18T12:00:00Z"}"#,
    ]

    @Test func namesTypesAndShares() throws {
        let scratch = try Scratch()
        try stored(scratch, lines)
        let csv = try weir(scratch, "fields", "-o", "csv")
        #expect(csv.status == 0)
        for row in [
            "field,type,distinct,lines,share,example", "level,string,2,4,100.0%,INFO",
            "took,duration,3,3,75.0%,15ms", "n,\"number, string\",4,4,100.0%,1",
            "ok,boolean,2,3,75.0%,true", "size,size,1,1,25.0%,10KB",
            "ip,address,1,1,25.0%,10.0.0.1",
            "at,time,1,1,25.0%,2025-01-18T12:00:00Z", "_time,time,4,4,100.0%,2025-01-18T12:00:00Z",
        ] {
            #expect(csv.text.components(separatedBy: "\r\n").contains(row), "\(row) in \(csv.text)")
        }
        let some = try weir(scratch, "fields", "level:WARN", "-g", "ip", "-o", "json")
        #expect(some.text.contains(#"{"field":"ip","type":"address","distinct":"1","lines":"1""#))
        #expect(!some.text.contains(#""field":"at""#))
        #expect(try weir(scratch, "fields", "nothing").status == 1)
        #expect(try weir(scratch, "fields").text.hasPrefix("field "))
        let raw = try weir(scratch, "fields", "-o", "raw")
        #expect(raw.status == 2 && raw.errors.contains("-o takes table, json or csv"))
    }

    @Test func explanationAndTimes() throws {
        let scratch = try Scratch()
        try stored(scratch, lines)
        let result = try weir(
            scratch, "query", "level:WARN", "--explain", "--stats-time", "--until", "2025-01-19")
        #expect(result.lines.count == 2)
        let told = result.errors.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        }
        // Two days of one class: one of them is read.
        #expect(told.contains(["partitions", "2", "1", "1", "0", "0", "0", "0"]))
        #expect(told.contains(["blocks", "1", "1", "0", "0", "0", "0", "0"]))
        #expect(result.errors.contains("3 in what was read, 2 match, 2 given"))
        #expect(told.contains { $0.first == "opening" } && told.contains { $0.first == "all" })
        #expect(try weir(scratch, "query", "level:WARN").errors.isEmpty)
    }

    /// Completion as the shells ask for it.
    @Test func fieldNamesAreOffered() throws {
        let scratch = try Scratch()
        try stored(scratch, lines)
        func offer(_ words: String...) throws -> [String] {
            let line = ["weir", "query", "--data", scratch.data] + words
            let running = try WeirProcess.Running(
                [
                    "---completion", "query", "--", "positional@0", "\(line.count - 1)",
                    "\((line.last ?? "").count)",
                ] + line, in: scratch,
                environment: ["SAP_SHELL": "bash"])
            let result = try running.wait()
            #expect(result.status == 0, "\(result.errors)")
            return result.lines.map(String.init)
        }
        #expect(try offer("le") == ["level:"])
        #expect(try offer("level:") == ["level:INFO", "level:WARN"])
        #expect(try offer("level:W") == ["level:WARN"])
        #expect(try offer("level", ":", "W") == ["WARN"])
        #expect(try offer("level:WARN to") == ["level:WARN took:"])
        #expect(try offer("!(le") == ["!(level:"])
        #expect(try offer("* | lim") == ["* | limit"])
        #expect(try offer("nothing") == [])
        for shell in ["bash", "zsh", "fish"] {
            let script = try WeirProcess.run("--generate-completion-script", shell, in: scratch)
            #expect(script.status == 0 && script.text.contains("---completion"))
        }
    }
}
