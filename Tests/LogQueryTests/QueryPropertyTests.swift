import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogQuery

/// What holds for every query: it prints as it parses, it answers without a trap, and its answer does not depend on how lines
/// were spread over blocks and threads.
@Suite struct QueryPropertyTests {
    private let now = FilterTests.now

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func printsAsItParses(_ seed: UInt64) throws {
        var pipes = RandomPipes(filters: RandomFilters(random: SeededGenerator(seed: seed)))
        var names: Set<String> = []
        var parsed = 0
        for _ in 0..<1_500 {
            let text = pipes.query()
            let query: Query
            do {
                query = try QueryParser.parse(text, now: now)
            } catch {
                // Two fields of a result may get one name; nothing else is wrong with these queries.
                let isClash =
                    error.message.contains("one of the counted")
                    || error.message.contains("would be called")
                    || error.message.contains("grouped by twice")
                    || error.message.contains("begins with one field")
                #expect(isClash, "\(text): \(error)")
                continue
            }
            parsed += 1
            for pipe in query.pipes {
                names.insert(String("\(pipe)".prefix { $0 != " " && $0 != "(" }))
            }
            let again = try QueryParser.parse(query.description, now: now)
            #expect(again == query, "\(text) prints as \(query), that as \(again)")
            if again != query { return }
        }
        #expect(parsed > 1_200)
        #expect(names.count > 35, "\(names.sorted())")
    }

    /// Random pipes over random lines, in one block on one thread, and in many on several.
    @Test(arguments: [21, 22, 23] as [UInt64])
    func answersDoNotDependOnBlocks(_ seed: UInt64) throws {
        var pipes = RandomPipes(filters: RandomFilters(random: SeededGenerator(seed: seed)))
        let lines = (0..<60).map { _ in pipes.filters.line() }
        func store(_ linesPerBlock: Int) -> InMemoryStore {
            let store = InMemoryStore()
            for start in stride(from: 0, to: lines.count, by: linesPerBlock) {
                let part = lines[start..<min(start + linesPerBlock, lines.count)]
                part.map { $0 + "\n" }.joined().withView { store.append($0, arrivalTime: now) }
            }
            return store
        }
        let whole = store(1_000)
        let parts = store(7)
        // What is any of several, what counts blocks, and sums whose last digit depends on the order of adding.
        let vague = [
            "uniq", "blocks_count", "field_values", "stddev", "rate", "avg", "sum(", "sample",
        ]
        var compared = 0
        for _ in 0..<400 {
            let text = "* | " + pipes.pipe() + " | " + pipes.pipe()
            guard let query = try? QueryParser.parse(text, now: now) else { continue }
            let one = try Output.rows(query, store: whole)
            let many = try Output.rows(query, store: parts)
            if vague.contains(where: { text.contains($0) }) { continue }
            compared += 1
            // Which field stands first may depend on the block that a row lies in; what it says may not.
            let sorted = [one, many].map { $0.map { String($0.sorted()) } }
            #expect(sorted[0] == sorted[1], "\(text)")
            if sorted[0] != sorted[1] { return }
        }
        #expect(compared > 100)
    }

    /// Every function over rows that are split in any way, each share with its own state: merged, they say the same.
    @Test(arguments: [31, 32, 33] as [UInt64])
    func statesMerge(_ seed: UInt64) throws {
        var filters = RandomFilters(random: SeededGenerator(seed: seed))
        let lines = Lines((0..<80).map { _ in filters.line() }, arrivalTime: now)
        let block = try lines.block()
        let rows = Array(0..<block.rowCount)
        for function in StatisticsFunction.all {
            let name = function.names[0]
            let arguments =
                name.hasPrefix("field_")
                ? "n, level" : name == "quantile" ? "0.7, n" : function.worksOnRows ? "" : "n"
            let query = try QueryParser.parse(
                "* | stats \(name)(\(arguments))\(function.takesLimit ? " limit 7" : "")", now: now)
            let call = try #require((query.pipes[0] as? StatsPipe)?.results[0].call)
            func state(_ rows: [Int], _ groups: (Int) -> Int32) throws -> StatisticsState {
                let state = call.makeState(call)
                state.resize(3)
                try state.take(block, rows: rows, groups: rows.map(groups))
                return state
            }
            let whole = try state(rows) { Int32($0 % 3) }
            let shares = (0..<4).map { share in
                rows.filter { _ in filters.random.below(4) == share }
            }
            var left = Set(rows)
            let merged = call.makeState(call)
            merged.resize(3)
            for share in shares {
                // Groups have other numbers in each share.
                let own = try state(share.filter { left.remove($0) != nil }) { 2 - Int32($0 % 3) }
                merged.merge(own, groups: [2, 1, 0])
            }
            merged.merge(try state(left.sorted()) { Int32($0 % 3) }, groups: [0, 1, 2])
            for group in 0..<3 {
                func text(_ state: StatisticsState) -> String {
                    var out = ByteWriter(capacity: 64)
                    state.append(group: group, into: &out)
                    return out.view.text
                }
                let (one, other) = (text(whole), text(merged))
                if ["stddev", "avg", "sum"].contains(name), let a = Double(one),
                    let b = Double(other)
                {
                    #expect(abs(a - b) <= 1e-9 * abs(a) || a.isNaN && b.isNaN, "\(name)")
                } else {
                    #expect(one == other, "\(name) of group \(group)")
                }
            }
        }
    }
}
