import Foundation
import TestSupport
import Testing

/// `weir retention`, and what `weir ingest` says of it.
@Suite(.serialized) struct RetentionTests {
    private func stamp(daysAgo days: Double) -> String {
        let formatter = ISO8601DateFormatter()
        return formatter.string(from: Date(timeIntervalSinceNow: -days * 86_400))
    }

    /// Lines of production of 1 and 20 days ago, of debug of 40 days ago, and one of next month.
    private func stored(_ scratch: Scratch, _ options: String...) throws -> WeirProcess.Result {
        let lines = [
            "{\"timestamp\":\"\(stamp(daysAgo: 1))\",\"level\":\"INFO\",\"id\":\"one\"}",
            "{\"timestamp\":\"\(stamp(daysAgo: 20))\",\"level\":\"INFO\",\"id\":\"twenty\"}",
            "{\"timestamp\":\"\(stamp(daysAgo: 40))\",\"level\":\"DEBUG\",\"id\":\"forty\"}",
            "{\"timestamp\":\"\(stamp(daysAgo: -30))\",\"level\":\"INFO\",\"id\":\"future\"}",
        ]
        let file = scratch.fresh("stdin")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        return try WeirProcess.Running(
            ["ingest", "--data", scratch.data] + options, in: scratch,
            input: try FileHandle(forReadingFrom: file)
        ).wait()
    }

    private func retention(_ scratch: Scratch, _ options: String...) throws -> WeirProcess.Result {
        try WeirProcess.Running(["retention", "--data", scratch.data] + options, in: scratch).wait()
    }

    private func ids(_ scratch: Scratch) throws -> [String] {
        let result = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        return ["one", "twenty", "forty", "future"].filter { result.text.contains("\"\($0)\"") }
    }

    @Test func aDryRunShowsEachPartitionAndDeletesNothing() throws {
        let scratch = try Scratch()
        #expect(try stored(scratch).status == 0)
        let table = try retention(scratch, "--dry-run")
        #expect(table.status == 0 && table.errors.isEmpty)
        #expect(table.lines.first?.contains("newest line") == true)
        #expect(table.lines.contains { $0.hasPrefix("debug") && $0.contains("expired since") })
        #expect(table.lines.count { $0.hasPrefix("production") && $0.contains("kept until") } == 3)
        #expect(table.lines.count { $0.contains("-skewed") } == 1)
        #expect(table.lines.last?.hasPrefix("1 of 4 partitions have expired") == true)

        let json = try retention(scratch, "--dry-run", "-o", "json")
        let rows = try json.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(rows.count == 4)
        let debug = try #require(rows.first { $0["class"] as? String == "debug" })
        #expect(debug["verdict"] as? String == "expired")
        #expect(debug["goes"] as? String == "expired")
        #expect(debug["lines"] as? Int == 1)
        #expect((debug["day"] as? String).map { stamp(daysAgo: 40).hasPrefix($0) } == true)
        #expect(rows.count { $0["skewed"] as? Bool == true } == 1)
        #expect(rows.count { $0["verdict"] as? String == "kept" && $0["until"] != nil } == 3)
        #expect(try ids(scratch) == ["one", "twenty", "forty", "future"])
    }

