import LogBytes
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

@Suite struct TrustedClockTests {
    private static let day = Timestamp.day

    @Test func timePassesAsTheMonotonicClockSays() throws {
        let bench = try RetentionBench()
        let clock = bench.writer.trustedClock
        #expect(clock.now() == bench.time)
        bench.clock.advance(5 * Self.day)
        #expect(clock.now() == bench.time)
        #expect(clock.arrivalTime() == bench.time)
        bench.offset = 3 * Self.day
        #expect(clock.now() == bench.time)
        #expect(clock.arrivalTime() == bench.time + 3 * Self.day)
        #expect(clock.pause == nil)
        bench.offset = -3 * Self.day
        #expect(clock.now() == bench.time - 3 * Self.day)
        #expect(clock.arrivalTime() == bench.time)
        bench.offset = 7 * Self.day + 1
        #expect(clock.pause?.clock == bench.time + 7 * Self.day + 1)
        #expect(clock.pause?.expected == bench.time)
        bench.offset = 7 * Self.day
        #expect(clock.pause == nil)
    }

    @Test func aLeaptClockIsNeverWrittenDown() throws {
        let bench = try RetentionBench()
        let run = RetentionRun(directory: RetentionBench.directory, fileSystem: bench.process)
        #expect(run.lastKnownTime() == bench.time)
        bench.offset = 50 * 366 * Self.day
        bench.clock.advance(Self.day)
        try bench.writer.noteTime()
        #expect(run.lastKnownTime() == bench.time)
        try bench.restart(offset: -50 * 366 * Self.day)
        try bench.restart(offset: 8 * Self.day)
        let again = RetentionRun(directory: RetentionBench.directory, fileSystem: bench.process)
        #expect(again.lastKnownTime() == bench.time)
    }

    @Test func aMachineThatWasAwayForHolidaysIsBelievedAndOneForMonthsIsNot() throws {
        let bench = try RetentionBench()
        try bench.restart(after: 7 * Self.day)
        #expect(bench.writer.trustedClock.now() == bench.time)
        #expect(bench.writer.trustedClock.pause == nil)
        try bench.restart(after: 60 * Self.day)
        let clock = bench.writer.trustedClock
        #expect(clock.now() == bench.time - 60 * Self.day)
        #expect(clock.arrivalTime() == bench.time)
        #expect(
            try #require(clock.pause).description.contains(
                "is 60 days ahead of the last known time"))
    }

    @Test func aRunningWriterHearsOfAConfirmedClock() throws {
        let bench = try RetentionBench()
        try bench.write("DEBUG", own: bench.time)
        try bench.restart(after: 60 * Self.day)
        #expect(try bench.retention.run().first?.deleted == nil)
        try TrustedClock.confirm(
            directory: RetentionBench.directory, fileSystem: bench.process, clock: bench.clock)
        #expect(try bench.retention.run().compactMap(\.deleted) == ["debug/2026-01-01"])
        #expect(bench.writer.trustedClock.now() == bench.time)
        // And noting the time does not undo it.
        try bench.restart(after: 60 * Self.day)
        try TrustedClock.confirm(
            directory: RetentionBench.directory, fileSystem: bench.process, clock: bench.clock)
        try bench.writer.noteTime()
        #expect(bench.writer.trustedClock.pause == nil)
    }

    /// What this process has written itself is nobody's word, even if the call said that it had failed.
    @Test func aFailedNoteIsNoConfirmation() throws {
        let bench = try RetentionBench()
        bench.disk.setFaults { call, path in
            call == .fsyncDirectory && path.hasSuffix("/state") ? .refuse(5) : nil
        }
        bench.clock.advance(Self.day)
        #expect(throws: StoreError.self) { try bench.writer.noteTime() }
        bench.disk.setFaults { _, _ in nil }
        bench.offset = 6 * Self.day
        _ = try bench.retention.run()
        #expect(bench.writer.trustedClock.now() == bench.time)
    }

    @Test func whereNothingIsKnownTheStoredLinesAreEvidence() throws {
        func ahead(_ days: Int64, lines: Bool, isSealed: Bool) throws -> Bool {
            let bench = try RetentionBench()
            if lines {
                try bench.store(["{\"n\":1}"])
                if !isSealed {
                    try bench.writer.append([
                        LineBatch(["{}"], policy: bench.policy, arrival: bench.time).batch
                    ])
                    try bench.writer.commit()
                }
            }
            try bench.process.remove(RetentionBench.directory + "/state/clock")
            if !isSealed, lines {
                for name in try bench.partitions() {
                    for file in try bench.files(name) {
                        try bench.process.remove(
                            RetentionBench.directory + "/segments/\(name)/\(file)")
                    }
                }
            }
            bench.offset = days * Self.day
            let clock = TrustedClock(
                directory: RetentionBench.directory, fileSystem: bench.process, clock: bench.clock)
            return clock.pause != nil
        }
        #expect(try ahead(8, lines: true, isSealed: true))
        #expect(try ahead(8, lines: true, isSealed: false))
        #expect(try ahead(-8, lines: true, isSealed: true))
        #expect(try !ahead(6, lines: true, isSealed: true))
        // Nothing is stored: nothing can go.
        #expect(try !ahead(8, lines: false, isSealed: true))
    }

    @Test func confirmingNeedsADataDirectory() throws {
        let error = try #require(throws: StoreError.self) {
            try TrustedClock.confirm(
                directory: "/nowhere", fileSystem: MemoryFileSystem(), clock: ManualClock(5))
        }
        #expect(error.description.contains("no data directory /nowhere"))
    }
}
