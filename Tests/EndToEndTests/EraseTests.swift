import Foundation
import TestSupport
import Testing

/// `weir erase`, as somebody uses it who was asked to forget a user.
@Suite(.serialized) struct EraseTests {
    private func line(_ number: Int) -> String {
        let level = number % 7 == 0 ? "DEBUG" : "INFO"
        let user = number % 5 == 0 ? "user_456" : "user_\(number)"
        return
            "{\"timestamp\":\"2025-01-1\(1 + number % 3)T12:00:00Z\",\"level\":\"\(level)\",\"user_id\":\"\(user)\",\"n\":\(number)}"
    }

    private var lines: [String] { (0..<210).map(line) }

    private func stored(_ scratch: Scratch) throws {
        let input = Data(lines.map { $0 + "\n" }.joined().utf8)
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
    }

    private func weir(_ scratch: Scratch, _ arguments: String...) throws -> WeirProcess.Result {
        let command = [arguments[0], "--data", scratch.data] + arguments.dropFirst()
        return try WeirProcess.Running(command, in: scratch).wait()
    }

    private func isVictim(_ line: String) -> Bool { line.contains("user_456") }

    @Test func aUserIsForgotten() throws {
        let scratch = try Scratch()
        try stored(scratch)
        let filter = "user_id:=\"user_456\""
        let classes = ["--class", "production", "--class", "debug"]
        let dry = try weir(scratch, "erase", classes[0], classes[1], "--dry-run", filter)
        #expect(dry.status == 0)
        #expect(dry.lines.first == "class       day         lines to erase")
        #expect(dry.lines.count == 4 && dry.text.contains("production  2025-01-12"))

        // Nobody can be asked here.
        let unasked = try weir(scratch, "erase", classes[0], classes[1], filter)
        #expect(unasked.status == 2 && unasked.errors.contains("say --yes to erase"))
        #expect(try weir(scratch, "export").lines.map(String.init) == lines)

        let erased = try weir(
            scratch, "erase", classes[0], classes[1], classes[2], classes[3], "--yes", filter)
        #expect(erased.status == 0, "\(erased.errors)")
        #expect(erased.output.isEmpty)
        #expect(erased.errors.contains("weir: 42 lines, "), "\(erased.errors)")
        #expect(erased.errors.contains("6 segments changed"))
        #expect(
            try weir(scratch, "export").lines.map(String.init) == lines.filter { !isVictim($0) })
        #expect(try weir(scratch, "query", filter).status == 1)
        #expect(try weir(scratch, "check").status == 0)

