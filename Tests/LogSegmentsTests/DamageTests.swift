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

/// Damage on the disk: found, reported, and never answered with a wrong row.
///
/// The sample is small and has everything: two segments of three blocks each, and a journal of three frames.
@Suite struct DamageTests {
    private struct Sample {
        let image: DiskImage
        let lines: [String]
        /// The lines that stand and fall together: those of a block or of a frame.
        let groups: [ClosedRange<Int>]
        /// The lines that stand and fall with a file's path.
        let files: [String: ClosedRange<Int>]
    }

    private static let directory = "/data"
    private static let rowsOfBlock = 2
    private static let now = 1_737_200_000 * Timestamp.second
    private static let policy = "debug 7 days level:DEBUG\nproduction 30 days *\n"

    private func sample() throws -> Sample {
        let disk = MemoryDisk()
        let system = MemoryFileSystem(disk)
        let policy = try testPolicy(Self.policy)
        var options = StoreOptions()
        options.blockRowsMax = Self.rowsOfBlock
        let writer = try StoreWriter(
            directory: Self.directory, policy: policy, fileSystem: system,
            clock: ManualClock(Self.now), options: options)
        func append(_ level: String, _ numbers: Range<Int>) throws -> [String] {
            let lines = numbers.map {
                "{\"timestamp\":\"2025-01-17T12:00:00Z\",\"level\":\"\(level)\",\"n\":\($0)}"
            }
            try writer.append([LineBatch(lines, policy: policy).batch])
            return lines
        }
        var lines = try append("DEBUG", 0..<6)
        lines += try append("INFO", 6..<12)
        _ = try writer.seal()
        for start in 12..<15 { lines += try append("INFO", start..<start + 1) }
        try writer.commit()
        let image = disk.image
        var files: [String: ClosedRange<Int>] = [:]
        for (path, _) in image.files {
            if path.contains("/debug/") { files[path] = 0...5 }
            if path.contains("/production/") { files[path] = 6...11 }
            if path.hasSuffix(".journal") { files[path] = 12...14 }
        }
        #expect(files.count == 3)
        return Sample(
            image: image, lines: lines,
            groups: [0...1, 2...3, 4...5, 6...7, 8...9, 10...11, 12...12, 13...13, 14...14],
            files: files)
    }

    /// What became of the lines when `path` held `bytes`.
    private struct Outcome {
        var missing: Set<Int> = []
        var isReported = false
        var isRefused = false
    }

    private func read(
        _ sample: Sample, _ system: MemoryFileSystem, _ what: @autoclosure () -> String
    ) throws -> Outcome {
        var outcome = Outcome()
        do {
            let found = try storedLines(Self.directory, fileSystem: system)
            var next = 0
            for line in found.lines {
                guard let index = sample.lines[next...].firstIndex(of: line) else {
                    Issue.record("\(what()): a line twice, or that nobody wrote: \(line)")
                    return outcome
                }
                outcome.missing.formUnion(next..<index)
                next = index + 1
            }
            outcome.missing.formUnion(next..<sample.lines.count)
            outcome.isReported = !found.faults.isEmpty
        } catch {
            #expect(error is StoreError, "\(what()): \(error)")
            outcome.isRefused = true
        }
        return outcome
    }

