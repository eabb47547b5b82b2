import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// The machine's clock leaps, by anything from a second to fifty years, in both directions: no line goes before its time.
@Suite struct RetentionClockTests {
    private static let second = Timestamp.second
    private static let day = Timestamp.day

    /// From ±1 s to ±50 y.
    static let leaps: [Int64] = {
        let day: Int64 = 86_400
        let week = 7 * day
        let year = 366 * day
        let seconds: [Int64] = [
            1, 60, 3_600, day, 6 * day, week - 1, week + 1, 8 * day, 30 * day, 31 * day, year,
            10 * year, 50 * year,
        ]
        return seconds.flatMap { [$0 * Timestamp.second, -$0 * Timestamp.second] }
    }()

    /// Leaps of which a start knows that they are wrong, however long nobody was there before.
    private static let knowableLeaps = leaps.filter { $0.magnitude > UInt64(40 * day) }

    // MARK: One leap

    /// Partitions of all ages, up to a day short of what their class allows.
    private func filled() throws -> RetentionBench {
        let bench = try RetentionBench()
        for age in stride(from: Int64(29), through: 0, by: -1) {
            let then = RetentionBench.start - age * Self.day
            try bench.write(own: then)
            if age < 7 { try bench.write("DEBUG", own: then) }
        }
        // Older than the grace that fresh arrivals have.
        bench.clock.advance(23 * RetentionBench.hour)
        try bench.writer.noteTime()
        return bench
    }

    @Test(arguments: leaps)
    func aLeapWhileTheWriterRunsDeletesNothingEarly(leap: Int64) throws {
        let bench = try filled()
        bench.offset = leap
        for hours in [0, 1, 1, 5, 20] {
            bench.clock.advance(Int64(hours) * RetentionBench.hour)
            _ = try bench.retention.run()
            _ = try bench.retention.freeExpired()
            try bench.writer.noteTime()
            #expect(try bench.earliest() == nil, "after \(leap / Self.second) s")
        }
        // Right again, and everything goes on.
        bench.offset = 0
        bench.clock.advance(40 * Self.day)
        for _ in 0..<40 { _ = try bench.retention.run() }
        #expect(try bench.numbers().isEmpty)
    }

    @Test(arguments: leaps)
    func aLeapBetweenTwoWritersIsNoticedFromAWeekOn(leap: Int64) throws {
        let bench = try filled()
        try bench.restart(offset: leap)
        let events = try bench.retention.run() + bench.retention.freeExpired()
        let isUnknowable = leap.magnitude <= UInt64(7 * Self.day)
        if isUnknowable {
            // The bound: what would have gone a week later.
            #expect(try bench.earliest() ?? 0 <= max(leap, 0))
        } else {
            #expect(try bench.earliest() == nil)
            #expect(events.count == 2)
            for case .paused(let pause) in events {
                #expect(pause.description.contains("run `weir retention --confirm-clock`"))
                #expect(pause.description.contains(leap > 0 ? "ahead of" : "behind"))
            }
        }
    }

    @Test(arguments: leaps)
    func whatComesInUnderAWrongClockIsKeptForItsTime(leap: Int64) throws {
        let bench = try filled()
        bench.offset = leap
        try bench.write(own: nil)
        try bench.write("DEBUG", own: nil)
        try bench.write("DEBUG", own: bench.time)
        bench.offset = 0
        try bench.restart()
        for _ in 0..<20 {
            bench.clock.advance(Self.day / 2)
            _ = try bench.retention.run()
            #expect(try bench.earliest() == nil)
        }
    }

    // MARK: Histories

    private func step(
        _ bench: RetentionBench, _ random: inout SeededGenerator, restartLeaps: [Int64],
        downtimes: [Int64]
    ) throws -> Int64 {
        switch random.below(10) {
        case 0, 1:
            let own = random.below(2) == 0 ? bench.time : nil
            try bench.write(random.pick(["DEBUG", "INFO"]), own: own)
        case 2, 3:
            let hours = random.pick([1, 5, 24, 3 * 24, 8 * 24, 31 * 24])
            bench.clock.advance(Int64(hours) * RetentionBench.hour)
        case 4, 5: bench.offset = random.below(3) == 0 ? 0 : random.pick(Self.leaps)
        case 6: try bench.writer.noteTime()
        case 7:
            let downtime = random.pick(downtimes)
            try bench.restart(offset: random.pick(restartLeaps), after: downtime)
            return 7 * Self.day + downtime
        case 8: _ = try bench.retention.freeExpired()
        default: _ = try bench.retention.run()
        }
        return 0
    }

    /// If the clock is right at each start, or so wrong that it shows, nothing is ever deleted early.
    @Test(arguments: 0..<60 as Range<UInt64>)
    func noHistoryOfLeapsDeletesAnythingEarly(seed: UInt64) throws {
        let bench = try RetentionBench()
        var random = SeededGenerator(seed: seed)
        for number in 0..<60 {
            _ = try step(
                bench, &random, restartLeaps: [0, 0] + Self.knowableLeaps, downtimes: [0])
            #expect(try bench.earliest() == nil, "seed \(seed), step \(number)")
        }
        // Nothing is kept for ever either, once the clock is right and somebody has said so.
        bench.offset = 0
        try TrustedClock.confirm(
            directory: RetentionBench.directory, fileSystem: bench.process, clock: bench.clock)
        bench.clock.advance(2 * Self.day)
        let last = bench.written.count
        try bench.write("DEBUG", own: bench.time)
        bench.clock.advance(7 * Self.day)
        _ = try bench.retention.freeExpired()
        #expect(try bench.numbers().contains(last), "seed \(seed)")
        bench.clock.advance(1)
        _ = try bench.retention.freeExpired()
        #expect(try !bench.numbers().contains(last), "seed \(seed)")
        #expect(try bench.earliest() == nil, "seed \(seed)")
    }

    /// Where a start may find a clock that is wrong by less than a week, or after somebody was away for long, each start brings
    /// deletion nearer by that at most.
    @Test(arguments: 1_000..<1_040 as Range<UInt64>)
    func leapsThatNobodyCanKnowAreBounded(seed: UInt64) throws {
        let bench = try RetentionBench()
        var random = SeededGenerator(seed: seed)
        var bound: Int64 = 0
        for number in 0..<60 {
            bound += try step(
                bench, &random, restartLeaps: [0] + Self.leaps,
                downtimes: [0, RetentionBench.hour, 5 * Self.day])
            #expect(try bench.earliest() ?? 0 <= bound, "seed \(seed), step \(number)")
        }
    }
}