        let again = try weir(scratch, "erase", classes[0], classes[1], "--yes", filter)
        #expect(again.status == 1 && again.errors == "weir: no line matches\n")
    }

    @Test func theRecordIsFoundByTheDigest() throws {
        let scratch = try Scratch()
        try stored(scratch)
        _ = try weir(scratch, "erase", "--class", "debug", "--yes", "user_id:=user_456")
        let records = try weir(scratch, "query", "_class:weir-audit")
        #expect(records.lines.count == 2 && !records.text.contains("user_456"))
        // `printf %s user_456 | sha256sum`
        let digest =
            "961cf164240ff1af2c14f14f7e8b8943ead0b788acc28f5b0495a97b563ddf25"
        let found = try weir(
            scratch, "query", "_class:weir-audit event:erase_finished lines:6 filter:~\"\(digest)\""
        )
        #expect(found.lines.count == 1, "\(records.text)")
        #expect(found.text.contains("\"tool\":\"weir 0.1.0\""))
        #expect(!(try weir(scratch, "query", "*")).text.contains("weir.audit"))
        let refused = try weir(scratch, "erase", "--class", "weir-audit", "--yes", "*")
        #expect(refused.status == 2 && refused.errors.contains("is not erased itself"))
    }

    @Test func everythingIsErasedOnlyWithYes() throws {
        let scratch = try Scratch()
        try stored(scratch)
        let refused = try weir(scratch, "erase", "--class", "debug", "*")
        #expect(refused.status == 2)
        #expect(
            refused.errors.contains("`*` is every line: 30 lines. Say --yes"), "\(refused.errors)")
        let some = try weir(
            scratch, "erase", "--class", "debug", "--until", "2025-01-12", "--yes", "*")
        #expect(some.status == 0)
        let all = try weir(scratch, "erase", "--class", "debug", "--yes", "*")
        #expect(all.status == 0)
        #expect(
            try weir(scratch, "export").lines.map(String.init)
                == lines.filter { !$0.contains("DEBUG") })
        #expect(try weir(scratch, "check").status == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.data + "/segments/debug")
                .isEmpty)
    }

    @Test func aRunningIngesterKeepsItsLines() throws {
        let scratch = try Scratch()
        let input = Pipe()
        let writer = try WeirProcess.Running(
            ["ingest", "--data", scratch.data], in: scratch, input: input)
        try input.fileHandleForWriting.write(
            contentsOf: Data(lines.map { $0 + "\n" }.joined().utf8))
        // A count takes no lock, and sees what is in the journal.
        try writer.waitUntil("the lines are in the journal") {
            try weir(scratch, "erase", "--class", "debug", "--dry-run", "user_id:*").text
                .split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.reduce(0, +) == 30
        }
        let refused = try weir(scratch, "erase", "--class", "debug", "--yes", "user_id:*")
        #expect(refused.status == 2 && refused.errors.contains("is in use by another weir"))
        try input.fileHandleForWriting.close()
        #expect(try writer.wait().status == 0)
        #expect(try weir(scratch, "export").lines.map(String.init) == lines)
    }

    @Test func aDamagedSegmentIsNotTouched() throws {
        let scratch = try Scratch()
        try stored(scratch)
        let folder = URL(fileURLWithPath: scratch.data + "/segments/debug/2025-01-12")
        let file = try #require(
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .first)
        var bytes = try Data(contentsOf: file)
        bytes[20] ^= 0x10
        try bytes.write(to: file)
        let result = try weir(scratch, "erase", "--class", "debug", "--yes", "user_id:=user_456")
        #expect(result.status == 2)
        #expect(result.errors.contains(file.lastPathComponent))
        #expect(result.errors.contains("weir check --repair"))
        #expect(result.errors.contains("matching lines may be left"))
        #expect(try Data(contentsOf: file) == bytes)
        let dry = try weir(scratch, "erase", "--class", "debug", "--dry-run", "user_id:=user_456")
        #expect(dry.status == 2)
    }

    @Test func whatIsNoErasure() throws {
        let scratch = try Scratch()
        try stored(scratch)
        func f(_ arguments: [String], _ want: String) throws {
            let running = try WeirProcess.Running(
                ["erase", "--data", scratch.data] + arguments, in: scratch)
            let result = try running.wait()
            #expect(result.status == 2, "\(arguments)")
            #expect(result.errors.contains(want), "\(result.errors)")
        }
        try f(["--yes", "x:y"], "say in which classes")
        try f(["--class", "debug", "--yes"], "Missing expected argument '<filter>'")
        try f(["--class", "prodution", "--yes", "x:y"], "there is no class `prodution`")
        try f(["--class", "prodution", "--dry-run", "x:y"], "there is no class `prodution`")
        try f(["--class", "debug", "--yes", "x:y | limit 1"], "it has no pipes")
        try f(["--class", "debug", "--yes", "x:("], "^")
        try f(["--class", "debug", "--since", "tomorrow", "--yes", "x:y"], "--since takes")
        let nowhere = try WeirProcess.run(
            "erase", "--data", "nowhere", "--class", "debug", "--yes", "x:y", in: scratch)
        #expect(nowhere.status == 2 && nowhere.errors.contains("there is no data directory"))
        #expect(!FileManager.default.fileExists(atPath: scratch.url.path + "/nowhere"))
        #expect(try weir(scratch, "export").lines.map(String.init) == lines)
    }
}
