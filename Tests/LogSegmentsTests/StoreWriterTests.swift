import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

@Suite struct StoreWriterTests {
    @Test func everyLineComesBackByteForByteFromJournalAndFromSegments() throws {
        for seed in 0..<6 as Range<UInt64> {
            let directory = try TemporaryDirectory()
            let policy = try testPolicy()
            let lines = randomLines(3_000, seed: seed)
            let writer = try StoreWriter(directory: directory.path, policy: policy)
            let table = ShapeTable()
            var start = 0
            var random = SeededGenerator(seed: seed)
            while start < lines.count {
                let end = min(start + Int.random(in: 1...400, using: &random), lines.count)
                let lines = LineBatch(Array(lines[start..<end]), policy: policy, table: table)
                try writer.append([lines.batch])
                start = end
            }
            let before = try storedLines(directory.path)
            #expect(before.lines == lines)
            #expect(before.faults.isEmpty)

            let sealed = try writer.close()
            #expect(sealed.reduce(0) { $0 + $1.lines } == lines.count)
            let after = try storedLines(directory.path)
            #expect(after.lines == lines)
            #expect(after.sequences == before.sequences)
            #expect(after.faults.isEmpty)
        }
    }

    /// A segment is built in the memory of the one before it, which may have been smaller or far larger.
    @Test func segmentsOfVeryDifferentSizesComeBack() throws {
        let directory = try TemporaryDirectory()
        let policy = try testPolicy()
        let writer = try StoreWriter(directory: directory.path, policy: policy)
        var lines: [String] = []
        for (seed, count) in [20, 4_000, 5_000, 30, 10, 6_000, 1].enumerated() {
            let fresh = randomLines(count, seed: UInt64(seed))
            try writer.append([LineBatch(fresh, policy: policy).batch])
            #expect(try writer.seal().reduce(0) { $0 + $1.lines } == count)
            lines += fresh
            #expect(try storedLines(directory.path).lines == lines)
        }
    }

    @Test func fieldsReadTheSameFromJournalAndFromSegments() throws {
        let directory = try TemporaryDirectory()
        let policy = try testPolicy()
        let lines = LineBatch(randomLines(2_000, seed: 9), policy: policy)
        let writer = try StoreWriter(directory: directory.path, policy: policy)
        try writer.append([lines.batch])
        let names = ["level", "duration_ms", "_msg", "n", "a.b.n", "key7", "nothing"]
        let before = try storedFields(names, directory.path)
        _ = try writer.close()
        let after = try storedFields(names, directory.path)
        for (sequence, values) in before { #expect(after[sequence] == values) }
        #expect(after.count == before.count)
        #expect(before.values.contains { $0[0] == "ERROR" })
        #expect(before.values.contains { $0[2].hasSuffix("café \"x\" é") })
    }

    @Test func aWriterThatDiedLeavesEveryCommittedLineToTheNext() throws {
        let directory = try TemporaryDirectory()
        let policy = try testPolicy()
        let lines = randomLines(500, seed: 3)
        do {
            let writer = try StoreWriter(directory: directory.path, policy: policy)
            try writer.append([LineBatch(lines, policy: policy).batch])
            try writer.commit()
            // No close: the process is gone.
        }
        let writer = try StoreWriter(directory: directory.path, policy: policy)
        #expect(writer.recovery.lines == lines.count)
        #expect(try storedLines(directory.path).lines == lines)
        try writer.append([LineBatch(["behind"], policy: policy).batch])
        _ = try writer.close()
        #expect(try storedLines(directory.path).lines == lines + ["behind"])
    }

    @Test func aSecondWriterIsRefused() throws {
        let directory = try TemporaryDirectory()
        let policy = try testPolicy()
        let first = try StoreWriter(directory: directory.path, policy: policy)
        do {
            _ = try StoreWriter(directory: directory.path, policy: policy)
            Issue.record("a second writer got in")
        } catch {
            #expect(error.description.contains("is in use by another weir"))
        }
        _ = try first.close()
    }

    @Test func aTornTailIsCutAndTheLinesBeforeItStay() throws {
        let policy = try testPolicy()
        let disk = DiskFileSystem()
        let directory = try TemporaryDirectory()
        do {
            let writer = try StoreWriter(directory: directory.path, policy: policy)
            for line in ["one", "two", "three"] {
                try writer.append([LineBatch([line], policy: policy).batch])
            }
            // Without a commit: what was promised and is gone is no torn tail.
        }
        let journals = directory.path + "/journal"
        let name = try #require(try disk.list(journals).first?.name)
        let bytes = try disk.readAll(journals + "/" + name)
        for length in 0..<bytes.count {
            let copy = try TemporaryDirectory()
            try disk.makeDirectories(copy.path + "/journal")
            let file = try disk.open(copy.path + "/journal/" + name, .createNew)
            try Array(bytes[..<length]).withView { view throws(FileError) in
                try file.write(view, at: 0)
            }
            let writer = try StoreWriter(directory: copy.path, policy: policy)
            _ = try writer.close()
            let stored = try storedLines(copy.path).lines
            #expect(stored == Array(["one", "two", "three"].prefix(stored.count)))
            #expect(writer.recovery.damages.isEmpty)
            if length == bytes.count - 1 { #expect(stored.count == 2) }
        }
    }

    /// More partitions than have a builder of their own: their lines are held as they are until they are sealed.
    @Test(arguments: [false, true]) func linesSpreadOverManyDaysComeBack(dies: Bool) throws {
        let directory = try TemporaryDirectory()
        let policy = try testPolicy()
        var random = SeededGenerator(seed: 12)
        let lines = (0..<1_200).map { number -> String in
            let day = Int.random(in: 10...28, using: &random)
            let month = Int.random(in: 1...9, using: &random)
            let kind = ["{", "{ "].randomElement(using: &random) ?? "{"
            return "\(kind)\"timestamp\":\"2024-0\(month)-\(day)T10:00:00Z\",\"n\":\(number)}"
        }
        do {
            let writer = try StoreWriter(directory: directory.path, policy: policy)
            for start in stride(from: 0, to: lines.count, by: 100) {
                let part = Array(lines[start..<start + 100])
                try writer.append([LineBatch(part, policy: policy).batch])
            }
            try writer.commit()
            if !dies {
                let sealed = try writer.close()
                #expect(sealed.reduce(0) { $0 + $1.lines } == lines.count)
                #expect(Set(sealed.map(\.key)).count == sealed.count)
                #expect(sealed.count > 128)
            }
        }
        if dies {
            let next = try StoreWriter(directory: directory.path, policy: policy)
            #expect(next.recovery.lines == lines.count)
            _ = try next.close()
        }
        let stored = try storedLines(directory.path)
        #expect(stored.lines == lines)
        #expect(stored.faults.isEmpty)
    }
}