    /// Reads with one file changed. At most `allowed` or the lines of one group may be missing, and that must be said.
    private func expectHonest(
        _ sample: Sample, _ path: String, _ bytes: [UInt8], isCut: Bool,
        allowed: ClosedRange<Int>?, _ what: @autoclosure () -> String
    ) throws {
        var image = sample.image
        image[path] = bytes
        let system = MemoryFileSystem(MemoryDisk(image))
        let before = try read(sample, system, what())
        #expect(!before.isRefused, "\(what()): the whole store is refused")
        expectSmall(sample, before.missing, allowed, what())
        let isJournal = path.hasSuffix(".journal")
        if !isJournal, !before.missing.isEmpty {
            #expect(before.isReported, "\(what()): lines are missing and nobody says so")
        }
        guard isJournal || path.contains("/state/") else { return }
        // A writer takes over.
        do {
            let writer = try StoreWriter(
                directory: Self.directory, policy: try testPolicy(Self.policy), fileSystem: system)
            let recovery = writer.recovery
            _ = try writer.close()
            let after = try read(sample, system, what() + ", recovered")
            expectSmall(sample, after.missing, allowed, what() + ", recovered")
            #expect(before.missing.isSubset(of: after.missing), "\(what())")
            // The end of a journal that is cut between two frames looks as if nothing had been there.
            if !after.missing.isEmpty, !isCut {
                #expect(
                    recovery.tornBytes > 0 || !recovery.damages.isEmpty,
                    "\(what()): recovery leaves lines behind and does not say so")
            }
        } catch {
            #expect("\(error)".contains("version"), "\(what()): \(error)")
        }
    }

    private func expectSmall(
        _ sample: Sample, _ missing: Set<Int>, _ allowed: ClosedRange<Int>?, _ what: String
    ) {
        guard let first = missing.min(), let last = missing.max() else { return }
        let isOneGroup = sample.groups.contains { $0.contains(first) && $0.contains(last) }
        let isAllowed = allowed.map { $0.contains(first) && $0.contains(last) } ?? false
        #expect(isOneGroup || isAllowed, "\(what): \(missing.sorted()) are missing")
    }

    /// Where the footer of a segment begins.
    private func footerOffset(_ bytes: [UInt8]) -> Int {
        bytes[(bytes.count - 32)..<(bytes.count - 24)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    @Test func everyFlippedBitCostsOneBlockAtMostAndIsFound() throws {
        let sample = try sample()
        var flips = 0
        for (path, bytes) in sample.image.files {
            let chunks = path.hasSuffix(".segment") ? 16..<footerOffset(bytes) : 0..<0
            for bit in 0..<bytes.count * 8 {
                var damaged = bytes
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                // A footer speaks for its whole segment. In a journal a flip costs its frame.
                let isShared = path.hasSuffix(".segment") && !chunks.contains(bit / 8)
                try expectHonest(
                    sample, path, damaged, isCut: false,
                    allowed: isShared ? sample.files[path] : nil, "bit \(bit) of \(path)")
                flips += 1
            }
        }
        #expect(flips > 10_000)
    }

    @Test func everyCutIsFound() throws {
        let sample = try sample()
        for (path, bytes) in sample.image.files {
            for length in bytes.indices {
                try expectHonest(
                    sample, path, Array(bytes[..<length]), isCut: true,
                    allowed: sample.files[path], "\(path) cut to \(length)")
            }
        }
    }

    /// A changed policy would delete lines that should be kept, a changed clock would let a jumping one do so.
    @Test func whatOtherCommandsReadOfAWriterIsRightOrRefused() throws {
        let sample = try sample()
        func look(_ path: String, _ bytes: [UInt8], _ what: String) throws -> (Bool, Bool) {
            var image = sample.image
            image[path] = bytes
            let run = RetentionRun(
                directory: Self.directory, fileSystem: MemoryFileSystem(MemoryDisk(image)))
            var policy: RetentionPolicy?
            do {
                policy = try run.storedPolicy()
                #expect(policy == (try testPolicy(Self.policy)), "\(what)")
            } catch let error as RetentionError {
                #expect("\(error)".contains("is damaged; name the policy with --retention"))
            }
            let time = run.lastKnownTime()
            if let time { #expect(time == Self.now, "\(what)") }
            return (policy != nil, time != nil)
        }
        for (path, bytes) in sample.image.files where path.contains("/state/") {
            let isPolicy = path.hasSuffix("retention.conf")
            for bit in 0..<bytes.count * 8 {
                var damaged = bytes
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                let found = try look(path, damaged, "bit \(bit) of \(path)")
                #expect(found == (!isPolicy, isPolicy))
            }
            for length in bytes.indices {
                let found = try look(path, Array(bytes[..<length]), "\(path) cut to \(length)")
                #expect(found == (!isPolicy, isPolicy))
            }
            #expect(try look(path, bytes, path) == (true, true))
        }
    }

    // MARK: On the disk

    private struct DiskSample {
        let directory: TemporaryDirectory
        let lines: [String]
        let files: [(path: String, bytes: [UInt8])]
    }

    private func sample(sealed: Bool) throws -> DiskSample {
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
        return DiskSample(directory: directory, lines: lines, files: try files(directory.path))
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
