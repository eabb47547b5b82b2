import LogBytes
import LogSegments
import LogSystem
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A repair: what can be read is there afterwards, once; a check is content; what is damaged is kept.
@Suite struct StoreRepairTests {
    private let disk = DiskFileSystem()

    /// `found` in the order of `all`, none twice, none that is not there.
    private func expectPart(_ found: [String], of all: [String], _ what: String) {
        var rest = all[...]
        for line in found {
            guard let place = rest.firstIndex(of: line) else {
                Issue.record("\(what): a line that is out of place: \(line)")
                return
            }
            rest = rest[(place + 1)...]
        }
    }

    /// Two blocks of production, and some of debug.
    private func sample(sealsLast: Bool = true) throws -> StoredSample {
        let lines = (0..<9_000).map { number in
            "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"level\":\"\(number % 20 == 0 ? "DEBUG" : "INFO")\",\"n\":\(number)}"
        }
        return try StoredSample([lines], sealsLast: sealsLast, framesOf: 1_000)
    }

    @Test func aDamagedBlockGoesAndTheOthersStay() throws {
        let sample = try sample()
        let segment = try #require(try sample.segments(of: "production").first)
        let sound = try sample.bytes(segment)
        try sample.flip(segment, 20)
        let loss = try #require(try sample.check().findings.first?.loss?.lines)
        #expect(loss == 8_192)
        let seen = try sample.exported().lines
        let report = try sample.repair()
        #expect(report.failures.isEmpty)
        #expect(report.lostLines == loss)
        #expect(try sample.faults().isEmpty)
        let (lines, export) = try sample.exported()
        #expect(export.faults.isEmpty)
        #expect(lines == seen)
        #expect(lines.count == 9_000 - loss)
        expectPart(lines, of: sample.lines, "repaired")
        #expect(try storedLines(sample.path).lines == lines)
        // The damaged file is there still, byte for byte.
        var damaged = sound
        damaged[20] ^= 0x10
        #expect(try sample.bytes(segment + ".damaged") == damaged)
        // And a second repair has nothing to do.
        #expect(try sample.repair().actions.isEmpty)
    }

    @Test func aDamagedHeaderCostsNothing() throws {
        let sample = try sample()
        let segment = try #require(try sample.segments(of: "debug").first)
        let sound = try sample.bytes(segment)
        try sample.flip(segment, 3)
        #expect(try sample.exported().lines.count < 9_000)
        #expect(try sample.repair().lostLines == 0)
        #expect(try sample.exported().lines == sample.lines)
        #expect(try sample.bytes(segment) == sound)
    }

