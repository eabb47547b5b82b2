import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

@Suite struct LineExportTests {
    @Test func linesComeInTheOrderOfTheirArrivalFromSegmentsAndJournal() throws {
        for seed in 0..<4 as Range<UInt64> {
            let groups = (0..<3).map { randomLines(700, seed: seed * 10 + $0) }
            for sealsLast in [true, false] {
                let sample = try StoredSample(groups, sealsLast: sealsLast)
                let (lines, report) = try sample.exported()
                #expect(lines == sample.lines)
                #expect(report.lines == 2_100)
                #expect(report.bytes == sample.lines.reduce(0) { $0 + $1.utf8.count })
                #expect(report.faults.isEmpty)
            }
        }
    }

    /// A line without a time has that of its arrival, and so has one from too far ahead, which is said.
    @Test func eachLineComesWithTheTimeUnderWhichItIsStored() throws {
        let lines = [
            "{\"timestamp\":\"2025-01-18T12:00:05Z\",\"n\":1}", "{\"n\":2}", "no JSON",
            "{\"timestamp\":\"2099-01-18T12:00:05Z\",\"n\":3}",
        ]
        let own = try #require("2025-01-18T12:00:05Z".withView { Timestamp.parse($0) })
        for sealsLast in [true, false] {
            let sample = try StoredSample([lines], sealsLast: sealsLast)
            var found: [String: StoredTime] = [:]
            let report = try LineExport(directory: sample.path).runWithTimes(ExportRequest()) {
                found[$0.text] = $1
            }
            #expect(report.lines == 4)
            #expect(found[lines[0]] == StoredTime(time: own, isSkewed: false))
            for line in lines.dropFirst() {
                let time = try #require(found[line])
                #expect(time.time == 1_737_200_000 * Timestamp.second, "\(line)")
                #expect(time.isSkewed == line.contains("2099"), "\(line)")
            }
        }
    }

    /// Blocks of a share each: the blocks are larger than what may be in memory of them.
    @Test func littleMemoryGivesTheSameLines() throws {
        let long = (0..<6_000).map { number in
            "{\"timestamp\":\"2025-01-1\(number % 3 + 7)T12:00:00Z\",\"n\":\(number),\"message\":\"\(String(repeating: "x", count: 100)) \(number)\"}"
        }
        let sample = try StoredSample([long])
        #expect(try sample.exported(bufferBytesMax: 1).lines == long)
    }

    @Test func classesAndTimesChooseLines() throws {
        let sample = try StoredSample([randomLines(900, seed: 1), randomLines(300, seed: 2)])
        let all = try sample.exported().lines
        let debug = try sample.exported(ExportRequest(classes: ["debug"])).lines
        #expect(debug == all.filter { $0.contains("\"level\":\"DEBUG\"") })
        #expect(debug.count > 50)
        #expect(try sample.exported(ExportRequest(classes: ["debug", "production"])).lines == all)
        #expect(try sample.exported(ExportRequest(classes: ["alerts"])).lines.isEmpty)

        let noon = try #require("2025-01-18T12:00:30Z".withView { Timestamp.parse($0) })
        let early = try sample.exported(ExportRequest(timeRange: TimeRange(end: noon))).lines
        let late = try sample.exported(ExportRequest(timeRange: TimeRange(start: noon))).lines
        #expect(early.count > 100 && late.count > 100)
        #expect(early.count + late.count == all.count)
        // Those of the 19th lie more than a day ahead of their arrival, whose time they have.
        #expect(early.allSatisfy { !$0.contains("\"2025-01-18T12:00:4") })
        #expect(late.allSatisfy { !$0.contains("\"2025-01-17T") })
    }

    @Test func aDamagedBlockIsReportedAndTheRestComes() throws {
        let sample = try StoredSample([randomLines(900, seed: 1)])
        let segment = try #require(try sample.segments(of: "debug").first)
        let before = try sample.exported().lines
        try sample.flip(segment, 20)
        let (lines, report) = try sample.exported()
        #expect(report.faults.map(\.file) == [segment])
        #expect(lines.count < before.count)
        var rest = before[...]
        for line in lines {
            let place = try #require(rest.firstIndex(of: line))
            rest = rest[(place + 1)...]
        }
    }

    @Test func aLineThatSegmentAndJournalHoldComesOnce() throws {
        // Death between sealing and removing the journal: both are there.
        let lines = randomLines(300, seed: 4)
        var number = 0
        var both = 0
        while true {
            let directory = try TemporaryDirectory()
            let system = FaultyFileSystem(.death, at: number)
            if let writer = try? StoreWriter(
                directory: directory.path, policy: try testPolicy(), fileSystem: system),
                (try? writer.append([LineBatch(lines, policy: try testPolicy()).batch])) != nil,
                (try? writer.commit()) != nil
            {
                _ = try? writer.seal()
                var found: [String] = []
                _ = try LineExport(directory: directory.path).run(ExportRequest()) {
                    found.append($0.text)
                }
                #expect(found == lines, "death at operation \(number)")
                both += 1
            }
            if !system.hasStruck { break }
            number += 1
        }
        #expect(both > 8)
    }

    @Test func aSegmentThatGoesMeanwhileCostsOnlyItsOwnLines() throws {
        let sample = try StoredSample(
            (0..<4).map { seed in
                (0..<50).map { "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"n\":\(seed * 50 + $0)}" }
            })
        let segments = try sample.segments(of: "production")
        #expect(segments.count == 4)
        var lines: [String] = []
        let report = try LineExport(directory: sample.path).run(ExportRequest()) { line in
            if lines.isEmpty { try DiskFileSystem().remove(segments[2]) }
            lines.append(line.text)
        }
        #expect(lines == Array(sample.lines[..<100] + sample.lines[150...]))
        #expect(report.faults.isEmpty)
    }

    @Test func linesThatArriveMeanwhileAreLeftOut() throws {
        let sample = try StoredSample([["a", "b"]], sealsLast: false)
        var lines: [String] = []
        _ = try LineExport(directory: sample.path).run(ExportRequest()) { line in
            if lines.isEmpty {
                let writer = try StoreWriter(directory: sample.path, policy: sample.policy)
                try writer.append([LineBatch(["c"], policy: sample.policy).batch])
                _ = try writer.close()
            }
            lines.append(line.text)
        }
        #expect(lines == ["a", "b"])
        #expect(try sample.exported().lines == ["a", "b", "c"])
    }

    @Test func aMissingDirectoryIsAnError() throws {
        #expect(throws: StoreError.self) {
            _ = try LineExport(directory: "/nowhere/at/all").run(ExportRequest()) { _ in }
        }
    }
}
