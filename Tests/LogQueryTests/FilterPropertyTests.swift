import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogQuery

/// What holds for every filter: it prints as it parses, and it says the same of a record and of a block.
@Suite struct FilterPropertyTests {
    private let now = FilterTests.now

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func printsAsItParses(_ seed: UInt64) throws {
        var filters = RandomFilters(random: SeededGenerator(seed: seed))
        for _ in 0..<1_000 {
            let text = filters.filter(depth: 4)
            let filter = try QueryParser.parseFilter(text, now: now)
            let again = try QueryParser.parseFilter(filter.description, now: now)
            #expect(again == filter, "\(text) prints as \(filter), that as \(again)")
            if again != filter { return }
        }
    }

    /// What a filter says, by the letter: no order of tests, no cache, no columns.
    private func naive(_ filter: Filter, _ record: Record, _ batch: RecordBatch) -> Bool {
        switch filter {
        case .all: return true
        case .and(let filters): return filters.allSatisfy { naive($0, record, batch) }
        case .or(let filters): return filters.contains { naive($0, record, batch) }
        case .not(let inner): return !naive(inner, record, batch)
        case .time(let time):
            return record.time >= time.range.start
                && (record.time < time.range.end || time.range.end == .max)
                && time.schedule?.contains(record.time) ?? true
        case .fields(let comparison):
            func value(_ field: String) -> [UInt8] {
                if field == "_class" { return Array("production".utf8) }
                var scratch = ByteWriter(capacity: 16)
                return Array(batch.text(record, named: field, scratch: &scratch))
            }
            return value(comparison.field).withView { left in
                value(comparison.other).withView { comparison.holds(left, $0) }
            }
        case .leaf("_class", let predicate): return "production".withView { predicate.matches($0) }
        case .leaf(let field, let predicate):
            var scratch = ByteWriter(capacity: 16)
            let text = Array(batch.text(record, named: field, scratch: &scratch))
            return text.withView { predicate.matches($0) }
        }
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func recordAndBlockAgree(_ seed: UInt64) throws {
        var filters = RandomFilters(random: SeededGenerator(seed: seed))
        let batches = (0..<3).map { _ in
            Lines((0..<100).map { _ in filters.line() }, arrivalTime: now)
        }
        var matched = 0
        for _ in 0..<300 {
            let filter = try QueryParser.parseFilter(filters.filter(depth: 3), now: now)
            let onRecord = RecordFilter(filter, classNames: ["production"])
            for lines in batches + [batches[0]] {
                let rows = try filter.evaluate(lines.block())
                for row in 0..<lines.batch.records.count {
                    let record = lines.batch.records[row]
                    let wanted = naive(filter, record, lines.batch)
                    let line = lines.batch.line(record).text
                    if wanted { matched += 1 }
                    #expect(rows[row] == wanted, "\(filter) on the block of \(line)")
                    let isMatch = onRecord.matches(record, in: lines.batch)
                    #expect(isMatch == wanted, "\(filter) on the record \(line)")
                    if rows[row] != wanted || isMatch != wanted { return }
                    if wanted {
                        #expect(filter.timeRange.contains(record.time), "\(filter)")
                    }
                }
            }
        }
        // Half of all filters are true of some line, or the test says nothing.
        #expect(matched > 10_000)
    }
}