    @Test func aSegmentWithoutFooterIsSetAside() throws {
        let sample = try sample()
        let segment = try #require(try sample.segments(of: "debug").first)
        try sample.flip(segment, try sample.bytes(segment).count - 10)
        _ = try sample.repair()
        #expect(try sample.faults().isEmpty)
        #expect(try sample.segments(of: "debug").isEmpty)
        #expect(try sample.files("segments/debug").first?.hasSuffix(".segment.damaged") == true)
        #expect(
            try sample.exported().lines == sample.lines.filter { !$0.contains("DEBUG") })
    }

    @Test func aDamagedJournalKeepsItsSoundFrames() throws {
        let lines = (0..<40).map { "{\"timestamp\":\"2025-01-18T12:00:\($0 + 10)Z\",\"n\":\($0)}" }
        // A frame in the middle, and the last one, which an ingester that starts takes for torn off.
        for frame in [1, 3] {
            let sample = try StoredSample([lines], sealsLast: false, framesOf: 10)
            let journal = try #require(try sample.files("journal").first)
            let bytes = try sample.bytes(journal)
            let starts = bytes.indices.filter { bytes[$0...].starts(with: Array("WFRM".utf8)) }
            #expect(starts.count == 4)
            try sample.flip(journal, starts[frame] + 65)
            let damaged = try sample.bytes(journal)
            let report = try sample.repair()
            #expect(report.lostLines == 10)
            #expect(report.recoveredLines == 30)
            #expect(try sample.faults().isEmpty)
            let left = lines[..<(10 * frame)] + lines[(10 * frame + 10)...]
            #expect(try sample.exported().lines == Array(left))
            #expect(try sample.bytes(journal + ".damaged") == damaged)
        }
    }

    @Test func foreignFilesGetOutOfTheWayAndLeftoversGo() throws {
        let sample = try StoredSample([["a"]])
        let segment = try #require(try sample.segments(of: "production").first)
        let foreign = ["/notes.txt", "/segments/production/x", "/state/core"].map {
            sample.path + $0
        }
        for path in foreign { try sample.write(path, Array(path.utf8)) }
        try disk.makeDirectories(sample.path + "/segments/Other/2025-01-18")
        try disk.makeDirectories(sample.path + "/segments/audit/2025-01-18")
        try sample.write(segment + ".tmp", [1])
        try sample.write(sample.path + "/LOCK", [1])
        _ = try sample.repair()
        let (findings, summary) = try sample.check()
        #expect(summary.isClean, "\(findings)")
        #expect(try sample.exported().lines == ["a"])
        for path in foreign {
            #expect(try sample.bytes(path + ".foreign") == Array(path.utf8))
        }
        #expect(!(try sample.files()).contains(segment + ".tmp"))
        #expect(try disk.list(sample.path + "/segments").map(\.name).contains("Other.foreign"))
        #expect(try disk.list(sample.path + "/segments/audit").isEmpty)
    }

    @Test func aDoubledSegmentIsSetAsideAndAMisplacedOneMoved() throws {
        let sample = try sample()
        let segment = try #require(try sample.segments(of: "debug").first)
        let bytes = try sample.bytes(segment)
        let other = segment.replacing(
            "-0000000001-0.segment", with: "-0000000002-0.segment")
        try sample.write(other, bytes)
        #expect(try storedLines(sample.path).lines.count > 9_000)
        _ = try sample.repair()
        #expect(try sample.faults().isEmpty)
        #expect(try storedLines(sample.path).lines == sample.lines)

        let place = segment.replacing("/debug/", with: "/audit/")
        try disk.makeDirectories(
            String(place.dropLast(segment.split(separator: "/").last?.count ?? 0)))
        try disk.rename(segment, to: place)
        _ = try sample.repair()
        #expect(try sample.faults().isEmpty)
        #expect(try sample.segments(of: "debug") == [segment])
        #expect(try storedLines(sample.path).lines == sample.lines)

        // A name that says other numbers.
        let renamed = segment.replacing("00000000000001-", with: "00000000000500-")
        try disk.rename(segment, to: renamed)
        #expect(try sample.faults().map(\.file) == [renamed])
        _ = try sample.repair()
        #expect(try sample.faults().isEmpty)
        #expect(try storedLines(sample.path).lines == sample.lines)
    }

    @Test func lostStateIsMadeAgain() throws {
        for name in ["LOCK", "state/retention.conf", "state/clock", "journal", "state"] {
            let sample = try StoredSample([["a"]])
            let path = sample.path + "/" + name
            for file in try sample.files() where file == path || file.hasPrefix(path + "/") {
                try disk.remove(file)
            }
            if !name.contains("/"), name != "LOCK" { try disk.removeDirectory(path) }
            #expect(try !sample.faults().isEmpty, "\(name)")
            _ = try sample.repair()
            #expect(try sample.faults().isEmpty, "\(name)")
            #expect(try sample.exported().lines == ["a"])
        }
        let sample = try StoredSample([["a"]])
        let conf = sample.path + "/state/retention.conf"
        try sample.write(conf, Array("no classes at all".utf8))
        let report = try sample.repair()
        #expect(report.actions.contains { $0.contains("run `weir ingest --retention FILE`") })
        #expect(try sample.faults().isEmpty)
    }

    @Test func everyFlippedByteIsRepairedAndNoLineIsDoubledOrMadeUp() throws {
        for sealsLast in [true, false] {
            let lines = randomLines(15, seed: 5)
            let whole = try StoredSample([lines], sealsLast: sealsLast, framesOf: 5)
            for file in try whole.files() {
                let name = file.dropFirst(whole.path.count)
                let count = try whole.bytes(file).count
                for offset in stride(from: 0, to: count, by: 43) {
                    let sample = try StoredSample([lines], sealsLast: sealsLast, framesOf: 5)
                    try sample.flip(sample.path + name, offset)
                    let report = try sample.repair()
                    let what = "byte \(offset) of \(name)"
                    #expect(report.failures.isEmpty, "\(what)")
                    #expect(try sample.faults().isEmpty, "\(what)")
                    let found = try storedLines(sample.path).lines
                    expectPart(found, of: lines, what)
                    let all = found.count + report.lostLines
                    #expect(
                        all == lines.count || report.losesUnknownLines && all < lines.count,
                        "\(what)")
                }
            }
        }
    }

    @Test func aRepairCutOffAnywhereLosesAndDoublesNothing() throws {
        var number = 0
        var met = 0
        while true {
            let sample = try StoredSample([randomLines(200, seed: 3)])
            let segments = try sample.segments(of: "production")
            for segment in segments.prefix(2) { try sample.flip(segment, 2) }
            let debug = try #require(try sample.segments(of: "debug").first)
            try sample.flip(debug, 20)
            let seen = try sample.exported().lines
            let system = FaultyFileSystem(.death, at: number)
            _ = try? StoreRepair(directory: sample.path, fileSystem: system).run { _ in }
            let after = try storedLines(sample.path).lines
            #expect(after.count >= seen.count, "death at operation \(number)")
            expectPart(after, of: sample.lines, "death at operation \(number)")
            _ = try sample.repair()
            #expect(try sample.faults().isEmpty, "death at operation \(number)")
            met = try storedLines(sample.path).lines.count
            if !system.hasStruck { break }
            number += 1
        }
        #expect(number > 15)
        #expect(met > 150)
    }

    /// Merged segments with what they were merged from beside them, as a crash leaves them.
    private func merged() throws -> (sample: StoredSample, merged: String, sources: [String]) {
        let groups = (0..<2).map { group in
            (0..<50).map { "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"n\":\(group * 50 + $0)}" }
        }
        let sample = try StoredSample(groups)
        let sources = try sample.segments(of: "production")
        #expect(sources.count == 2)
        let bytes = try sources.map { try sample.bytes($0) }
        #expect(try Compactor(directory: sample.path).run(everything: true).isEmpty)
        let merged = try #require(try sample.segments(of: "production").first)
        for (path, bytes) in zip(sources, bytes) { try sample.write(path, bytes) }
        return (sample, merged, sources)
    }

    @Test func whatWasMergedIsNotedAndGoes() throws {
        let (sample, merged, sources) = try merged()
        let (findings, summary) = try sample.check()
        #expect(summary.isClean)
        #expect(summary.lines == 100)
        #expect(Set(findings.map(\.file)) == Set(sources))
        _ = try sample.repair()
        #expect(try sample.segments(of: "production") == [merged])
        #expect(try sample.exported().lines == sample.lines)
    }

    @Test func aDamagedMergeGivesWayToWhatItWasMergedFrom() throws {
        let (sample, merged, sources) = try merged()
        let size = try sample.bytes(merged).count
        // In a block, and where nothing can be found any more.
        for offset in [20, size - 3] {
            let bytes = try sample.bytes(merged)
            try sample.flip(merged, offset)
            _ = try sample.repair()
            #expect(try sample.faults().isEmpty)
            #expect(try sample.segments(of: "production") == sources)
            #expect(try sample.exported().lines == sample.lines)
            try sample.write(merged, bytes)
        }
        // One of the two is gone already: what is there of the sources stays.
        try disk.remove(sources[0])
        try sample.flip(merged, 20)
        _ = try sample.repair()
        #expect(try sample.faults().isEmpty)
        #expect(try sample.segments(of: "production") == [sources[1]])
        #expect(try sample.exported().lines == Array(sample.lines[50...]))
    }

    @Test func aFullDiskLeavesEverythingAsItWas() throws {
        let sample = try sample()
        let segment = try #require(try sample.segments(of: "production").first)
        try sample.flip(segment, 20)
        let files = try sample.files()
        let system = FaultyFileSystem(.forGood(ENOSPC), at: 2)
        let result = try StoreRepair(directory: sample.path, fileSystem: system).run { _ in }
        #expect(result.report.failures.contains { $0.contains("free space") })
        #expect(!result.after.isClean)
        #expect(try sample.files().filter { !$0.hasSuffix(".tmp") } == files)
        _ = try sample.repair()
        #expect(try sample.faults().isEmpty)
    }

    @Test func besideAWriterNothingIsRepaired() throws {
        let sample = try sample()
        let segment = try #require(try sample.segments(of: "debug").first)
        try sample.flip(segment, 20)
        let writer = try StoreWriter(directory: sample.path, policy: sample.policy)
        do {
            _ = try sample.repair()
            Issue.record("a repair ran beside a writer")
        } catch {
            #expect("\(error)".contains("is in use by another weir"))
        }
        #expect(try sample.segments(of: "debug") == [segment])
        _ = try writer.close()
    }
}
