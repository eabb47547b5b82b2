import Foundation
import TestSupport
import Testing

/// `weir query -g` beside `grep -E` over the file that was stored, by the real binary.
@Suite struct GrepTests {
    /// What grep gives for the same lines; its output and status.
    private func grep(_ arguments: [String], _ file: String) throws -> (Data, Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["LC_ALL=C.UTF-8", "grep", "-a"] + arguments + ["--", file]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (data, process.terminationStatus)
    }

    private func weir(_ arguments: [String], _ scratch: Scratch) throws -> WeirProcess.Result {
        try WeirProcess.Running(["query", "--data", scratch.data] + arguments, in: scratch).wait()
    }

    /// A data directory with sample logs and odd lines; the file that they came from.
    private func stored(_ scratch: Scratch) throws -> String {
        var input = try sampleLog("nginx") + sampleLog("house").prefix(200_000)
        input += Data("\nplain timeout é\n\n\u{1B}[31mred\n{\"a\" : 1 , \"b\":\"é\"}\n".utf8)
        input += Data([0x62, 0xFF, 0x63, 10, 0, 1, 2, 10])
        let file = scratch.url.appendingPathComponent("lines").path
        try input.write(to: URL(fileURLWithPath: file))
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
        return file
    }

    @Test func linesStatusAndCountAsGrep() throws {
        let scratch = try Scratch()
        let file = try stored(scratch)
        for arguments in [
            ["-e", "timeout"], ["-e", "\"level\":\"(ERROR|WARN)\".*5[0-9]{2}"],
            ["-i", "-e", "ERROR"],
            ["-w", "-e", "post"], ["-iw", "-e", "post"], ["-v", "-e", "\"status"], ["-e", "^$"],
            ["-e", ""], ["-F", "-e", "\" : 1 ,"], ["-e", "é\"}$"], ["-e", "b.c"], ["-e", "[^ -~]"],
            ["-e", "nothing at all"], ["-e", "GET", "-e", "POST"], ["-e", "-v"], ["-v", "-e", ""],
        ] {
            let (want, status) = try grep(
                arguments.contains("-F") ? arguments : ["-E"] + arguments, file)
            let own = arguments.map { $0 == "-e" ? "-g" : $0 }
            let found = try weir(own, scratch)
            #expect(sortedLines(found.output) == sortedLines(want), "\(arguments)")
            #expect(found.status == status, "\(arguments): \(found.errors)")
            let count = try weir(["-c"] + own, scratch)
            #expect(count.text == "\(sortedLines(want).count)\n", "\(arguments)")
            #expect(count.status == status)
        }
    }

    @Test func togetherWithAQuery() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        func count(_ arguments: String...) throws -> Int {
            Int(try weir(["-c"] + arguments, scratch).text.dropLast()) ?? -1
        }
        let all = try count("level:INFO")
        let slow = try count("level:INFO", "-g", "duration_ms\":[0-9]{3}")
        let others = try count("level:INFO", "-v", "-g", "duration_ms\":[0-9]{3}")
        #expect(slow > 0 && others > 0 && slow + others == all)
        #expect(try count("level:info") == 0)
        #expect(try count("-i", "level:info") == all)
        #expect(try count("-i", "level:=info") == all)
        #expect(try count("-v", "level:INFO") == count("!level:INFO"))
        #expect(try count("level:INFO", "-n", "2") == 2)
        let piped = try weir(["-g", "GET", "* | stats count() as n", "-o", "raw"], scratch)
        #expect(piped.text == "{\"n\":\"\(try count("-g", "GET"))\"}\n")
    }

    @Test func whatIsWrongIsSaid() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        func refuse(_ arguments: [String], _ message: String) throws {
            let result = try weir(arguments, scratch)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.errors.hasPrefix("weir: "), "\(result.errors)")
            #expect(result.errors.contains(message), "\(arguments): \(result.errors)")
            #expect(result.output.isEmpty)
        }
        try refuse(["-g", "(a"], "-g: this ( has no )\n  (a\n  ^")
        try refuse(["-g", "(a)\\1"], "back-reference")
        try refuse(["-F"], "there is no -g")
        try refuse(["-g", "a", "-n", "x"], "-n takes a number of lines, not `x`")
        try refuse(["-n", "-5"], "-n takes a number of lines, not `-5`")
        try refuse(["-n", "99999999999999999999"], "-n takes a number of lines")
        try refuse(["-C", "1.5"], "-C takes a number of lines, not `1.5`")
        try refuse(["-C", "1", "* | fields a"], "-A, -B and -C show lines around lines")
        try refuse(["--color", "blue"], "--color takes auto, always or never, not `blue`")
        try refuse(["-o", "jsn"], "did you mean `json`?")
        try refuse(["--follow", "* | stats count()"], "wants all lines before it gives one")
        try refuse(["-g", String(repeating: "(a{99}){99}", count: 900)], "too large")
        let note = try weir(["-c", "-g", "\\d"], scratch)
        #expect(note.errors.contains("\\d is the letter d"))
        #expect(note.status == 0)
    }

    @Test func aPatternOfTenKilobytesIsAnswered() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let pattern = (0..<1_400).map { "word\($0)" }.joined(separator: "|") + "|timeout"
        #expect(pattern.utf8.count > 10_000)
        let want = try weir(["-c", "-g", "timeout"], scratch)
        #expect(try weir(["-c", "-g", pattern], scratch).text == want.text)
    }

    @Test func coloursOnlyWhenAsked() throws {
        let scratch = try Scratch()
        let line = "{\"level\":\"ERROR\",\"message\":\"a timeout\u{7F}\"}"
        _ = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: Data((line + "\n").utf8))
        #expect(try weir(["timeout"], scratch).text == line + "\n")
        let red = "\u{1B}[31m"
        let match = "\u{1B}[1;7m"
        let end = "\u{1B}[0m"
        #expect(
            try weir(["timeout", "--color=always"], scratch).text
                == red + "{\"level\":\"ERROR\",\"message\":\"a \(match)timeout\(end)\(red)\u{7F}\"}"
                + end + "\n")
        #expect(
            try weir(["-g", "a t|E\"", "--color=always"], scratch).text.contains(
                "\(match)a t\(end)"))
        #expect(try weir(["timeout", "--color=never"], scratch).text == line + "\n")
    }
}
