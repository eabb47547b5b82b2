import Foundation
import TestSupport
import Testing

/// What a query answers when something is wrong with what is stored, asked or written to.
@Suite(.serialized) struct AnswerTests {
    private func line(_ number: Int, day: Int) -> String {
        "{\"timestamp\":\"2025-01-\(day)T12:00:00Z\",\"n\":\(number),\"message\":\"line \(number)\"}\n"
    }

    /// A data directory with a segment of ten lines for each of three days.
    private func stored(_ scratch: Scratch) throws {
        let text = (0..<30).map { line($0, day: 11 + $0 / 10) }.joined()
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: Data(text.utf8))
        #expect(result.status == 0)
    }

    private func segment(_ scratch: Scratch, day: Int) throws -> URL {
        let folder = URL(fileURLWithPath: scratch.data)
            .appendingPathComponent("segments/production/2025-01-\(day)")
        return try #require(
            try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil
            ).first)
    }

    @Test(arguments: ["*", "* | limit 100", "* | sort by (n)", "line", "* | fields n"])
    func aDamagedBlockCostsItsOwnLinesOnly(query: String) throws {
        let scratch = try Scratch()
        try stored(scratch)
        let file = try segment(scratch, day: 12)
        let sound = try Data(contentsOf: file)
        var answers = Set<Int>()
        // Behind the header of 16 bytes stand the columns; the footer begins where the trailer says.
        let footer = sound.suffix(32).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        for offset in stride(from: 16, to: footer, by: max((footer - 16) / 24, 1)) {
            var damaged = sound
            damaged[offset] ^= 0x10
            try damaged.write(to: file)
            let result = try WeirProcess.run("query", "--data", scratch.data, query, in: scratch)
            answers.insert(result.lines.count)
            #expect(result.lines.count == 20 || result.lines.count == 30, "byte \(offset)")
            #expect(result.status == (result.lines.count == 30 ? 0 : 2))
            if result.lines.count == 20 {
                #expect(result.errors.contains(file.lastPathComponent))
                #expect(result.errors.contains("the answer is partial"))
            }
        }
        #expect(answers.contains(20), "no damage was found")
    }

    @Test func countsAgreeWithEachOtherBesideADamagedBlock() throws {
        let scratch = try Scratch()
        try stored(scratch)
        let file = try segment(scratch, day: 12)
        var bytes = try Data(contentsOf: file)
        let footer = bytes.suffix(32).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        // Damage that a count has no need to read costs it nothing: this is in all columns.
        for offset in 16..<footer { bytes[offset] ^= 0xFF }
        try bytes.write(to: file)
        let result = try WeirProcess.run(
            "query", "--data", scratch.data,
            "* | stats count() as a, count(n) as b, count(message) as c",
            in: scratch)
        #expect(result.status == 2)
        #expect(result.text == "{\"a\":\"20\",\"b\":\"20\",\"c\":\"20\"}\n")
    }

    /// Ten of thirty lines cannot be read; whoever asks for lines is told.
    @Test(arguments: [
        (["query", "-g", "line"], 20), (["query", "-c", "-g", "line [0-9]"], 1),
        (["query", "n:5 or n:25", "-C", "1"], 7), (["query", "n:15", "-C", "1", "-n", "3"], 0),
        (["query", "-n", "15"], 15), (["query", "-o", "json"], 20), (["fields", "-o", "json"], 6),
    ])
    func partialAnswersHaveStatus2(arguments: [String], lines: Int) throws {
        let scratch = try Scratch()
        try stored(scratch)
        let file = try segment(scratch, day: 12)
        var bytes = try Data(contentsOf: file)
        let footer = bytes.suffix(32).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        for offset in 16..<footer { bytes[offset] ^= 0xFF }
        try bytes.write(to: file)
        let result = try WeirProcess.Running(
            arguments + ["--data", scratch.data], in: scratch
        ).wait()
        #expect(result.status == 2, "\(arguments)")
        #expect(result.errors.contains("the answer is partial"), "\(result.errors)")
        #expect(result.lines.count == lines, "\(arguments): \(result.text)")
    }

    @Test(arguments: [
        ("--since", "2025-01-12", 20), ("--since", "2025-01-12 12:00:00", 20),
        ("--until", "now", 30),
        ("--until", "2025-01-12T12:00:00Z", 10), ("--until", "1h", 30), ("--since", "1h", 0),
        ("--since", "now-1h", 0),
    ])
    func timesOfOptions(option: String, value: String, lines: Int) throws {
        let scratch = try Scratch()
        try stored(scratch)
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "*", option, value, in: scratch)
        #expect(result.lines.count == lines, "\(result.errors)")
    }

    @Test(arguments: ["1h or *", "-1h", ">1h", "1h offset 1d", "yesterday", "2025-01-12 x y"])
    func whatIsNoTimeIsNoPartOfTheQuery(value: String) throws {
        let scratch = try Scratch()
        try stored(scratch)
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "*", "--since=\(value)", in: scratch)
        #expect(result.status == 2)
        #expect(result.errors.contains("--since takes an age"))
    }

    /// Runs `command` in a shell, where `weir` is the binary.
    private func shell(_ command: String, _ scratch: Scratch) throws -> (
        status: Int32, errors: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "weir() { \"$0\" \"$@\"; }; \(command)"]
        process.arguments?.append(WeirProcess.products.appendingPathComponent("weir").path)
        process.currentDirectoryURL = scratch.url
        let errors = Pipe()
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test func aClosedInputIsAnErrorAndNotForEver() throws {
        let scratch = try Scratch()
        let result = try shell("weir ingest --data d <&-", scratch)
        #expect(result.status == 2)
        #expect(result.errors.contains("standard input"))
    }

    @Test func aFullOutputIsAnError() throws {
        let scratch = try Scratch()
        try stored(scratch)
        for command in ["query '*'", "stats", "retention --dry-run", "--help"] {
            let result = try shell(
                "weir \(command) \(command == "--help" ? "" : "--data data") > /dev/full", scratch)
            #expect(result.status == 2, "\(command)")
            #expect(result.errors.contains("No space left on device"), "\(command)")
        }
    }
}
