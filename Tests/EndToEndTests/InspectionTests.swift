import Foundation
import TestSupport
import Testing

/// `weir stats`, `weir check` and `weir export`, as somebody runs a store by them.
@Suite(.serialized) struct InspectionTests {
    private func line(_ number: Int) -> String {
        let level = number % 7 == 0 ? "DEBUG" : "INFO"
        return
            "{\"timestamp\":\"2025-01-1\(1 + number % 3)T12:00:00Z\",\"level\":\"\(level)\",\"n\":\(number)}\n"
    }

    /// A store of lines of two classes and three days that come mixed, joined ones among them.
    private func stored(_ scratch: Scratch) throws -> Data {
        var text = (0..<300).map(line).joined()
        text +=
            "2025-01-18T12:00:00Z stdout P {\"level\":\"ER\n2025-01-18T12:00:00Z stdout F ROR\"}\n"
        text += "no JSON, \u{7}\n\n"
        let input = Data(text.utf8)
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
        return input
    }

    private func segment(_ scratch: Scratch, _ partition: String) throws -> URL {
        let folder = URL(fileURLWithPath: scratch.data)
            .appendingPathComponent("segments/\(partition)")
        return try #require(
            try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil
            ).first)
    }

    private func flip(_ file: URL, _ offset: Int) throws {
        var bytes = try Data(contentsOf: file)
        bytes[offset] ^= 0x10
        try bytes.write(to: file)
    }

    // MARK: export

    @Test func whatWasExportedGoesInAgainAndComesOutTheSame() throws {
        let scratch = try Scratch()
        let input = try stored(scratch)
        let first = try WeirProcess.run("export", "--data", scratch.data, in: scratch)
        #expect(first.status == 0)
        #expect(first.output == input)
        let other = scratch.data + "-2"
        _ = try WeirProcess.run("ingest", "--data", other, in: scratch, input: first.output)
        let second = try WeirProcess.run("export", "--data", other, in: scratch)
        #expect(second.output == input)

        let file = scratch.fresh("export").path
        let third = try WeirProcess.run("export", "--data", other, "-o", file, in: scratch)
        #expect(third.status == 0 && third.output.isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == input)
        let folder = try WeirProcess.run(
            "export", "--data", other, "-o", scratch.url.path, in: scratch)
        #expect(folder.status == 2)
        #expect(folder.errors.contains("takes a file"))
    }

    @Test func anExportByClassAndTime() throws {
        let scratch = try Scratch()
        let input = try stored(scratch)
        let lines = input.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
        func export(_ options: String...) throws -> WeirProcess.Result {
            let running = try WeirProcess.Running(
                ["export", "--data", scratch.data] + options, in: scratch)
            return try running.wait()
        }
        #expect(
            try export("--class", "debug").lines.map(String.init)
                == lines.filter { $0.contains("DEBUG") })
        #expect(
            try export("--since", "2025-01-12", "--until", "2025-01-13").lines.map(String.init)
                == lines.filter { $0.contains("2025-01-12T") })
        let nothing = try export("--class", "nothing")
        #expect(nothing.status == 2 && nothing.output.isEmpty)
        #expect(nothing.errors.contains("there is no class `nothing`; there are"))
        #expect(try export("--class", "audit").status == 1)
        let wrong = try export("--since", "yesterday")
        #expect(wrong.status == 2 && wrong.errors.contains("--since takes an age"))
        let nowhere = try WeirProcess.run("export", "--data", "nowhere", in: scratch)
        #expect(nowhere.status == 2 && nowhere.errors.contains("there is no data directory"))
    }

    /// A backup that is there is not given up for one that is empty, or has a part only.
    @Test func anExportLeavesTheFileWhereItHasNothingWholeForIt() throws {
        let scratch = try Scratch()
        let input = try stored(scratch)
        let file = scratch.fresh("backup")
        let part = URL(fileURLWithPath: file.path + ".part")
        func export(_ options: String...) throws -> WeirProcess.Result {
            try WeirProcess.Running(
                ["export", "--data", scratch.data, "-o", file.path] + options, in: scratch
            ).wait()
        }
        #expect(try export().status == 0)
        #expect(try export("--class", "adit").errors.contains("there is no class `adit`"))
        let empty = try export("--class", "audit")
        #expect(empty.status == 1 && empty.errors.contains("nothing found"))
        #expect(try Data(contentsOf: file) == input)

        let damaged = try segment(scratch, "debug/2025-01-11")
        try flip(damaged, 40)
        try Data("mine".utf8).write(to: part)
        let rest = try export()
        #expect(rest.status == 2 && rest.errors.contains("lines are exported to \(part.path)2"))
        #expect(try Data(contentsOf: file) == input)
        #expect(try Data(contentsOf: part) == Data("mine".utf8))
        let saved = try Data(contentsOf: URL(fileURLWithPath: part.path + "2"))
        #expect(!saved.isEmpty && saved.count < input.count)
    }

    @Test func compactionSaysWhatHinderedItAndWhatWaits() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let damaged = try segment(scratch, "debug/2025-01-11")
        try flip(damaged, 40)
        let result = try WeirProcess.run("compact", "--data", scratch.data, in: scratch)
        #expect(result.status == 2)
        #expect(result.errors.contains("weir: debug 2025-01-11: \(damaged.path), byte "))
        #expect(!result.errors.contains("ScanFault"))

        let live = scratch.data + "-live"
        let pipe = Pipe()
        let running = try WeirProcess.Running(
            ["ingest", "--data", live], in: scratch, input: pipe)
        try pipe.fileHandleForWriting.write(contentsOf: Data((0..<50).map(line).joined().utf8))
        try running.waitUntil("lines in the journal") {
            try stats(live, scratch).contains("50 lines in the journal")
        }
        kill(running.process.processIdentifier, SIGKILL)
        _ = try running.wait()
        let waiting = try WeirProcess.run("compact", "--data", live, in: scratch)
        #expect(waiting.errors.contains("50 lines wait in the journal"))
    }

    @Test func theLimitOfTheDiskHoldsAtTheStartAndAtTheEnd() throws {
        let scratch = try Scratch()
        func ingest(_ input: String, limit: String) throws -> WeirProcess.Result {
            try WeirProcess.run(
                "ingest", "--data", scratch.data, "--max-disk", limit, in: scratch,
                input: Data(input.utf8))
        }
        let lines = (0..<6_000).map(line).joined()
        #expect(try ingest(lines, limit: "100MB").status == 0)
        let before = try stats(scratch.data, scratch)
        #expect(before.contains("2025-01-11") && before.contains("2025-01-13"))
        // Nothing is sealed, and the limit is a new one.
        let second = try ingest("", limit: "1KB")
        #expect(second.errors.contains("--max-disk allows 1"))
        #expect(second.errors.contains("deleted class debug, 2025-01-11"))
        #expect(try !stats(scratch.data, scratch).contains("2025-01-11"))
        // What is sealed at the end counts, too.
        #expect(try ingest(lines, limit: "1KB").status == 0)
        #expect(try !stats(scratch.data, scratch).contains("2025-01-11"))
    }

    private func stats(_ directory: String, _ scratch: Scratch) throws -> String {
        let result = try WeirProcess.run("stats", "--data", directory, in: scratch)
        return String(decoding: result.output, as: UTF8.self)
    }

    @Test func alertsAreExportedWhenTheyAreNamed() throws {
        let scratch = try Scratch()
        let house = try sampleLog("house")
        _ = try WeirProcess.run("ingest", "--data", scratch.data, in: scratch, input: house)
        let lines = try WeirProcess.run("export", "--data", scratch.data, in: scratch)
        #expect(lines.output == house)
        let alerts = try WeirProcess.run(
            "export", "--data", scratch.data, "--class", "alerts", in: scratch)
        #expect(alerts.lines.count > 10)
        #expect(alerts.lines.allSatisfy { $0.contains("\"alert\":") })
    }

    @Test func aDamagedExportIsPartialAndSaysSo() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let file = try segment(scratch, "debug/2025-01-12")
        try flip(file, 20)
        let result = try WeirProcess.run("export", "--data", scratch.data, in: scratch)
        #expect(result.status == 2)
        #expect(result.errors.contains(file.lastPathComponent))
        #expect(result.lines.count > 200)
        #expect(!result.text.contains("\"2025-01-12T12:00:00Z\",\"level\":\"DEBUG\""))
    }

    // MARK: check

    @Test func checkFindsTheDamageAndRepairTakesItAway() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let clean = try WeirProcess.run("check", "--data", scratch.data, in: scratch)
        #expect(clean.status == 0)
        #expect(clean.lines.count == 2)
        #expect(clean.text.hasPrefix("state: 1 snapshot, 1 outbox (0 notifications waiting, "))
        #expect(clean.text.contains("303 lines"), "\(clean.text)")
        #expect(clean.text.hasSuffix(": clean\n"))

        let file = try segment(scratch, "debug/2025-01-12")
        try flip(file, 20)
        let foreign = try scratch.write("data/notes", "x")
        let damaged = try WeirProcess.run("check", "--data", scratch.data, in: scratch)
        #expect(damaged.status == 1)
        #expect(damaged.text.contains("DAMAGED \(file.path), byte 16\n"), "\(damaged.text)")
        #expect(damaged.text.contains("lost: 14 lines of class debug"), "\(damaged.text)")
        #expect(damaged.text.contains("FOREIGN \(foreign)\n"))
        #expect(damaged.text.contains("1 damaged, 1 foreign"))

        let repaired = try WeirProcess.run("check", "--repair", "--data", scratch.data, in: scratch)
        #expect(repaired.status == 0, "\(repaired.text)")
        #expect(repaired.text.contains("\(file.path).damaged"))
        #expect(repaired.text.contains("lost for good"))
        let after = try WeirProcess.run("check", "--data", scratch.data, in: scratch)
        #expect(after.status == 0, "\(after.text)")
        let export = try WeirProcess.run("export", "--data", scratch.data, in: scratch)
        #expect(export.status == 0)
    }

    @Test func checkRunsBesideAWriterAndRepairDoesNot() throws {
        let scratch = try Scratch()
        let input = Pipe()
        let writer = try WeirProcess.Running(
            ["ingest", "--data", scratch.data], in: scratch, input: input)
        try input.fileHandleForWriting.write(contentsOf: Data((0..<50).map(line).joined().utf8))
        try writer.waitUntil("the lines are in the journal") {
            let result = try WeirProcess.run("check", "--data", scratch.data, in: scratch)
            // Before the writer has made its directory there is nothing to check.
            #expect(result.status == 0 || result.errors.contains("there is no data directory"))
            return result.text.contains(" 50 lines ")
        }
        let repair = try WeirProcess.run("check", "--repair", "--data", scratch.data, in: scratch)
        #expect(repair.status == 2)
        #expect(repair.errors.contains("is in use by another weir"))
        try input.fileHandleForWriting.close()
        #expect(try writer.wait().status == 0)
        #expect(try WeirProcess.run("check", "--data", scratch.data, in: scratch).status == 0)
    }

    @Test func whatCannotBeCheckedIsAnError() throws {
        let scratch = try Scratch()
        for arguments in [["check"], ["check", "--repair"]] {
            let running = try WeirProcess.Running(
                arguments + ["--data", scratch.url.path], in: scratch)
            let result = try running.wait()
            #expect(result.status == 2)
            #expect(result.errors.contains("there is no data directory"))
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.url.path + "/LOCK"))
    }

    // MARK: stats

    private func objects(_ result: WeirProcess.Result) throws -> [[String: Any]] {
        try result.lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any])
        }
    }

    @Test func statisticsAddUpToTheFiles() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        var bytes = 0
        let segments = URL(fileURLWithPath: scratch.data + "/segments")
        let files = FileManager.default.enumerator(
            at: segments, includingPropertiesForKeys: [.fileSizeKey])
        while let file = files?.nextObject() as? URL {
            let values = try file.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
            if values.isRegularFile == true { bytes += values.fileSize ?? 0 }
        }
        func sum(_ key: String, _ options: String...) throws -> Int {
            let running = try WeirProcess.Running(
                ["stats", "--data", scratch.data, "-o", "json"] + options, in: scratch)
            return try objects(try running.wait()).reduce(0) { $0 + ($1[key] as? Int ?? 0) }
        }
        #expect(try sum("stored_bytes") == bytes)
        #expect(try sum("stored_bytes", "--segments") == bytes)
        #expect(try sum("stored_bytes", "--columns") == bytes)
        #expect(try sum("lines") == 303)
        let debug = try sum("lines", "--class", "debug")
        #expect(debug == 43)
        #expect(try sum("lines", "--segments", "--class", "debug") == debug)

        let columns = try WeirProcess.run(
            "stats", "--data", scratch.data, "--columns", in: scratch)
        for part in ["n  ", "(footers)", "(times)", "(sequence numbers)", "(shapes)", "(all)"] {
            #expect(columns.lines.contains { $0.hasPrefix(part) }, "\(part) in \(columns.text)")
        }
        #expect(columns.lines.contains { $0.hasPrefix("level") && $0.contains("constant") })
        let rows = try WeirProcess.run("stats", "--data", scratch.data, "--segments", in: scratch)
        #expect(rows.lines.filter { $0.hasPrefix("debug") && $0.contains("none") }.count == 3)
    }

    @Test func wrongStatisticsAreRefused() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let both = try WeirProcess.run(
            "stats", "--data", scratch.data, "--columns", "--segments", in: scratch)
        #expect(both.status == 2 && both.errors.contains("ask for one"))
        let format = try WeirProcess.run("stats", "--data", scratch.data, "-o", "xml", in: scratch)
        #expect(format.status == 2 && format.errors.contains("there are table, json"))
        let file = try segment(scratch, "debug/2025-01-12")
        try flip(file, try Data(contentsOf: file).count - 3)
        for option in ["--columns", "--segments"] {
            let result = try WeirProcess.run("stats", "--data", scratch.data, option, in: scratch)
            #expect(result.status == 2)
            #expect(result.errors.contains(file.lastPathComponent))
            #expect(!result.output.isEmpty)
        }
    }
}
