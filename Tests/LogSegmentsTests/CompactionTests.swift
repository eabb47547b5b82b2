import LogBytes
import LogQuery
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// Merging segments: every line stays, in its order, in fewer and smaller files.
@Suite struct CompactionTests {
    /// A data directory with `count` segments of random lines in each of three partitions.
    private func filled(_ directory: String, segments count: Int, seed: UInt64) throws -> [String] {
        let policy = try testPolicy()
        let writer = try StoreWriter(directory: directory, policy: policy)
        var all: [String] = []
        for number in 0..<count {
            let lines = randomLines(600, seed: seed + UInt64(number))
            try writer.append([LineBatch(lines, policy: policy).batch])
            _ = try writer.seal()
            all += lines
        }
        _ = try writer.close()
        return all
    }

    private func files(_ directory: String) throws -> DirectoryListing.Segments {
        try DirectoryListing.segments(directory, DiskFileSystem())
    }

    private func bytes(_ files: DirectoryListing.Segments) throws -> Int {
        try files.files.reduce(0) { try $0 + DiskFileSystem().readAll($1.path).count }
    }

    @Test func everyLineStaysInFewerAndSmallerFiles() throws {
        for seed in [1, 50] as [UInt64] {
            let directory = try TemporaryDirectory()
            let lines = try filled(directory.path, segments: 5, seed: seed)
            let before = try files(directory.path)
            let bytesBefore = try bytes(before)
            let compactor = Compactor(directory: directory.path)
            var merged = 0
            let failures = try compactor.run(everything: true) { merged += $0.inputs }
            #expect(failures.isEmpty)
            #expect(merged == before.files.count)
            let after = try files(directory.path)
            #expect(after.files.count == Set(before.files.map(\.key)).count)
            #expect(after.files.allSatisfy { $0.id.generation == 1 })
            #expect(after.superseded.isEmpty && after.temporary.isEmpty)
            #expect(try bytes(after) < bytesBefore / 2)
            let stored = try storedLines(directory.path)
            #expect(stored.lines == lines)
            #expect(stored.faults.isEmpty)
            // What is cold and one stays as it is.
            #expect(try compactor.run(everything: true).isEmpty)
            #expect(try files(directory.path) == after)
        }
    }

    @Test func coldSegmentsAnswerAsFreshOnesDo() throws {
        let directory = try TemporaryDirectory()
        _ = try filled(directory.path, segments: 3, seed: 20)
        let names = ["level", "duration_ms", "_msg", "n", "a.b.n", "key7", "timestamp", "nothing"]
        let before = try storedFields(names, directory.path)
        _ = try Compactor(directory: directory.path).run(everything: true)
        #expect(try storedFields(names, directory.path) == before)
        #expect(before.values.contains { $0[2].hasSuffix("café \"x\" é") })
    }

    @Test func aQueryThatHasBegunKeepsItsView() throws {
        let directory = try TemporaryDirectory()
        let lines = try filled(directory.path, segments: 4, seed: 30)
        var found = 0
        var isMerged = false
        let store = try SegmentStore(directory: directory.path)
        // Merged between the listing and the scan, too: the scan looks again.
        _ = try Compactor(directory: directory.path).run(everything: true)
        let faults = try store.scan(ScanRequest(timeRange: .all, filter: .all)) { block in
            if !isMerged {
                isMerged = true
                for file in try files(directory.path).files {
                    try DiskFileSystem().remove(file.path)
                }
            }
            for row in 0..<block.rowCount {
                var out = ByteWriter()
                try block.appendLine(row: row, into: &out)
                found += 1
            }
            return .proceed
        }
        #expect(found == lines.count)
        #expect(faults.isEmpty)
    }

    @Test func sourcesThatACrashLeftAreNotReadTwiceAndGoLater() throws {
        let directory = try TemporaryDirectory()
        let lines = try filled(directory.path, segments: 3, seed: 40)
        let disk = DiskFileSystem()
        let sources = try files(directory.path).files
        let contents = try sources.map { try disk.readAll($0.path) }
        _ = try Compactor(directory: directory.path).run(everything: true)
        for (source, content) in zip(sources, contents) {
            let file = try disk.open(source.path, .createNew)
            try content.withView { view throws(FileError) in try file.write(view, at: 0) }
        }
        #expect(try files(directory.path).superseded.count == sources.count)
        #expect(try storedLines(directory.path).lines == lines)
        _ = try Compactor(directory: directory.path).run()
        #expect(try files(directory.path).superseded.isEmpty)
        #expect(try storedLines(directory.path).lines == lines)
    }

