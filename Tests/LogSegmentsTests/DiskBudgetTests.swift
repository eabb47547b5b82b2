import LogBytes
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

@Suite struct DiskBudgetTests {
    private static let policy =
        "security 2 years event:x\ndebug 7 days level:DEBUG\nproduction 30 days *\n"
    private static let today = CivilDate(year: 2026, month: 1, day: 20)
    private static let now = Int64(today.daysSinceEpoch) * Timestamp.day + Timestamp.day / 2

    /// A partition of `bytes` bytes, `age` days old.
    private func partition(
        _ name: String, _ age: Int, _ bytes: Int = 100, isSkewed: Bool = false,
        unreadable: String? = nil
    ) -> PartitionContents {
        let day = CivilDate(daysSinceEpoch: Self.today.daysSinceEpoch - age)
        var contents = PartitionContents(
            key: PartitionKey(className: name, day: day, isSkewed: isSkewed))
        contents.files = ["file"]
        contents.segments = 1
        contents.storedBytes = bytes
        contents.newest = Self.now - Int64(age) * Timestamp.day
        contents.lastArrival = contents.newest
        contents.unreadable = unreadable
        return contents
    }

    /// What goes, as `class/age`, when `partitions` and 0 bytes of journal may take `limit`.
    private func removals(
        _ partitions: [PartitionContents], used: Int? = nil, limit: Int
    ) throws -> [String] {
        let plan = RetentionPlan(partitions, policy: try testPolicy(Self.policy), now: Self.now)
        let used = used ?? partitions.reduce(0) { $0 + $1.storedBytes }
        return DiskBudget(usedBytes: used, limitBytes: limit).removals(plan).map { removal in
            let key = removal.fate.key
            let age = Self.today.daysSinceEpoch - key.day.daysSinceEpoch
            return "\(key.className)/\(age)\(key.isSkewed ? "s" : "")"
        }
    }

    @Test func nothingGoesWhileTheLimitIsKept() throws {
        #expect(try removals([partition("debug", 90)], limit: 100) == [])
        #expect(try removals([partition("debug", 90)], limit: 99) == ["debug/90"])
    }

    /// Everything there is, in the order in which it goes.
    @Test func theOrder() throws {
        let all = [
            partition("alerts", 50), partition("alerts", 0), partition("weir-audit", 60),
            partition("security", 0), partition("security", 300), partition("security", 400),
            partition("production", 0), partition("production", 1), partition("production", 29),
            partition("production", 31), partition("debug", 0), partition("debug", 2),
            partition("debug", 2, isSkewed: true), partition("debug", 6), partition("debug", 8),
            partition("former", 500), partition("alerts", 400), partition("debug", -1),
        ]
        #expect(
            try removals(all, limit: 1) == [
                "alerts/400", "production/31", "debug/8",
                "debug/6", "debug/2", "debug/2s", "production/29", "production/1", "security/400",
                "security/300", "former/500",
                "debug/0", "debug/-1", "production/0", "security/0",
                "alerts/50", "weir-audit/60", "alerts/0",
            ])
    }

    @Test func noMoreGoesThanIsNeededForFivePerCentOfAir() throws {
        let days = (1...6).map { partition("debug", $0) }
        #expect(try removals(days, limit: 599) == ["debug/6"])
        // 500 bytes are more than 95 % of 520.
        #expect(try removals(days, limit: 520) == ["debug/6", "debug/5"])
        #expect(try removals(days, limit: 527) == ["debug/6"])
        // What the journal takes has to be made up for.
        #expect(try removals(days, used: 800, limit: 599) == ["debug/6", "debug/5", "debug/4"])
    }

    @Test func whatNobodyCanReadIsNotTouched() throws {
        let days = [partition("debug", 90, unreadable: "a newer release"), partition("debug", 1)]
        #expect(try removals(days, limit: 1) == ["debug/1"])
    }

    // MARK: On a store

    @Test func theOldestDaysMakeRoomAndItIsSaidWhy() throws {
        let bench = try RetentionBench()
        for age in 0..<6 as Range<Int64> {
            try bench.write(own: bench.time - age * Timestamp.day)
            try bench.write("DEBUG", own: bench.time - age * Timestamp.day)
        }
        let used = try RetentionRun(
            directory: RetentionBench.directory, fileSystem: bench.process
        ).usedBytes()
        #expect(try bench.retention(maxDiskBytes: used).run() == [])
        let events = try bench.retention(maxDiskBytes: used - 1).run()
        #expect(events.compactMap(\.deleted) == ["debug/2025-12-27"])
        #expect(
            try #require(events.first).description.hasSuffix(
                "the data directory has \(ByteSize(used)) and --max-disk allows "
                    + "\(ByteSize(used - 1))"))
        let left = try RetentionRun(
            directory: RetentionBench.directory, fileSystem: bench.process
        ).usedBytes()
        #expect(left <= used * 95 / 100)
        #expect(try bench.retention(maxDiskBytes: used - 1).enforceLimit() == [])

        // The journal is not taken, and when it is all that is left, that is said.
        try bench.writer.append([
            LineBatch(["{}"], policy: bench.policy, arrival: bench.time).batch
        ])
        try bench.writer.commit()
        let last = try bench.retention(maxDiskBytes: 10).enforceLimit()
        #expect(try bench.partitions() == [])
        #expect(last.count == 12)
        #expect(
            try #require(last.last).description.hasSuffix("nothing is left that could be deleted"))
        #expect(
            try storedLines(RetentionBench.directory, fileSystem: bench.process).lines == ["{}"])
    }

    @Test func aPausedClockDoesNotKeepTheLimitFromBeingKept() throws {
        let bench = try RetentionBench()
        for age in 0..<3 as Range<Int64> { try bench.write(own: bench.time - age * Timestamp.day) }
        bench.offset = 400 * Timestamp.day
        let events = try bench.retention(maxDiskBytes: 700).run()
        #expect(events.first?.description.contains("nothing is deleted: the clock") == true)
        #expect(events.dropFirst().compactMap(\.deleted).first == "production/2025-12-30")
    }
}
