import LogBytes
import LogQuery
import TestSupport
import Testing

@testable import LogSegments

/// What the kinds of a cold block's rows tell without the rows.
@Suite struct RowKindsTests {
    private func block(_ lines: [String], _ directory: String) throws -> SegmentBlock {
        let policy = try testPolicy()
        let writer = try StoreWriter(directory: directory, policy: policy)
        try writer.append([LineBatch(lines, policy: policy).batch])
        try writer.commit()
        _ = try writer.close()
        #expect(try Compactor(directory: directory).run(everything: true).isEmpty)
        let store = try SegmentStore(directory: directory)
        let parts = try store.parts(ScanRequest(timeRange: .all, filter: .all)).parts
        let blocks = try parts.flatMap { try $0.blocks() }.compactMap { $0 as? SegmentBlock }
        #expect(blocks.count == 1)
        return try #require(blocks.first)
    }

    /// How many rows have which value of `field`, by the rows themselves.
    private func counted(_ block: any ColumnBlock, _ field: String) throws -> [String: Int] {
        let column = try block.queryColumn(field)
        var counts: [String: Int] = [:]
        for row in 0..<block.rowCount {
            let weight = (block as? any WeightedBlock)?.weights[row] ?? 1
            counts[column.withText(row: row) { $0.text }, default: 0] += weight
        }
        return counts
    }

    @Test func kindsWeighAsMuchAsTheirRows() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 4)
        let lines = (0..<3_000).map { number -> String in
            let (level, text) = random.pick([
                ("INFO", "done"), ("ERROR", "caf\\u00e9 closed"), ("WARN", "retry \(number)"),
            ])
            let extra = random.below(5) == 0 ? ",\"logger\":\"x\\ty\"" : ""
            return
                "{\"timestamp\":\"2025-01-18T10:10:\(10 + number / 60).\(100 + random.below(900))Z\",\"level\":\"\(level)\"\(extra),\"user\":\"u\(random.below(2_000))\",\"message\":\"\(text)\"}"
        }
        let block = try block(lines, directory.path)
        let fields = ["level", "logger", "nothing"]
        let kinds = try #require(try block.rowKinds(Set(fields)))
        #expect(kinds.rowCount < 40)
        #expect(kinds.weights.reduce(0, +) == block.rowCount)
        #expect(kinds.weights.allSatisfy { $0 > 0 })
        for field in fields { #expect(try counted(kinds, field) == counted(block, field)) }
        #expect(try counted(block, "logger")["x\ty"] ?? 0 > 400)
        // What rows of one kind do not share is not told.
        #expect(try block.rowKinds(["user"]) == nil)
        #expect(try block.rowKinds(["level", "user"]) == nil)
    }
}
