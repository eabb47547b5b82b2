import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Every operation of the disk fails, once, for good, or as the last one before death: what was acknowledged is there, once.
@Suite struct FaultTests {
    private let lines = (0..<24).map { number in
        "{\"timestamp\":\"2025-01-1\(number % 3 + 7)T12:00:00Z\",\"level\":\"\(number % 4 == 0 ? "DEBUG" : "INFO")\",\"n\":\(number)}"
    }

    /// Writes all lines through `system`, trying each step a second time; the number of lines that were acknowledged. With
    /// `laterCommits` a commit that fails is left to the next one, with appends in between, and nothing is ever sealed.
    private func ingest(
        _ directory: String, _ system: FaultyFileSystem, laterCommits: Bool = false
    ) throws -> Int {
        let policy = try testPolicy()
        var acknowledged = 0
        do {
            let writer = try StoreWriter(directory: directory, policy: policy, fileSystem: system)
            var written = 0
            for start in stride(from: 0, to: lines.count, by: 4) {
                let batch = LineBatch(Array(lines[start..<start + 4]), policy: policy)
                try twice { () throws(StoreError) in try writer.append([batch.batch]) }
                written = start + 4
                if start % 8 == 4, laterCommits {
                    if (try? writer.commit()) != nil { acknowledged = written }
                } else if start % 8 == 4 {
                    try twice { () throws(StoreError) in try writer.commit() }
                    acknowledged = written
                }
                if start == 12, !laterCommits {
                    try twice { () throws(StoreError) in _ = try writer.seal() }
                    acknowledged = written
                }
            }
            if laterCommits { return acknowledged }
            try twice { () throws(StoreError) in _ = try writer.close() }
            acknowledged = written
        } catch {
            #expect(error is StoreError)
        }
        return acknowledged
    }

    private func twice(_ body: () throws(StoreError) -> Void) throws {
        do throws(StoreError) {
            try body()
        } catch {
            try body()
        }
    }

    /// Runs the ingest with a fault at every operation in turn and looks at what is there afterwards.
    private func runAll(
        _ fault: FaultyFileSystem.Fault, laterCommits: Bool = false
    ) throws -> Int {
        var number = 0
        while true {
            let directory = try TemporaryDirectory()
            let system = FaultyFileSystem(fault, at: number)
            let acknowledged = try ingest(
                directory.path, system, laterCommits: laterCommits)
            if !system.hasStruck {
                #expect(acknowledged == lines.count)
                try check(directory.path, acknowledged, "no fault")
                return number
            }
            try check(directory.path, acknowledged, "\(fault) at operation \(number)")
            number += 1
        }
    }

    private func check(_ directory: String, _ acknowledged: Int, _ what: String) throws {
        // A reader first, before anything is repaired; there may be no directory yet.
        if acknowledged > 0 {
            let seen = try storedLines(directory)
            expectPrefix(seen.lines, acknowledged, "\(what), read at once")
        }
        let writer = try StoreWriter(directory: directory, policy: try testPolicy())
        #expect(writer.recovery.damages.isEmpty, "\(what): \(writer.recovery.damages)")
        _ = try writer.close()
        let stored = try storedLines(directory)
        #expect(stored.faults.isEmpty, "\(what)")
        expectPrefix(stored.lines, acknowledged, "\(what), after recovery")
    }

    private func expectPrefix(_ found: [String], _ acknowledged: Int, _ what: String) {
        #expect(found.count >= acknowledged, "\(what): acknowledged \(acknowledged)")
        #expect(found == Array(lines.prefix(found.count)), "\(what)")
    }

    @Test func anOperationThatFailsOnceCostsNothing() throws {
        #expect(try runAll(.some(EIO, count: 1)) > 30)
        #expect(try runAll(.some(ENOSPC, count: 1)) > 30)
    }

    @Test func operationsThatFailInARowCostNothingThatWasAcknowledged() throws {
        for count in 2...4 {
            #expect(try runAll(.some(EIO, count: count)) > 30)
            #expect(try runAll(.some(EIO, count: count), laterCommits: true) > 20)
        }
    }

    @Test func aDiskThatFailsForGoodKeepsWhatItAcknowledged() throws {
        #expect(try runAll(.forGood(EIO)) > 30)
        #expect(try runAll(.forGood(ENOSPC)) > 30)
    }

    @Test func deathAtAnyOperationLosesNothingAcknowledgedAndDoublesNothing() throws {
        #expect(try runAll(.death) > 30)
    }

    @Test func changedRetentionBetweenDeathAndRecoveryMovesNoLineTwice() throws {
        var number = 0
        while true {
            let directory = try TemporaryDirectory()
            let system = FaultyFileSystem(.death, at: number)
            let acknowledged = try ingest(directory.path, system)
            if !system.hasStruck { break }
            let other = try testPolicy("everything 1 year *\n")
            let writer = try StoreWriter(directory: directory.path, policy: other)
            _ = try writer.close()
            expectPrefix(try storedLines(directory.path).lines, acknowledged, "death at \(number)")
            number += 1
        }
        #expect(number > 30)
    }
}