    @Test func whatHasExpiredGoesAndIsSaid() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let result = try retention(scratch)
        #expect(result.status == 0)
        #expect(result.errors.contains("weir: deleted class debug, "))
        #expect(result.errors.contains("its newest line is older than 7 days"))
        #expect(result.errors.contains("weir: deleted 1 partitions, "))
        #expect(try ids(scratch) == ["one", "twenty", "future"])
        #expect(try retention(scratch).errors.isEmpty)
    }

    @Test func aChangedFileSaysWhatItIsGoingToDelete() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let file = try scratch.write("short.conf", "debug 7 days level:DEBUG\nall 10 days *\n")
        let shorter = try scratch.write(
            "shorter.conf", "debug 7 days level:DEBUG\nproduction 10 days *\n")
        let dry = try retention(scratch, "--dry-run", "--retention", shorter)
        #expect(dry.lines.count { $0.contains("(NEW: until now kept until ") } == 1)
        #expect(dry.text.contains("\n1 of them, "))
        let started = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--retention", shorter, in: scratch)
        #expect(started.status == 0)
        #expect(
            started.errors.contains(
                "kept for 10 days now, not 30 days, and WILL BE DELETED, the first at "))
        #expect(started.errors.contains("stop weir before then"))
        // Once it is in use, nothing is new in it.
        let again = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--retention", shorter, in: scratch)
        #expect(!again.errors.contains("WILL BE DELETED"))
        let gone = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--retention", file, in: scratch)
        #expect(gone.errors.contains("the new retention.conf has no such class; they stay"))
        #expect(try ids(scratch) == ["one", "twenty", "forty", "future"])
    }

    @Test func aClockFarAheadDeletesNothingUntilItIsConfirmed() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        // The last writer was seen in 2020, for all that is known; its file as weir writes it.
        try FileManager.default.removeItem(atPath: scratch.data + "/state/clock")
        let text = "1600000000000000000\n"
        let sum = String(checksum(Array(text.utf8)), radix: 16)
        let sealed =
            text + "# crc32c " + String(repeating: "0", count: 8 - sum.count) + sum + "\n"
        try Data(sealed.utf8).write(to: URL(fileURLWithPath: scratch.data + "/state/clock"))
        let refused = try retention(scratch)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("nothing is deleted: the clock ("))
        #expect(refused.errors.contains("run `weir retention --confirm-clock`"))
        #expect(try ids(scratch).contains("forty"))
        let dry = try retention(scratch, "--dry-run", "--confirm-clock")
        #expect(dry.status == 0 && dry.text.contains("expired since"))
        #expect(try retention(scratch).status == 2)
        #expect(try retention(scratch, "--confirm-clock").status == 0)
        #expect(try !ids(scratch).contains("forty"))
        #expect(try retention(scratch).status == 0)
    }

    /// CRC-32C, bit by bit.
    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = (sum >> 1) ^ (sum & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~sum
    }

    @Test func aLimitTakesTheOldestDaysOfTheLeastProtectedClass() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let dry = try retention(scratch, "--dry-run", "--max-disk", "600B")
        #expect(dry.lines.count { $0.contains("goes: --max-disk") } >= 1)
        #expect(try ids(scratch).count == 4)
        let result = try retention(scratch, "--max-disk", "600B")
        #expect(result.status == 0)
        #expect(result.errors.contains("and --max-disk allows 600 B"))
        #expect(try !ids(scratch).contains("twenty"))
        for size in ["20", "many", "0GB", "-1GB"] {
            let wrong = try retention(scratch, "--max-disk=\(size)")
            #expect(wrong.status == 2)
            #expect(
                wrong.errors.contains(
                    "--max-disk takes a size, not `\(size)`; write e.g. 500MB, 20GB, 1TB or 512MiB")
            )
        }
    }

    @Test func besideAnIngesterNothingIsDeletedByHand() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let pipe = Pipe()
        let running = try WeirProcess.Running(
            ["ingest", "--data", scratch.data, "-q", "--commit-interval", "1"], in: scratch,
            input: pipe)
        pipe.fileHandleForWriting.write(Data("{\"id\":\"now\"}\n".utf8))
        try running.waitUntil("the line is stored") {
            try WeirProcess.run("query", "--data", scratch.data, "id:now", in: scratch).status == 0
        }
        let refused = try retention(scratch)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("in use by another weir"))
        let confirmed = try retention(scratch, "--confirm-clock")
        #expect(confirmed.status == 0)
        #expect(confirmed.errors.contains("the clock is confirmed; the ingester that runs here"))
        try pipe.fileHandleForWriting.close()
        #expect(try running.wait().status == 0)
        #expect(try ids(scratch).contains("forty"))
    }
}
