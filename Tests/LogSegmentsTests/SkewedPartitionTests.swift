import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// Lines from more than a day ahead lie in partitions of their own, under the day on which they came.
@Suite struct SkewedPartitionTests {
    private static let ahead = "2031-05-05T05:05:05Z"
    private static let skewed = "{\"timestamp\":\"\(ahead)\",\"level\":\"INFO\",\"id\":\"#0#\"}"
    private static let number = "{\"ts\":1935723905,\"level\":\"INFO\",\"id\":\"#1#\"}"

    private func bench() throws -> RetentionBench {
        let bench = try RetentionBench()
        let own = "{\"timestamp\":\"2026-01-01T11:59:59Z\",\"level\":\"INFO\",\"id\":\"#2#\"}"
        try bench.store([Self.skewed, Self.number, own])
        return bench
    }

    private func found(_ query: String, _ bench: RetentionBench) throws -> Int {
        var out = 0
        let sink = try #require(OutputFormat.named("raw")).makeSink(OutputOptions()) { view in
            out += view.text.split(separator: "\n").count
        }
        let report = try QueryExecutor.run(
            QueryParser.parse(query, now: bench.time),
            store: SegmentStore(directory: RetentionBench.directory, fileSystem: bench.process),
            into: sink)
        #expect(report.faults.isEmpty)
        return out
    }

    @Test func theyLieApartUnderTheDayOfTheirArrival() throws {
        let bench = try bench()
        #expect(
            try bench.partitions() == ["production/2026-01-01", "production/2026-01-01-skewed"])
        #expect(try bench.numbers() == [0, 1, 2])
        // They expire by it, for a line of 2031 cannot be believed.
        bench.clock.advance(30 * Timestamp.day)
        #expect(
            try bench.retention.run().compactMap(\.deleted) == ["production/2026-01-01"])
        bench.clock.advance(1)
        #expect(
            try bench.retention.run().compactMap(\.deleted) == ["production/2026-01-01-skewed"])
        #expect(try bench.partitions() == [])
    }

    @Test func queriesFindThemByArrivalAndByTheTimeInTheLine() throws {
        func check(_ bench: RetentionBench) throws {
            #expect(try found("_time:2026-01-01", bench) == 3)
            #expect(try found("_time:2031-05-05", bench) == 0)
            #expect(try found("timestamp:=\"\(Self.ahead)\"", bench) == 1)
            #expect(try found("timestamp:\"2031-05-05T05\"*", bench) == 1)
            #expect(try found("ts:>1900000000", bench) == 1)
            #expect(try found("ts:=1935723905", bench) == 1)
        }
        let bench = try bench()
        try check(bench)
        // As well when they are in the journal still, and when they have been merged.
        let journal = try RetentionBench()
        let own = "{\"timestamp\":\"2026-01-01T11:59:59Z\",\"id\":\"#2#\"}"
        try journal.writer.append([
            LineBatch(
                [Self.skewed, Self.number, own], policy: journal.policy, arrival: journal.time
            ).batch
        ])
        try journal.writer.commit()
        try check(journal)
        try bench.store([Self.skewed.replacing("#0#", with: "#3#").replacing("2031", with: "2032")])
        let failures = try Compactor(
            directory: RetentionBench.directory, fileSystem: bench.process, clock: bench.clock
        ).run(everything: true)
        #expect(failures.isEmpty)
        #expect(try bench.files("production/2026-01-01-skewed").count == 1)
        #expect(try found("ts:=1935723905", bench) == 1)
        #expect(try found("_time:2026-01-01", bench) == 4)
    }

    @Test func recoveryPutsThemWhereTheyBelong() throws {
        let bench = try RetentionBench()
        try bench.writer.append([
            LineBatch([Self.skewed, "{\"id\":\"#1#\"}"], policy: bench.policy, arrival: bench.time)
                .batch
        ])
        try bench.writer.commit()
        bench.process.kill()
        let system = MemoryFileSystem(bench.disk)
        let writer = try StoreWriter(
            directory: RetentionBench.directory, policy: bench.policy, fileSystem: system,
            clock: bench.clock)
        #expect(writer.recovery.lines == 2)
        #expect(
            try system.list(RetentionBench.directory + "/segments/production").map(\.name)
                == ["2026-01-01", "2026-01-01-skewed"])
    }

    @Test func aCheckKnowsThemAndTheirPlace() throws {
        let bench = try bench()
        _ = try bench.writer.close()
        bench.process.kill()
        let system = MemoryFileSystem(bench.disk)
        func findings() throws -> [CheckFinding] {
            var findings: [CheckFinding] = []
            _ = try StoreCheck(directory: RetentionBench.directory, fileSystem: system).run {
                findings.append($0)
            }
            return findings
        }
        #expect(try findings() == [])
        // A segment in the wrong one of the two is brought back.
        let root = RetentionBench.directory + "/segments/production/2026-01-01"
        let name = try #require(try system.list(root + "-skewed").first?.name)
        try system.rename(root + "-skewed/" + name, to: root + "/" + name)
        try system.removeDirectory(root + "-skewed")
        #expect(try findings().contains { $0.what.contains("production, 2026-01-01-skewed, and") })
        let report = try StoreRepair(
            directory: RetentionBench.directory, fileSystem: system, clock: bench.clock
        ).run { _ in }
        #expect(report.report.failures == [])
        #expect(try findings() == [])
        #expect(try system.list(root + "-skewed").map(\.name) == [name])
    }

    @Test func statisticsShowThemApart() throws {
        let bench = try bench()
        let found = try SegmentStore(
            directory: RetentionBench.directory, fileSystem: bench.process
        ).statistics()
        #expect(found.faults.isEmpty)
        #expect(found.segments.map(\.key.dayName) == ["2026-01-01", "2026-01-01-skewed"])
        #expect(found.segments.map(\.lines) == [1, 2])
        #expect(found.segments.map(\.key.isSkewed) == [false, true])
    }
}
