import LogQuery
import LogSegments
import TestSupport
import Testing

@Suite struct StoreStatisticsTests {
    @Test func columnsAddUpToTheFilesAndKnowTheirCodecs() throws {
        let lines = (0..<9_000).map { number in
            "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"level\":\"INFO\",\"n\":\(number),\"s\":\"\(number % 5)\"}"
        }
        let sample = try StoredSample([lines + ["{broken"]])
        let store = try SegmentStore(directory: sample.path)
        let (columns, faults) = store.columnStatistics()
        #expect(faults.isEmpty)
        let bytes = try sample.files("segments").reduce(0) { try $0 + sample.bytes($1).count }
        #expect(columns.reduce(0) { $0 + $1.storedBytes } == bytes)

        func column(_ path: String, _ kind: String) -> ColumnStatistics? {
            columns.first { $0.part == .column(path: path, kind: kind) }
        }
        // Two blocks: one chunk of a column in each.
        let number = try #require(column("n", "token"))
        #expect(number.values == 9_000)
        #expect(number.codecs.values.reduce(0, +) == 2)
        #expect(number.codecs.keys.allSatisfy { $0.hasPrefix("integer") })
        #expect(column("level", "string")?.codecs == ["constant": 2])
        #expect(column("nothing", "string") == nil)
        let times = try #require(columns.first { $0.part == .times })
        #expect(times.values == 9_001)

        // Columns come first, and among them the largest.
        let isColumn = columns.map(\.part.isColumn)
        #expect(isColumn == isColumn.sorted { $0 && !$1 })
        let sizes = columns.filter(\.part.isColumn).map(\.storedBytes)
        #expect(sizes == sizes.sorted(by: >))
    }

    @Test func classesAreToldApart() throws {
        let sample = try StoredSample([randomLines(900, seed: 1)])
        let store = try SegmentStore(directory: sample.path)
        let all = store.statistics().segments
        let debug = store.statistics(classes: ["debug"]).segments
        #expect(!debug.isEmpty && debug.count < all.count)
        #expect(debug.allSatisfy { $0.key.className == "debug" && $0.blocks == 1 })
        #expect(store.statistics(classes: ["none"]).segments.isEmpty)
        let shapes = store.columnStatistics(classes: ["debug"]).columns.first { $0.part == .shapes }
        #expect(shapes?.values == debug.reduce(0) { $0 + $1.lines })
    }

    @Test func aDamagedSegmentIsAFaultAndTheOthersCount() throws {
        let sample = try StoredSample([randomLines(900, seed: 1)])
        let segment = try #require(try sample.segments(of: "debug").first)
        try sample.flip(segment, try sample.bytes(segment).count - 1)
        let store = try SegmentStore(directory: sample.path)
        let (columns, faults) = store.columnStatistics()
        #expect(faults.map(\.file) == [segment])
        #expect(!columns.isEmpty)
    }
}
