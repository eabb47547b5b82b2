import Foundation
import TestSupport
import Testing

/// `-A`, `-B` and `-C`: what grep shows around matches, within each class.
@Suite struct ContextTests {
    private func stored(_ lines: [String], _ scratch: Scratch) throws {
        let conf = try scratch.write(
            "retention.conf", "debug 7000 days level:DEBUG\nproduction 30000 days *\n")
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--retention", conf, in: scratch,
            input: Data(lines.joined(separator: "\n").utf8))
        #expect(result.status == 0, "\(result.errors)")
    }

    private func line(_ number: Int, _ text: String, level: String = "INFO") -> String {
        let seconds = "\(number / 60)".count == 1 ? "0\(number / 60)" : "\(number / 60)"
        let rest = number % 60 < 10 ? "0\(number % 60)" : "\(number % 60)"
        return "{\"time\":\"2025-01-18T12:\(seconds):\(rest)Z\",\"level\":\"\(level)\","
            + "\"message\":\"\(text)\"}"
    }

    private func query(_ scratch: Scratch, _ arguments: String...) throws -> WeirProcess.Result {
        try WeirProcess.Running(["query", "--data", scratch.data] + arguments, in: scratch).wait()
    }

    @Test func groupsAsGrep() throws {
        let scratch = try Scratch()
        let lines = (0..<200).map {
            line($0, [7, 8, 12, 40, 44, 120, 199].contains($0) ? "hit" : "x")
        }
        try stored(lines, scratch)
        let file = try scratch.write("lines", lines.joined(separator: "\n") + "\n")
        for options in [
            ["-C", "0"], ["-C", "1"], ["-C", "2"], ["-A", "3"], ["-B", "3"],
            ["-A", "1", "-B", "4"],
            ["-C", "2", "-A", "0"], ["-C", "100"], ["-C3"],
        ] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["grep"] + options + ["hit", file]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let want = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            let found = try WeirProcess.Running(
                ["query", "--data", scratch.data, "hit"] + options, in: scratch
            ).wait()
            #expect(found.text == String(decoding: want, as: UTF8.self), "\(options)")
            #expect(found.status == 0)
        }
    }

    @Test func classesAreNotMixed() throws {
        let scratch = try Scratch()
        let lines = (0..<12).map { number in
            line(
                number, [4, 5].contains(number) ? "hit \(number)" : "n\(number)",
                level: number % 2 == 0 ? "DEBUG" : "INFO")
        }
        try stored(lines, scratch)
        let found = try query(scratch, "hit", "-C", "1")
        // The debug lines 2, 4, 6 and the others 3, 5, 7.
        let want = [2, 4, 6].map { lines[$0] } + ["--"] + [3, 5, 7].map { lines[$0] }
        #expect(found.text == want.joined(separator: "\n") + "\n")
    }

    @Test func theNewestMatchesWithTheirContext() throws {
        let scratch = try Scratch()
        let lines = (0..<100).map { line($0, $0 % 10 == 5 ? "hit" : "x") }
        try stored(lines, scratch)
        let found = try query(scratch, "hit", "-n", "2", "-B", "1")
        let want = [84, 85].map { lines[$0] } + ["--"] + [94, 95].map { lines[$0] }
        #expect(found.text == want.joined(separator: "\n") + "\n")
        let none = try query(scratch, "nothing", "-C", "2")
        #expect(none.output.isEmpty && none.status == 1)
        // Rows of JSON have no separators, so that each line is an object.
        let json = try query(scratch, "hit", "-n", "2", "-B", "1", "-o", "json")
        #expect(json.lines.count == 4 && json.lines.allSatisfy { $0.hasPrefix("{") })
    }
}
