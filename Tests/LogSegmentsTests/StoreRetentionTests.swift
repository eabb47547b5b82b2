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

@Suite struct StoreRetentionTests {
    private static let day = Timestamp.day

    /// Debug and production lines of the last `days` days that came in days ago.
    private func bench(days: Int64) throws -> RetentionBench {
        let bench = try RetentionBench()
        for age in 0..<days {
            try bench.write("DEBUG", own: bench.time - age * Self.day)
            try bench.write(own: bench.time - age * Self.day)
        }
        bench.clock.advance(RetentionPlan.arrivalGrace)
        return bench
    }

    // MARK: What goes

    @Test func aDayGoesWhenItsNewestLineIsOlderThanItsClassAllows() throws {
        let bench = try bench(days: 1)
        bench.clock.advance(6 * Self.day)
        #expect(try bench.retention.run() == [])
        bench.clock.advance(1)
        let events = try bench.retention.run()
        #expect(try bench.partitions() == ["production/2026-01-01"])
        #expect(try bench.numbers() == [1])
        #expect(events.count == 1)
        let text = try #require(events.first).description
        #expect(text.hasPrefix("deleted class debug, 2026-01-01: 1 lines, "))
        #expect(
            text.hasSuffix(
                "newest line of 2026-01-01T12:00:00Z, at 2026-01-08T12:00:00Z: "
                    + "its newest line is older than 7 days"))
        bench.clock.advance(23 * Self.day)
        #expect(try bench.retention.run().compactMap(\.deleted) == ["production/2026-01-01"])
        #expect(try bench.partitions() == [])
        // The directories of classes stay, and the store can be written as before.
        try bench.write(own: bench.time)
        #expect(try bench.numbers() == [2])
    }

    @Test func aLineKeepsItsWholeDay() throws {
        let bench = try RetentionBench()
        try bench.write("DEBUG", own: bench.time - 11 * RetentionBench.hour)
        try bench.write("DEBUG", own: bench.time)
        bench.clock.advance(7 * Self.day)
        #expect(try bench.retention.run() == [])
        #expect(try bench.numbers() == [0, 1])
    }

    @Test func oneRunTakesTheTwoOldestDaysOfEachClass() throws {
        let bench = try bench(days: 5)
        bench.clock.advance(60 * Self.day)
        let first = try bench.retention.run().compactMap(\.deleted)
        #expect(
            first == [
                "debug/2025-12-28", "production/2025-12-28", "debug/2025-12-29",
                "production/2025-12-29",
            ])
        #expect(try bench.partitions().count == 6)
        // A full disk asks for more, and so does somebody who asks by hand.
        #expect(try bench.retention.freeExpired().count == 6)
        #expect(try bench.partitions() == [])
    }

    @Test func anOldLogThatWasPipedInStaysForADay() throws {
        let bench = try RetentionBench()
        try bench.write("DEBUG", own: bench.time - 300 * Self.day)
        bench.clock.advance(RetentionPlan.arrivalGrace - 1)
        #expect(try bench.retention.run() == [])
        // More lines of that day came in.
        try bench.write("DEBUG", own: bench.time - 301 * Self.day)
        bench.clock.advance(RetentionPlan.arrivalGrace - 1)
        #expect(try bench.retention.run() == [])
        bench.clock.advance(1)
        #expect(try bench.retention.run().compactMap(\.deleted) == ["debug/2025-03-07"])
    }

    @Test func aFullDiskAsksForWhatCameInToday() throws {
        let bench = try RetentionBench()
        try bench.write("DEBUG", own: bench.time - 300 * Self.day)
        try bench.write("DEBUG", own: bench.time)
        #expect(try bench.retention.freeExpired().compactMap(\.deleted) == ["debug/2025-03-07"])
        #expect(try bench.numbers() == [1])
    }

    @Test func aClassThatNobodyKnowsStays() throws {
        let bench = try bench(days: 1)
        bench.clock.advance(900 * Self.day)
        let policy = try testPolicy("errors 1 day level:ERROR\nproduction 30 days *\n")
        let retention = StoreRetention(
            directory: RetentionBench.directory, policy: policy, fileSystem: bench.process,
            clock: bench.writer.trustedClock)
        #expect(try retention.run().compactMap(\.deleted) == ["production/2026-01-01"])
        #expect(try bench.partitions() == ["debug/2026-01-01"])
    }

    // MARK: Exactly what was planned

    /// A writer that seals into a partition between the decision and the deed.
    private final class SealingFileSystem: FileSystem {
        let base: MemoryFileSystem
        let isAt: @Sendable (String) -> Bool
        let seal: @Sendable () -> Void

        init(
            _ base: MemoryFileSystem, at isAt: @escaping @Sendable (String) -> Bool,
            _ seal: @escaping @Sendable () -> Void
        ) {
            self.base = base
            self.isAt = isAt
            self.seal = seal
        }

        func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any OpenFile {
            try base.open(path, mode)
        }
        func list(_ directory: String) throws(FileError) -> [DirectoryEntry] {
            try base.list(directory)
        }
        func makeDirectory(_ path: String) throws(FileError) -> Bool {
            try base.makeDirectory(path)
        }
        func rename(_ path: String, to newPath: String) throws(FileError) {
            try base.rename(path, to: newPath)
        }
        func remove(_ path: String) throws(FileError) {
            if isAt(path) { seal() }
            try base.remove(path)
        }
        func removeDirectory(_ path: String) throws(FileError) {
            if isAt(path) { seal() }
            try base.removeDirectory(path)
        }
        func synchronizeDirectory(_ path: String) throws(FileError) {
            try base.synchronizeDirectory(path)
        }
    }

    @Test(arguments: [true, false])
    func aSegmentThatCameAfterThePlanStays(isLate: Bool) throws {
        let bench = try bench(days: 1)
        bench.clock.advance(60 * Self.day)
        let once = CallCounter()
        nonisolated(unsafe) let late = bench
        let system = SealingFileSystem(bench.process) { path in
            path.contains("/debug/") && path.hasSuffix(".segment") != isLate && once.next() == 0
        } _: {
            do {
                try late.write("DEBUG", own: RetentionBench.start)
                // A partition whose turn comes later.
                try late.write(own: RetentionBench.start)
            } catch {
                Issue.record("\(error)")
            }
        }
        let retention = StoreRetention(
            directory: RetentionBench.directory, policy: bench.policy, fileSystem: system,
            clock: bench.writer.trustedClock)
        let events = try retention.run()
        #expect(
            events.compactMap(\.deleted) == ["debug/2026-01-01", "production/2026-01-01"])
        #expect(try bench.numbers() == [2, 3])
        #expect(try bench.files("debug/2026-01-01").count == 1)
        // They go in their turn.
        bench.clock.advance(Self.day)
        #expect(try bench.retention.run().count == 2)
        #expect(try bench.partitions() == [])
    }

    @Test func temporaryFilesAndForeignOnesStayAndWhatWasSetAsideGoes() throws {
        let bench = try bench(days: 1)
        let partition = RetentionBench.directory + "/segments/debug/2026-01-01"
        for name in ["x.segment.tmp", "notes.txt", "0.segment.damaged"] {
            _ = try bench.process.open(partition + "/" + name, .createNew)
        }
        bench.clock.advance(8 * Self.day)
        _ = try bench.retention.run()
        #expect(try bench.files("debug/2026-01-01") == ["notes.txt", "x.segment.tmp"])
    }

    @Test func aDirectoryThatACrashHasLeftEmptyGoes() throws {
        let bench = try bench(days: 1)
        for (name, isLeft) in [("2025-06-01", false), ("2026-01-08", true)] {
            _ = try bench.process.makeDirectory(
                RetentionBench.directory + "/segments/debug/" + name)
            #expect(try bench.retention.run() == [])
            #expect(try bench.partitions().contains("debug/" + name) == isLeft)
        }
    }

    @Test func aCallThatFailsIsToldAndDoneAgain() throws {
        let bench = try bench(days: 2)
        bench.clock.advance(8 * Self.day)
        bench.disk.setFaults { call, path in
            call == .remove && path.contains("2025-12-31") ? .refuse(EIO) : nil
        }
        let events = try bench.retention.run()
        #expect(events.compactMap(\.deleted) == ["debug/2026-01-01"])
        #expect(events.count == 2)
        #expect(
            events[0].description.hasPrefix(
                "class debug, 2025-12-31 should go (its newest line is older than 7 days) and could "
                    + "not be deleted: cannot "))
        bench.disk.setFaults { _, _ in nil }
        #expect(try bench.retention.run().compactMap(\.deleted) == ["debug/2025-12-31"])
    }

    // MARK: What cannot be read

    private func spoil(_ bench: RetentionBench, at offset: Int, _ body: (inout UInt8) -> Void)
        throws
    {
        let name = try #require(try bench.files("debug/2026-01-01").first)
        let path = RetentionBench.directory + "/segments/debug/2026-01-01/" + name
        var bytes = try bench.process.readAll(path)
        body(&bytes[offset < 0 ? bytes.count + offset : offset])
        let file = try bench.process.open(path, .readWrite)
        try bytes.withView { view throws(FileError) in try file.write(view, at: 0) }
    }

    /// When its newest line is not known, the end of its day is what no line is behind.
    @Test func aDamagedSegmentGoesWhenAllOfItsDayMay() throws {
        let bench = try bench(days: 1)
        try spoil(bench, at: -10) { $0 ^= 0x55 }
        bench.clock.advance(6 * Self.day + 12 * RetentionBench.hour - 1)
        #expect(try bench.retention.run() == [])
        bench.clock.advance(1)
        #expect(try bench.retention.run().compactMap(\.deleted) == ["debug/2026-01-01"])
    }

    @Test func aSegmentOfANewerReleaseIsLeftUntouched() throws {
        let bench = try bench(days: 1)
        let name = try #require(try bench.files("debug/2026-01-01").first)
        let path = RetentionBench.directory + "/segments/debug/2026-01-01/" + name
        var header = ByteWriter(capacity: 16)
        header.append(ByteView("WEIRSEGM"))
        header.append(fixed: UInt32(99))
        header.append(fixed: Checksum.crc32c(header.view))
        try bench.process.open(path, .readWrite).write(header.view, at: 0)
        bench.clock.advance(900 * Self.day)
        #expect(
            try bench.retention.freeExpired().compactMap(\.deleted) == ["production/2026-01-01"])
        #expect(try bench.retention(maxDiskBytes: 1).run().compactMap(\.deleted) == [])
        #expect(try bench.files("debug/2026-01-01") == [name])
    }

    // MARK: Beside readers and power cuts

    @Test func aReaderThatHasAPartitionOpenReadsItToItsEnd() throws {
        let bench = try bench(days: 1)
        bench.clock.advance(60 * Self.day)
        let store = try SegmentStore(
            directory: RetentionBench.directory, fileSystem: bench.process)
        var lines = 0
        let faults = try store.scan(ScanRequest(timeRange: .all, filter: .all)) { block in
            if lines == 0 { _ = try bench.retention.freeExpired() }
            for row in 0..<block.rowCount {
                var out = ByteWriter()
                try block.appendLine(row: row, into: &out)
                lines += 1
            }
            return .proceed
        }
        #expect(lines == 2)
        #expect(faults.isEmpty)
        #expect(try bench.partitions() == [])
    }

    @Test func afterAPowerCutThereIsNoLineThatIsNotWholeAndTheNextRunEndsTheJob() throws {
        let bench = try bench(days: 3)
        bench.clock.advance(60 * Self.day)
        _ = try bench.retention.freeExpired()
        for image in CrashStates(bench.disk.trace, on: DiskImage(), perPointMax: 40)
            .atTheEnd(seed: 7)
        {
            let system = MemoryFileSystem(MemoryDisk(image))
            let writer = try StoreWriter(
                directory: RetentionBench.directory, policy: bench.policy, fileSystem: system,
                clock: bench.clock)
            #expect(writer.recovery.damages == [])
            let stored = try storedLines(RetentionBench.directory, fileSystem: system)
            #expect(stored.faults.isEmpty)
            try TrustedClock.confirm(
                directory: RetentionBench.directory, fileSystem: system, clock: bench.clock)
            let retention = StoreRetention(
                directory: RetentionBench.directory, policy: bench.policy, fileSystem: system,
                clock: writer.trustedClock)
            for event in try retention.freeExpired() { #expect(event.deleted != nil) }
            #expect(
                try storedLines(RetentionBench.directory, fileSystem: system).lines.isEmpty)
        }
    }
}
