import Foundation
import TestSupport
import Testing

/// Dead letters, seen and decided on from the command line.
@Suite(.serialized) struct OutboxCommandTests {
    /// A receiver that is a program: it takes nothing before there is a file `open`.
    private func alertFile(_ scratch: Scratch) throws -> String {
        let folder = scratch.url.path
        let program = try scratch.write(
            "take",
            """
            #!/bin/sh
            test -e '\(folder)/open' || { echo 'not today' >&2; exit 64; }
            echo "$ALERT_NAME" >> '\(folder)/taken'

            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
        return try scratch.write(
            "alerts.yaml",
            """
            groups:
              - name: g
                rules:
                  - {alert: first, condition: 'count(event:one) > 0 over 1m'}
                  - {alert: second, condition: 'count(event:two) > 0 over 1m'}
            receivers:
              - name: team
                command_configs: [{command: ['\(program)'], send_resolved: false}]
            """)
    }

    private func alerts(
        _ scratch: Scratch, _ words: String...
    ) throws -> WeirProcess.Result {
        try WeirProcess.Running(
            ["alerts", words[0], "--data", scratch.data] + words.dropFirst(), in: scratch
        ).wait()
    }

    private func objects(_ text: Data) throws -> [[String: Any]] {
        try text.split(separator: 10).map {
            try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
        }
    }

    @Test func deadLettersAreListedSentAgainAndDiscarded() throws {
        let scratch = try Scratch()
        let file = try alertFile(scratch)
        let ingest = ["ingest", "--data", scratch.data, "--alerts", file, "-"]
        let lines = ["one", "two"].map {
            "{\"timestamp\":\"2026-01-05T10:00:00Z\",\"event\":\"\($0)\"}\n"
        }
        let first = try WeirProcess.run(
            ingest[0], ingest[1], ingest[2], ingest[3], ingest[4], "-", in: scratch,
            input: Data(lines.joined().utf8))
        #expect(first.status == 0, "\(first.errors)")

        let table = try alerts(scratch, "outbox")
        #expect(table.status == 0)
        #expect(table.lines.count == 3 && table.lines[0].hasPrefix("CHANNEL"))
        #expect(table.text.contains("not today"))
        #expect(table.errors.contains("0 waiting, 2 dead letters"))
        let dead = try objects(try alerts(scratch, "outbox", "--json").output)
        #expect(dead.map { $0["alerts"] as? [String] } == [["first"], ["second"]])
        for letter in dead {
            #expect(letter["channel"] as? String == "team/command")
            #expect(letter["kind"] as? String == "firing" && letter["state"] as? String == "dead")
            #expect(letter["attempts"] as? Int == 1)
            #expect((letter["last_error"] as? String)?.contains("64") == true)
            #expect(letter["given_up"] is String && letter["queued"] is String)
        }
        let other = try alerts(scratch, "outbox", "nobody/slack")
        #expect(other.status == 1 && other.output.isEmpty)
        #expect(other.errors.contains("queued for `nobody/slack`; there are `team/command`"))

        // What is not there is said at once.
        let absent = try alerts(scratch, "discard", "team/command", "77")
        #expect(absent.status == 2 && absent.errors.contains("there are 1, 2"))
        #expect(try alerts(scratch, "resend").errors.contains("either a channel or --all"))

        try Data().write(to: scratch.url.appendingPathComponent("open"))
        let input = Pipe()
        let running = try WeirProcess.Running(ingest, in: scratch, input: input)
        let resent = try alerts(scratch, "resend", "team/command", "2")
        #expect(resent.status == 0, "\(resent.errors)")
        let taken = scratch.url.appendingPathComponent("taken")
        try running.waitUntil("the letter is taken") {
            (try? String(contentsOf: taken, encoding: .utf8)) == "second\n"
        }
        // Nobody runs for this one: it waits for the next start, however short that is.
        try input.fileHandleForWriting.close()
        #expect(try running.wait().status == 0)
        let discarded = try alerts(scratch, "discard", "--all")
        #expect(discarded.errors.contains("the next one does it"), "\(discarded.errors)")
        #expect(try objects(try alerts(scratch, "outbox", "--json").output).count == 1)
        let last = try WeirProcess.run(
            ingest[0], ingest[1], ingest[2], ingest[3], ingest[4], "-", in: scratch)
        #expect(last.status == 0, "\(last.errors)")
        #expect(try alerts(scratch, "outbox").status == 1)
        #expect(try String(contentsOf: taken, encoding: .utf8) == "second\n")

        let audit = try WeirProcess.run(
            "query", "--data", scratch.data, "-o", "raw",
            "_class:audit event:in(dead_letters_resent, dead_letters_discarded)", in: scratch)
        #expect(audit.lines.count == 2 && audit.text.contains("dead letter 2 of team/command"))
    }

    /// Who gives a command that cannot be carried out hears of it, and why.
    @Test func aRefusedCommandIsNotCalledDone() throws {
        let scratch = try Scratch()
        let file = try alertFile(scratch)
        let input = Pipe()
        let running = try WeirProcess.Running(
            ["ingest", "--data", scratch.data, "--alerts", file, "-"], in: scratch, input: input)
        let store = scratch.url.appendingPathComponent("data/state").path
        try running.waitUntil("the store is there") {
            FileManager.default.fileExists(atPath: store)
        }
        let refused = try alerts(scratch, "ack", "nobody")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("not done: no alert `nobody` fires"), "\(refused.errors)")
        let done = try alerts(scratch, "silence", "service=api", "--comment", "a, \"b\"")
        #expect(done.status == 0 && done.errors.contains("done"), "\(done.errors)")
        try input.fileHandleForWriting.close()
        #expect(try running.wait().status == 0)
    }

    /// `weir check` reads what waits for receivers and for the next start, too.
    @Test func aCheckReadsOutboxesCommandsAndSnapshots() throws {
        let scratch = try Scratch()
        let file = try alertFile(scratch)
        let line = "{\"timestamp\":\"2026-01-05T10:00:00Z\",\"event\":\"one\"}\n"
        _ = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--alerts", file, "-", in: scratch,
            input: Data(line.utf8))
        _ = try alerts(scratch, "ack", "first")
        func check(_ options: String...) throws -> WeirProcess.Result {
            try WeirProcess.Running(["check", "--data", scratch.data] + options, in: scratch)
                .wait()
        }
        let clean = try check()
        #expect(clean.status == 0, "\(clean.text)")
        #expect(
            clean.text.hasPrefix(
                "state: 2 snapshots, 1 outbox (0 notifications waiting, 1 dead letter), "
                    + "1 command waiting\n"), "\(clean.text)")

        let state = URL(filePath: scratch.data).appendingPathComponent("state")
        func only(_ folder: String) throws -> URL {
            try #require(
                try FileManager.default.contentsOfDirectory(
                    at: state.appendingPathComponent(folder), includingPropertiesForKeys: nil
                ).first)
        }
        let outbox = try only("outbox")
        let command = try only("commands")
        for (file, offset, what) in [
            (outbox, 40, "notifications there are lost"), (command, 5, "give the command again"),
            (state.appendingPathComponent("alerts"), 30, "alerts, silences and acknowledgements"),
            (state.appendingPathComponent("stream"), 30, "metrics and the windows of rules"),
        ] {
            let bytes = try Data(contentsOf: file)
            var damaged = bytes
            damaged[offset] ^= 4
            try damaged.write(to: file)
            let found = try check()
            #expect(found.status == 1 && found.text.contains("1 damaged, 0 foreign"))
            #expect(found.text.contains("DAMAGED \(file.path), byte "), "\(found.text)")
            #expect(found.text.contains(what), "\(found.text)")
            try bytes.write(to: file)
        }
        // A repair takes what nobody can use out of the way; of an outbox the next start keeps what it can.
        try Data("nothing".utf8).write(to: command)
        #expect(try check("--repair").status == 0)
        #expect(FileManager.default.fileExists(atPath: command.path + ".damaged"))
        #expect(try check().status == 0)
    }
}