    /// The middle one of three, so that merging its neighbours would supersede it; damage in a block, in the footer, and a
    /// segment of a later release.
    @Test(arguments: ["block", "footer", "version"])
    func aSegmentThatCannotBeReadStaysAsItIs(_ part: String) throws {
        let directory = try TemporaryDirectory()
        _ = try filled(directory.path, segments: 3, seed: 60)
        let disk = DiskFileSystem()
        let listed = try files(directory.path).files
        let victim = try #require(
            listed.filter { file in listed.count { $0.key == file.key } == 3 }.dropFirst().first)
        var content = try disk.readAll(victim.path)
        content[part == "block" ? 40 : part == "footer" ? content.count - 40 : 8] ^= 4
        let file = try disk.open(victim.path, .readWrite)
        try content.withView { view throws(FileError) in try file.write(view, at: 0) }
        let before = try storedLines(directory.path)
        for _ in 0..<2 {
            let failures = try Compactor(directory: directory.path).run(everything: true)
            #expect(failures.map(\.key) == (part == "block" ? [victim.key] : []))
        }
        #expect(try disk.readAll(victim.path) == content)
        let after = try storedLines(directory.path)
        #expect(after.lines == before.lines)
        #expect(after.faults.count == before.faults.count)
    }

    @Test func aSegmentWithinTheRangeOfOthersIsNotSuperseded() throws {
        let directory = try TemporaryDirectory()
        let lines = try filled(directory.path, segments: 3, seed: 70)
        let listed = try files(directory.path).files
        let third = try #require(
            listed.filter { file in listed.count { $0.key == file.key } == 3 }.dropFirst(2).first)
        // As if it had been sealed again after damage: its numbers lie between those of the first and the second.
        let id = SegmentID(sequences: 2...3, journals: third.id.journals)
        let partition = DataDirectory.partition(directory.path, third.key)
        try DiskFileSystem().rename(
            third.path, to: partition + "/" + DataDirectory.segmentName(id))
        let failures = try Compactor(directory: directory.path).run(everything: true)
        #expect(try storedLines(directory.path).lines.count == lines.count, "\(failures)")
    }

    // MARK: Plan

    private func candidate(_ number: UInt64, generation: Int = 0, bytes: Int = 1 << 20)
        -> CompactionPlan.Candidate
    {
        let id = SegmentID(
            sequences: number * 10...number * 10 + 9, journals: 1...1, generation: generation)
        let key = PartitionKey(className: "production", day: CivilDate(daysSinceEpoch: 20_000))
        return CompactionPlan.Candidate(
            file: SegmentFile(key: key, id: id, path: "\(number)"), bytes: bytes,
            lastArrival: 1_000 * Timestamp.day)
    }

    private func plan(_ candidates: [CompactionPlan.Candidate], quiet: Bool = false) -> [[String]] {
        let later = quiet ? CompactionPlan.quietTime + 1 : 0
        return CompactionPlan.jobs(
            candidates.shuffled(), now: 1_000 * Timestamp.day + later, everything: false
        ).map { $0.inputs.map(\.path) }
    }

    @Test func neighboursOfOneGenerationAreMergedByEights() {
        #expect(plan((0..<7).map { candidate($0) }).isEmpty)
        #expect(plan((0..<8).map { candidate($0) }) == [(0..<8).map { "\($0)" }])
        #expect(plan((0..<3).map { candidate($0, bytes: 900) }).isEmpty)
        #expect(plan((0..<4).map { candidate($0, bytes: 900) }) == [["0", "1", "2", "3"]])
        let mixed = [candidate(0, generation: 1)] + (1..<8).map { candidate($0) }
        #expect(plan(mixed).isEmpty)
    }

    @Test func whatIsQuietBecomesOneAndCold() {
        let mixed = [candidate(0, generation: 1), candidate(1)]
        #expect(plan(mixed).isEmpty)
        #expect(plan(mixed, quiet: true) == [["0", "1"]])
        #expect(plan([candidate(0)], quiet: true) == [["0"]])
        #expect(plan([candidate(0, generation: 3)], quiet: true).isEmpty)
        let large = CompactionPlan.outputBytesMax / 2 + 1
        let two = [candidate(0, generation: 1, bytes: large), candidate(1, bytes: large)]
        #expect(plan(two, quiet: true) == [["1"]])
    }
}
