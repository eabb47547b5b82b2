import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What is different where a person looks: colours, escapes, tables that fit, a line of progress.
@Suite struct TerminalTests {
    private let lines = [
        #"{"time":"2025-01-18T12:00:00Z","level":"INFO","message":"fine"}"#,
        #"{"time":"2025-01-18T12:00:01Z","level":"WARN","message":"slow timeout here"}"#,
        "plain \u{1B}[2J\u{7} timeout \u{202E}",
    ]

    private func stored(_ scratch: Scratch, _ input: Data) throws {
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
    }

    /// What the query shows on a terminal of so many columns.
    private func shown(
        _ scratch: Scratch, _ arguments: [String], columns: UInt16 = 100,
        environment: [String: String] = [:]
    ) throws -> String {
        let terminal = try PseudoTerminal(columns: columns)
        let running = try WeirProcess.Running(
            ["query", "--data", scratch.data] + arguments, in: scratch, output: terminal.slave,
            environment: environment)
        _ = try running.wait()
        return terminal.text
    }

    @Test func levelsMatchesAndEscapes() throws {
        let scratch = try Scratch()
        try stored(scratch, Data(lines.joined(separator: "\n").utf8))
        let text = try shown(scratch, ["timeout"])
        #expect(
            text.contains(
                "\u{1B}[33m{\"time\":\"2025-01-18T12:00:01Z\",\"level\":\"WARN\",\"message\":\"slow "
                    + "\u{1B}[1;7mtimeout\u{1B}[0m\u{1B}[33m here\"}\u{1B}[0m\n"))
        #expect(text.contains("plain \\x1b[2J\\x07 \u{1B}[1;7mtimeout\u{1B}[0m \\u{202e}\n"))
        for (arguments, environment) in [
            (["timeout"], ["NO_COLOR": "1"]), (["timeout"], ["TERM": "dumb"]),
            (["timeout", "--color=never"], [:]),
        ] {
            let text = try shown(scratch, arguments, environment: environment)
            #expect(!text.contains("\u{1B}"))
            #expect(text.contains("plain \\x1b[2J\\x07 timeout \\u{202e}\n"))
        }
        // An empty NO_COLOR says nothing, and who asks for colours gets them.
        #expect(
            try shown(scratch, ["timeout"], environment: ["NO_COLOR": ""]).contains("\u{1B}[33m"))
        #expect(
            try shown(scratch, ["timeout", "--color=always"], environment: ["NO_COLOR": "1"])
                .contains("\u{1B}[33m"))
        #expect(try shown(scratch, ["timeout", "-o", "json"]).contains("\u{1B}[1;7mtimeout"))
        let piped = try WeirProcess.run("query", "--data", scratch.data, "timeout", in: scratch)
        #expect(sortedLines(piped.output) == sortedLines(Data((lines[1] + "\n" + lines[2]).utf8)))
    }

    @Test func tablesFit() throws {
        let scratch = try Scratch()
        let long = String(repeating: "word ", count: 40)
        let input = (0..<5).map {
            "{\"a\":\"\(long)\",\"b\":\($0),\"c\":\"\(long)\",\"message\":\"m\"}\n"
        }.joined()
        try stored(scratch, Data(input.utf8))
        for columns in [20, 40, 80, 200] {
            let text = try shown(
                scratch, ["*", "-o", "table", "--color=never"], columns: UInt16(columns))
            let rows = text.split(separator: "\n")
            #expect(rows.count == 7)
            #expect(rows.allSatisfy { $0.count <= columns }, "\(columns): \(text)")
            #expect(columns < 80 || rows.allSatisfy { $0.count > columns / 2 })
        }
        // Rows of a pipe are a table without being asked for.
        let counts = try shown(scratch, ["* | stats by (b) count() as n", "--color=never"])
        #expect(counts.hasPrefix("b  n\n-  -\n0  1\n"))
    }

    @Test func progressShowsAndGoes() throws {
        let scratch = try Scratch()
        let input = (0..<60_000).map {
            "{\"timestamp\":\"2025-01-\(10 + $0 / 10_000)T12:00:00Z\",\"n\":\($0),\"message\":\"long enough\"}\n"
        }.joined()
        try stored(scratch, Data(input.utf8))
        let terminal = try PseudoTerminal(columns: 100)
        let process = Process()
        process.executableURL = WeirProcess.products.appendingPathComponent("weir")
        process.arguments = ["query", "--data", scratch.data, "*"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = terminal.slave
        try process.run()
        try output.fileHandleForWriting.close()
        // Nobody reads for longer than the second in which no progress is shown.
        usleep(1_300_000)
        let got = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(got.split(separator: 10).count == 60_000)
        let text = terminal.text
        #expect(text.contains(/MB|kB/) && text.contains(" matches, ") && text.contains(" s left"))
        #expect(text.hasSuffix("\r\u{1B}[K"), "the line stays")
        let quiet = try WeirProcess.run("query", "--data", scratch.data, "n:5", in: scratch)
        #expect(quiet.errors.isEmpty)
    }
}