/// Damage on the disk: found, reported, and never answered with a wrong row.
@Suite struct DamageTests {
    private struct Sample {
        let directory: TemporaryDirectory
        let lines: [String]
        let files: [(path: String, bytes: [UInt8])]
    }

    private func sample(sealed: Bool) throws -> Sample {
        let directory = try TemporaryDirectory()
        let policy = try testPolicy("production 30 days *\n")
        let lines = randomLines(40, seed: 5)
        let writer = try StoreWriter(directory: directory.path, policy: policy)
        for start in stride(from: 0, to: lines.count, by: 10) {
            let batch = LineBatch(Array(lines[start..<start + 10]), policy: policy)
            try writer.append([batch.batch])
        }
        try writer.commit()
        if sealed { _ = try writer.close() }
        return Sample(directory: directory, lines: lines, files: try files(directory.path))
    }

    private func files(_ directory: String) throws -> [(path: String, bytes: [UInt8])] {
        let disk = DiskFileSystem()
        var found: [(path: String, bytes: [UInt8])] = []
        for entry in try disk.list(directory) where entry.name != "LOCK" && entry.name != "state" {
            let path = directory + "/" + entry.name
            if entry.isDirectory {
                found += try files(path)
            } else {
                found.append((path, try disk.readAll(path)))
            }
        }
        return found
    }

    private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
        let file = try DiskFileSystem().open(path, .readWrite)
        try file.truncate(to: 0)
        try bytes.withView { view throws(FileError) in try file.write(view, at: 0) }
    }

    /// What a reader finds with one file changed: a part of the lines, and a fault where it is not all of them.
    private func expectHonest(_ sample: Sample, _ path: String, _ bytes: [UInt8], _ what: String)
        throws
    {
        try overwrite(path, bytes)
        do {
            let found = try storedLines(sample.directory.path)
            var expected = sample.lines[...]
            for line in found.lines {
                guard let index = expected.firstIndex(of: line) else {
                    Issue.record("\(what): a line that nobody wrote: \(line)")
                    return
                }
                expected = expected[(index + 1)...]
            }
            if found.lines.count < sample.lines.count, path.hasSuffix(".segment") {
                #expect(!found.faults.isEmpty, "\(what): lines are missing and nobody says so")
            }
        } catch {
            #expect(error is StoreError, "\(what): \(error)")
        }
    }

    @Test func everyFlippedByteIsFound() throws {
        for sealed in [true, false] {
            let sample = try sample(sealed: sealed)
            for (path, bytes) in sample.files {
                for offset in bytes.indices {
                    var damaged = bytes
                    damaged[offset] ^= 1 << UInt8(offset % 8)
                    try expectHonest(sample, path, damaged, "byte \(offset) of \(path)")
                }
                try overwrite(path, bytes)
            }
            #expect(try storedLines(sample.directory.path).lines == sample.lines)
        }
    }

    @Test func everyTruncationIsFound() throws {
        for sealed in [true, false] {
            let sample = try sample(sealed: sealed)
            for (path, bytes) in sample.files {
                for length in bytes.indices {
                    try expectHonest(
                        sample, path, Array(bytes[..<length]), "\(path) cut to \(length)")
                }
                try overwrite(path, bytes)
            }
        }
    }

    @Test func aDamagedFrameCostsItsLinesOnlyAndIsReported() throws {
        let sample = try sample(sealed: false)
        let (path, bytes) = try #require(sample.files.first)
        var damaged = bytes
        damaged[24 + 70] ^= 0x10
        try overwrite(path, damaged)
        let read = try storedLines(sample.directory.path)
        #expect(read.lines == Array(sample.lines[10...]))
        #expect(read.faults.count == 1)
        let writer = try StoreWriter(
            directory: sample.directory.path, policy: try testPolicy("production 30 days *\n"))
        #expect(writer.recovery.damages.count == 1)
        _ = try writer.close()
        #expect(try storedLines(sample.directory.path).lines == Array(sample.lines[10...]))
        #expect(try files(sample.directory.path).contains { $0.path == path + ".damaged" })
    }

    @Test func anUnknownVersionIsRefusedAndLeftUntouched() throws {
        for sealed in [true, false] {
            let sample = try sample(sealed: sealed)
            let (path, bytes) = try #require(sample.files.first)
            var newer = bytes
            newer[8] = 9
            let head = sealed ? 12 : 20
            let checksum = Array(newer[..<head]).withView { Checksum.crc32c($0) }
            for index in 0..<4 {
                newer[head + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index)))
            }
            try overwrite(path, newer)
            if sealed {
                let read = try storedLines(sample.directory.path)
                #expect(read.lines.count < sample.lines.count)
                #expect(read.faults.contains { $0.message.contains("version 9") })
            } else {
                do {
                    _ = try storedLines(sample.directory.path)
                    Issue.record("a journal of an unknown version was read")
                } catch let error as StoreError {
                    #expect(error.description.contains("version 9"))
                }
                do {
                    _ = try StoreWriter(
                        directory: sample.directory.path, policy: try testPolicy())
                    Issue.record("a journal of an unknown version was taken over")
                } catch {
                    #expect("\(error)".contains("version 9"))
                }
            }
            #expect(try DiskFileSystem().readAll(path) == newer)
        }
    }
}
