import LogBytes
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// What a check finds, and what it leaves alone.
@Suite struct StoreCheckTests {
    private let disk = DiskFileSystem()

    @Test func whatIsWholeIsClean() throws {
        for sealsLast in [true, false] {
            let sample = try StoredSample(
                [randomLines(900, seed: 1), randomLines(900, seed: 2)], sealsLast: sealsLast)
            let (findings, summary) = try sample.check()
            #expect(findings.isEmpty, "\(findings)")
            #expect(summary.isClean)
            #expect(summary.lines == 1_800)
            #expect(summary.files == (try sample.files()).count)
            let bytes = try sample.files().reduce(0) { try $0 + sample.bytes($1).count }
            #expect(summary.bytes == bytes)
        }
    }

    /// The file, and a place not behind the byte, are named for every byte of every file.
    @Test func everyFlippedByteIsFoundWhereItIs() throws {
        for sealsLast in [true, false] {
            let sample = try StoredSample(
                [randomLines(15, seed: 5)], sealsLast: sealsLast, framesOf: 5)
            for file in try sample.files() {
                let bytes = try sample.bytes(file)
                for offset in bytes.indices {
                    var damaged = bytes
                    damaged[offset] ^= 1 << UInt8(offset % 8)
                    try sample.write(file, damaged)
                    let (findings, _) = try sample.check()
                    // A mark may be half written when its process dies, and stands there twice.
                    let isMark =
                        file.hasSuffix(".journal")
                        && (JournalFormat.markOffset..<JournalFormat.fileHeaderBytes)
                            .contains(offset)
                    let severity = isMark ? CheckFinding.Severity.notice : .damage
                    let first = try #require(
                        findings.first { $0.file == file && $0.severity == severity },
                        "byte \(offset) of \(file): \(findings)")
                    #expect((first.offset ?? 0) <= offset, "byte \(offset) of \(file)")
                }
                try sample.write(file, bytes)
            }
            #expect(try sample.faults().isEmpty)
        }
    }

    @Test func everyCutIsFoundOrTornOff() throws {
        for sealsLast in [true, false] {
            let sample = try StoredSample(
                [randomLines(15, seed: 5)], sealsLast: sealsLast, framesOf: 5)
            for file in try sample.files() where !file.hasSuffix("LOCK") {
                let bytes = try sample.bytes(file)
                for length in bytes.indices {
                    try sample.write(file, Array(bytes[..<length]))
                    let (findings, _) = try sample.check()
                    if file.hasSuffix(".journal"), length < JournalFormat.fileHeaderBytes {
                        // A crash leaves that, before the first line.
                        #expect(findings.allSatisfy { $0.severity == .notice }, "\(length)")
                    } else {
                        #expect(
                            findings.contains { $0.file == file && $0.severity == .damage },
                            "\(file) cut to \(length)")
                    }
                }
                try sample.write(file, bytes)
            }
        }
    }

    @Test func aDamagedBlockTellsWhatIsLost() throws {
        let sample = try StoredSample([randomLines(900, seed: 1)])
        let segment = try #require(try sample.segments(of: "debug").first)
        let lines = try sample.exported(ExportRequest(classes: ["debug"])).lines.count
        try sample.flip(segment, 20)
        let (findings, summary) = try sample.check()
        let finding = try #require(findings.first)
        #expect(finding.file == segment)
        #expect(finding.offset == 16)
        let loss = try #require(finding.loss)
        #expect(loss.className == "debug")
        #expect(try #require(loss.lines) < lines)
        #expect("\(loss)".contains("lines of class debug, from 2025-01-1"))
        #expect(summary.lostLines == loss.lines)
        #expect(!summary.isClean)
    }

    @Test func aDamagedFrameTellsItsLinesAndTimes() throws {
        let lines = (0..<40).map { "{\"timestamp\":\"2025-01-18T12:00:\($0 + 10)Z\",\"n\":\($0)}" }
        let sample = try StoredSample([lines], sealsLast: false, framesOf: 10)
        let journal = try #require(try sample.files("journal").first)
        // In the payload, then in the magic of a frame's header: the frames around it tell how many lines it had.
        let start = JournalFormat.fileHeaderBytes
        for offset in [start + 70, start] {
            try sample.flip(journal, offset)
            let finding = try #require(try sample.faults().first)
            #expect(finding.file == journal)
            #expect(finding.offset == start)
            if offset > start {
                #expect(
                    "\(try #require(finding.loss))".hasPrefix("10 lines, from 2025-01-18T12:00:10"))
            }
            try sample.flip(journal, offset)
        }
        let bytes = try sample.bytes(journal)
        let last = try #require(
            bytes.indices.last { bytes[$0...].starts(with: Array("WFRM".utf8)) })
        try sample.flip(journal, last + 65)
        let finding = try #require(try sample.faults().first)
        #expect(finding.offset == last)
        #expect(finding.loss?.lines == 10)
    }

    /// What a cut took away nobody can count: the frame that it begins in may be the first of many.
    @Test func aCutJournalNeverTellsFewerLinesThanAreLost() throws {
        let sample = try StoredSample([randomLines(20, seed: 6)], sealsLast: false, framesOf: 5)
        let journal = try #require(try sample.files("journal").first)
        let bytes = try sample.bytes(journal)
        for length in stride(from: JournalFormat.fileHeaderBytes, to: bytes.count, by: 7) {
            try sample.write(journal, Array(bytes[..<length]))
            let (findings, summary) = try sample.check()
            let finding = try #require(findings.first { $0.severity == .damage })
            #expect(finding.what.hasPrefix("the file was cut: \(bytes.count - length) bytes"))
            let loss = try #require(finding.loss)
            let lost = 20 - summary.lines
            if let lines = loss.lines {
                #expect(loss.isLowerBound && lines <= lost && "\(loss)".hasPrefix("at least 5"))
            }
            #expect(summary.losesUnknownLines)
        }
    }

    @Test func aFooterThatIsGoneCostsTheSegment() throws {
        let sample = try StoredSample([["a", "b"], ["c"]])
        let segment = try #require(try sample.segments(of: "production").first)
        let size = try sample.bytes(segment).count
        try sample.flip(segment, size - 40)
        let finding = try #require(try sample.faults().first)
        #expect(finding.file == segment)
        #expect(finding.what.contains("nothing in the file can be found"))
        #expect("\(try #require(finding.loss))".contains("at most 2 lines of class production"))
    }

    @Test func missingFilesAreFound() throws {
        for name in ["LOCK", "state/retention.conf", "state/clock"] {
            let sample = try StoredSample([["a"]])
            try disk.remove(sample.path + "/" + name)
            let faults = try sample.faults()
            #expect(faults.map(\.file) == [sample.path + "/" + name])
        }
        // Nothing says which segments there should be, except the numbers of the lines.
        let sample = try StoredSample([["a", "b"], ["c", "d", "e"], ["f"]])
        try disk.remove(try sample.segments(of: "production")[1])
        let (findings, summary) = try sample.check()
        #expect(summary.isClean)
        #expect(findings.map(\.what) == ["3 sequence numbers, the first 3 to 5, are in no file"])
    }

    @Test func foreignThingsAreFoundAndLeftoversNoted() throws {
        let sample = try StoredSample([["a"]])
        let segment = try #require(try sample.segments(of: "production").first)
        let foreign = [
            "/notes.txt", "/segments/readme", "/segments/production/x", "/journal/x.journal",
            "/state/core", "/segments/production/2025-01-18/copy of.segment",
        ].map { sample.path + $0 }
        for path in foreign { try sample.write(path, [1, 2, 3]) }
        try disk.makeDirectories(sample.path + "/segments/Not A Class")
        let left = segment + ".tmp"
        try sample.write(left, [1])
        try sample.write(segment + ".damaged", [1])
        let (findings, summary) = try sample.check()
        let faults = findings.filter { $0.severity == .foreign }.map(\.file)
        #expect(Set(faults) == Set(foreign + [sample.path + "/segments/Not A Class"]))
        #expect(summary.foreign == faults.count)
        let notices = findings.filter { $0.severity == .notice }.map(\.file)
        #expect(Set(notices) == [left, segment + ".damaged"])
    }

    @Test func aSegmentUnderTwoNamesAndOneInAWrongPlaceAreFound() throws {
        let sample = try StoredSample([randomLines(300, seed: 1)])
        let segment = try #require(try sample.segments(of: "debug").first)
        let bytes = try sample.bytes(segment)
        let other = segment.replacing(
            "-0000000001-0.segment", with: "-0000000002-0.segment")
        try sample.write(other, bytes)
        let doubled = try #require(try sample.faults().first)
        #expect(doubled.file == other)
        #expect(doubled.what.contains("are found twice"))
        try disk.remove(other)

        let place = segment.replacing("/debug/", with: "/audit/")
        try disk.makeDirectories(
            String(place.prefix(upTo: place.lastIndex(of: "/") ?? place.endIndex)))
        try disk.rename(segment, to: place)
        let misplaced = try #require(try sample.faults().first)
        #expect(misplaced.file == place)
        #expect(misplaced.what.contains("belongs to class debug"))
    }

    @Test func deathAtAnyOperationIsNoDamage() throws {
        let lines = randomLines(40, seed: 8)
        var number = 0
        while true {
            let directory = try TemporaryDirectory()
            let system = FaultyFileSystem(.death, at: number)
            if let writer = try? StoreWriter(
                directory: directory.path, policy: try testPolicy(), fileSystem: system)
            {
                try? writer.append([LineBatch(lines, policy: try testPolicy()).batch])
                _ = try? writer.close()
            }
            if number > 3 {
                var findings: [CheckFinding] = []
                let summary = try StoreCheck(directory: directory.path).run { findings.append($0) }
                #expect(summary.isClean, "death at operation \(number): \(findings)")
            }
            if !system.hasStruck { break }
            number += 1
        }
        #expect(number > 20)
    }

    /// A frame that was being appended while its file was looked at was taken for a damaged one.
    @Test func aJournalThatGrowsMeanwhileIsNoDamage() throws {
        let sample = try StoredSample([randomLines(30, seed: 5)], sealsLast: false, framesOf: 10)
        let journal = try #require(try sample.files("journal").first)
        for bytes in 0..<(try sample.bytes(journal).count) {
            let (findings, summary) = try sample.check(GrowingFileSystem(firstBytes: bytes))
            #expect(summary.isClean, "\(bytes) bytes at first: \(findings)")
        }
    }

    @Test func anUnknownVersionCannotBeChecked() throws {
        let sample = try StoredSample([["a"]])
        let segment = try #require(try sample.segments(of: "production").first)
        var bytes = try sample.bytes(segment)
        bytes[8] = 9
        let sum = Array(bytes[..<12]).withView { Checksum.crc32c($0) }
        for index in 0..<4 {
            bytes[12 + index] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(index)))
        }
        try sample.write(segment, bytes)
        let (findings, summary) = try sample.check()
        #expect(findings.first?.severity == .unchecked)
        #expect(findings.first?.what.contains("version 9") == true)
        #expect(summary.unchecked == 1 && summary.damages == 0)
    }

    @Test func whatIsNoDataDirectoryIsAnError() throws {
        let directory = try TemporaryDirectory()
        for path in [directory.path, directory.file("missing")] {
            #expect(throws: StoreError.self) { _ = try StoreCheck(directory: path).run { _ in } }
            #expect(throws: StoreError.self) { _ = try StoreRepair(directory: path).run { _ in } }
        }
        #expect(try disk.list(directory.path).isEmpty)
    }
}
