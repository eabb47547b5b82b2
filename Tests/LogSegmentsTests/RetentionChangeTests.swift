import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

@Suite struct RetentionChangeTests {
    private static let before = "debug 7 days level:DEBUG\nproduction 30 days *\n"

    /// What is said of a change from `before` to `text`, with lines of each of the last 20 days, of which those of debug have
    /// gone after a week.
    private func said(
        from old: String? = before, _ text: String, sinceArrival: Int64 = 2 * Timestamp.day
    ) throws -> [String] {
        let bench = try RetentionBench()
        for age in 0..<20 as Range<Int64> {
            try bench.write(own: bench.time - age * Timestamp.day)
            if age < 3 { try bench.write("DEBUG", own: bench.time - age * Timestamp.day) }
        }
        bench.clock.advance(sinceArrival)
        let stored = try StoredPartitions(
            directory: RetentionBench.directory, fileSystem: bench.process)
        return RetentionChange(
            stored, from: try old.map { try testPolicy($0) }, to: try testPolicy(text),
            now: bench.time
        ).entries.map(\.description)
    }

    @Test func theSameTimesDeleteNothing() throws {
        #expect(try said(Self.before) == [])
        #expect(try said("debug 2 weeks level:DEBUG\nproduction 1 year *\n") == [])
        // Shorter, and nothing is as old as that yet.
        #expect(try said("debug 6 days level:DEBUG\nproduction 29 days *\n") == [])
    }

    @Test func shorterTimesAreSaidWithWhatTheyDelete() throws {
        let said = try said("debug 7 days level:DEBUG\nproduction 10 days *\n")
        #expect(said.count == 1)
        let text = try #require(said.first)
        // Those of 2026-01-01 minus 8 days and more, for two days have passed.
        #expect(text.hasPrefix("11 days of class production (2025-12-13 to 2025-12-23, 11 lines, "))
        #expect(
            text.hasSuffix(
                "): kept for 10 days now, not 30 days, and WILL BE DELETED, the first at "
                    + "2026-01-03T12:10:00Z"))
    }

    @Test func linesThatHaveJustComeInGoADayLater() throws {
        let said = try said(
            "debug 7 days level:DEBUG\nproduction 10 days *\n", sinceArrival: RetentionBench.hour)
        #expect(try #require(said.first).hasSuffix("the first at 2026-01-02T12:00:00Z"))
    }

    @Test func aClassThatIsGoneIsSaidToStay() throws {
        let said = try said("production 30 days *\n")
        #expect(said.count == 1)
        let text = try #require(said.first)
        #expect(text.hasPrefix("3 days of class debug (2025-12-30 to 2026-01-01, 3 lines, "))
        #expect(text.hasSuffix("the new retention.conf has no such class; they stay until one has"))
        // Who had no such class before either hears nothing.
        #expect(try self.said(from: "production 30 days *\n", "production 31 days *\n") == [])
    }

    @Test func withoutAFormerFileEverythingThatGoesIsSaid() throws {
        let said = try said(from: nil, "debug 7 days level:DEBUG\nproduction 10 days *\n")
        #expect(said.count == 1)
        #expect(try #require(said.first).contains("kept for 10 days now, and WILL BE DELETED"))
    }

    @Test func textsAreComparedByTheirLines() throws {
        let policy = try testPolicy(Self.before)
        #expect(policy.hasSameText(as: try testPolicy(String(Self.before.dropLast()))))
        #expect(!policy.hasSameText(as: try testPolicy(Self.before + "# more\n")))
    }
}
