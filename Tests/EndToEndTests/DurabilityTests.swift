import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Crashes, full disks and live reading, by the real binary.
@Suite(.serialized) struct DurabilityTests {
    private func numbered(_ range: Range<Int>) -> Data {
        Data(
            range.map {
                "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"n\":\($0),\"message\":\"line \($0)\"}\n"
            }.joined().utf8)
    }

    /// The numbers of all stored lines.
    private func stored(_ scratch: Scratch) throws -> [Int] {
        guard FileManager.default.fileExists(atPath: scratch.data + "/journal") else { return [] }
        let result = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        #expect(result.status <= 1, "\(result.errors)")
        return try result.lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require((object as? [String: Any])?["n"] as? Int)
        }
    }

    @Test func killedAtAnyTimeItLosesNothingThatWasSeenAndDoublesNothing() throws {
        let scratch = try Scratch()
        var next = 0
        var seen = Set<Int>()
        for cycle in 0..<12 {
            let pipe = Pipe()
            let running = try WeirProcess.Running(
                ["ingest", "--data", scratch.data, "-q"], in: scratch, input: pipe)
            let writer = pipe.fileHandleForWriting
            for _ in 0...(cycle % 4) {
                try writer.write(contentsOf: numbered(next..<next + 400))
                next += 400
            }
            // Some cycles die with lines on the way, some after they were seen.
            if cycle % 2 == 0 {
                let wanted = next
                try running.waitUntil("the last line is visible") {
                    try stored(scratch).contains(wanted - 1)
                }
                seen.formUnion(try stored(scratch))
            }
            kill(running.process.processIdentifier, SIGKILL)
            try writer.close()
            _ = try running.wait()
            let now = try stored(scratch)
            #expect(Set(now).count == now.count, "a line is there twice")
            #expect(seen.isSubset(of: now), "a line that was seen is gone")
            seen = Set(now)
        }
        let last = try WeirProcess.run("ingest", "--data", scratch.data, in: scratch)
        #expect(last.status == 0)
        #expect(try stored(scratch).sorted() == seen.sorted())
        #expect(seen.count >= 4_000)
    }

    @Test(arguments: [[SIGINT], [SIGTERM], [SIGTERM, SIGHUP]])
    func linesAreSeenWhileTheIngesterRunsAndSignalsDrain(signals: [Int32]) throws {
        let scratch = try Scratch()
        let pipe = Pipe()
        let running = try WeirProcess.Running(
            ["ingest", "--data", scratch.data], in: scratch, input: pipe)
        try pipe.fileHandleForWriting.write(contentsOf: numbered(0..<10))
        try running.waitUntil("ten lines are visible") { try stored(scratch).count == 10 }
        try pipe.fileHandleForWriting.write(contentsOf: numbered(10..<20) + Data("{\"n\":20}".utf8))
        try running.waitUntil("ten more lines are visible") { try stored(scratch).count == 20 }
        // A mask that the test's own threads have must not be what saves the lines: weir sets its own.
        for signal in signals { kill(running.process.processIdentifier, signal) }
        let result = try running.wait()
        #expect(result.status == 0)
        #expect(result.errors.contains("read: 21 lines"))
        #expect(try stored(scratch).sorted() == Array(0...20))
        let journals = try FileManager.default.contentsOfDirectory(
            atPath: scratch.data + "/journal")
        #expect(journals.isEmpty)
        try pipe.fileHandleForWriting.close()
    }

    @Test func aFullDiskStopsOrWaitsAndLosesNothingThatWasStored() throws {
        let scratch = try Scratch()
        guard let disk = SmallDisk(at: scratch.url.appendingPathComponent("disk"), megabytes: 4)
        else {
            print("SKIPPED: a full disk needs the right to mount a tmpfs")
            return
        }
        let data = disk.url.path + "/data"
        // Random text does not compress: 12 MB are too much for 4 MB.
        var lines: [Data] = []
        for number in 0..<60_000 {
            let noise = (0..<8).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }
            lines.append(Data("{\"n\":\(number),\"x\":\"\(noise.joined())\"}".utf8))
        }
        let input = lines.reduce(into: Data()) { $0 += $1 + [10] }

        let stopped = try WeirProcess.run(
            "ingest", "--data", data, "--full-disk", "stop", in: scratch, input: input)
        #expect(stopped.status == 2)
        #expect(stopped.errors.contains("No space left on device"))
        #expect(stopped.errors.contains("are NOT stored"))
        let kept = try WeirProcess.run("query", "--data", data, "*", in: scratch)
        #expect(kept.status == 0)
        let found = sortedLines(kept.output)
        #expect(found.count > 1_000)
        #expect(Set(found).isSubset(of: Set(lines)) && Set(found).count == found.count)

        let fresh = disk.url.path + "/fresh"
        try FileManager.default.removeItem(atPath: data)
        let file = scratch.url.appendingPathComponent("input")
        try input.write(to: file)
        let waiting = try WeirProcess.Running(
            ["ingest", "--data", fresh], in: scratch, input: try FileHandle(forReadingFrom: file))
        try waiting.waitUntil("it waits for space") {
            waiting.errors.contains("reading waits until there is space")
        }
        #expect(disk.resize(megabytes: 64))
        let result = try waiting.wait()
        #expect(result.status == 0)
        #expect(result.errors.contains("there is space again"))
        let all = try WeirProcess.run("query", "--data", fresh, "*", in: scratch)
        #expect(sortedLines(all.output) == sortedLines(input))
    }
}

/// A file system of a few megabytes.
private final class SmallDisk {
    let url: URL

    init?(at url: URL, megabytes: Int) {
        self.url = url
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        guard mount("tmpfs", url.path, "tmpfs", 0, "size=\(megabytes)m") == 0 else { return nil }
    }

    func resize(megabytes: Int) -> Bool {
        mount("tmpfs", url.path, "tmpfs", UInt(MS_REMOUNT), "size=\(megabytes)m") == 0
    }

    deinit { umount2(url.path, Int32(MNT_DETACH)) }
}
