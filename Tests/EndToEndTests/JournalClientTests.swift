import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What systemd's own tools send of a journal arrives as it was logged, once.
@Suite(.serialized, .enabled(if: TestJournal.isThere, ClientProgram.hint))
struct JournalClientTests {
    private static let count = 500
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    // MARK: systemd-journal-upload

    /// Runs the page's script with a listener's address; its exit status.
    private func upload(
        _ address: String, _ journal: TestJournal, state: String
    ) throws -> WeirProcess.Result {
        let script = Checkout.root.appending(
            path: "Tests/EndToEndTests/HTTPClients/journal-upload.sh")
        return try WeirProcess.Running(
            [script.path, address, journal.file, state], in: scratch, executable: "/bin/sh",
            environment: TestJournal.environment
        ).wait()
    }

    private func stored(_ query: String = "*") throws -> [String] {
        try WeirProcess.run(
            "query", "--data", scratch.data, query, "-o", "raw", "-n", "1000000", in: scratch
        ).lines.map(String.init)
    }

    @Test func uploadedEntriesAreThoseOfJournalctl() throws {
        let journal = try TestJournal(in: scratch, 0..<Self.count)
        let server = try HTTPListener(scratch)
        let state = scratch.fresh("state").path
        let first = try upload(server.address, journal, state: state)
        #expect(first.status == 0, "\(first.errors)")
        // An answer of success means that they are stored: they are there when the tool has ended.
        #expect(try stored().count == Self.count)
        _ = try server.end(fields: "_msg")

        let want = try journal.objects()
        let found = TestJournal.objects(try stored())
        #expect(want.count == Self.count)
        #expect(found.count == want.count)
        for (number, object) in want {
            let got = try #require(found[number], "entry \(number) is missing")
            #expect(got["MESSAGE"] as? String == TestJournal.message(number))
            // Where journalctl shows bytes, since there is an escape in it, weir keeps the text.
            let other = try #require(got.mutableCopy() as? NSMutableDictionary)
            other["MESSAGE"] = object["MESSAGE"]
            #expect(other == object, "\(got) is not \(object)")
        }
    }

    @Test func uploadedEntriesAreFoundByTimeLevelAndUnit() throws {
        let journal = try TestJournal(in: scratch, 0..<3)
        let server = try HTTPListener(scratch)
        #expect(
            try upload(server.address, journal, state: scratch.fresh("state").path).status == 0)
        _ = try server.end(fields: "_msg")
        let query = "_time:2025-01-18T12:00:00.001Z level:warn _SYSTEMD_UNIT:app.service second"
        let found = try stored(query)
        #expect(found.count == 1)
        #expect(found.first?.contains("\"N\":\"1\"") == true)
    }

    @Test func aRefusedUploadIsToldToTheTool() throws {
        let journal = try TestJournal(in: scratch, 0..<3)
        let made = try WeirProcess.run(
            "keys", "add", "uploader", "--scope", "ingest", "--data", scratch.data, in: scratch)
        #expect(made.status == 0)
        let server = try HTTPListener(scratch)
        let refused = try upload(
            server.address, journal, state: scratch.fresh("state").path)
        #expect(refused.status != 0)
        #expect(refused.errors.contains("401"), "\(refused.errors)")
        #expect(try server.end(fields: "_msg").isEmpty)
    }

    // MARK: journalctl

    /// Runs the block of the page, command by command, joined by a pipe; stops the first at the end.
    private func follow(
        _ heading: String, _ replacements: [String: String], _ body: (TestJournal) throws -> Void
    ) throws {
        let journal = try TestJournal(in: scratch, 0..<Self.count)
        var all = replacements
        all["journalctl "] = "journalctl -D '\(journal.folder)' "
        let block = try ClientPage().block(heading, all)
        let commands = block.split(separator: "|").map {
            "exec " + $0.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        try #require(commands.count == 2)
        let pipe = Pipe()
        let reader = try WeirProcess.Running(
            ["-c", commands[1]], in: scratch, executable: "/bin/sh",
            input: pipe.fileHandleForReading)
        let writer = try WeirProcess.Running(
            ["-c", commands[0]], in: scratch, executable: "/bin/sh",
            output: pipe.fileHandleForWriting)
        try pipe.fileHandleForWriting.close()
        try pipe.fileHandleForReading.close()
        defer {
            kill(writer.process.processIdentifier, SIGKILL)
            writer.process.waitUntilExit()
            reader.process.waitUntilExit()
        }
        try body(journal)
        kill(writer.process.processIdentifier, SIGKILL)
        let result = try reader.wait()
        #expect(result.status == 0, "\(heading): \(result.errors)")
    }

    /// Waits for the lines of both halves, the second of which is logged while it is followed.
    private func check(_ journal: TestJournal) throws {
        try waitForLines(Self.count)
        try journal.append(Self.count..<2 * Self.count)
        try waitForLines(2 * Self.count)
        let found = TestJournal.objects(try stored())
        let want = try journal.objects()
        #expect(want.count == 2 * Self.count)
        #expect(found == want)
    }

    private func waitForLines(_ count: Int) throws {
        for _ in 0..<600 {
            let said = try WeirProcess.run(
                "query", "--data", scratch.data, "-c", "*", in: scratch)
            if Int(said.text.trimmingCharacters(in: .whitespacesAndNewlines)) == count { return }
            usleep(100_000)
        }
        Issue.record("\(count) lines never came")
    }

    @Test func journalctlOverStandardInput() throws {
        let weir = WeirProcess.products.appendingPathComponent("weir").path
        try follow(
            "journalctl, standard input",
            ["weir ingest": "'\(weir)' ingest --data '\(scratch.data)'"], check)
    }

    @Test(.enabled(if: ClientProgram.all("nc"), ClientProgram.hint))
    func journalctlOverTCP() throws {
        let weir = try ListeningWeir(["--tcp", "127.0.0.1:0"], in: scratch)
        try follow("journalctl, TCP", ["5140": weir.port], check)
        _ = try weir.stop()
    }
}
