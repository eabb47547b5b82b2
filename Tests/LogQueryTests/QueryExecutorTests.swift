import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogQuery

/// How rows come out: their order, how many, and what it costs.
@Suite struct QueryExecutorTests {
    private let now = CaseTests.now

    private func parse(_ query: String) throws -> Query {
        try QueryParser.parse(query, now: now)
    }

    /// A store of `count` lines in blocks whose times overlap; line i has the id i and comes i-th by time.
    private func overlapping(_ count: Int, seed: UInt64) -> InMemoryStore {
        var random = SeededGenerator(seed: seed)
        var parts = [[Int]](repeating: [], count: 12)
        for id in 0..<count { parts[(id / 40 + random.below(4)) % parts.count].append(id) }
        let store = InMemoryStore()
        for part in parts {
            let lines = part.map { id in
                let time = Timestamp.text(now + Int64(id / 2) * Timestamp.second)
                return #"{"timestamp":"\#(time)","id":\#(id),"k":"k\#(id % 7)","n":\#(id % 100)}"#
            }
            (lines.joined(separator: "\n") + "\n").withView { store.append($0, arrivalTime: now) }
        }
        return store
    }

    private func ids(_ query: String, _ store: InMemoryStore, newest: Int? = nil) throws -> [Int] {
        try Output.rows(parse(query + " | fields id"), store: store, newest: newest).map { row in
            Int(row.filter(\.isNumber)) ?? -1
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func rowsComeByTime(_ seed: UInt64) throws {
        let store = overlapping(1_000, seed: seed)
        // Two lines share each time; which comes first depends on arrival, so halves are compared.
        #expect(try ids("*", store).map { $0 / 2 } == (0..<1_000).map { $0 / 2 })
        #expect(try ids("* | limit 10", store).map { $0 / 2 } == (0..<10).map { $0 / 2 })
        #expect(try ids("* | offset 990", store).map { $0 / 2 } == (990..<1_000).map { $0 / 2 })
        #expect(try ids("n:<5 | limit 7", store).map { $0 / 2 } == [0, 0, 1, 1, 2, 50, 50])
    }

    @Test func equalTimesComeByArrival() throws {
        let store = InMemoryStore()
        for id in 0..<50 {
            #"{"timestamp":"2024-05-01T00:00:00Z","id":\#(id)}"#.withView {
                store.append($0, arrivalTime: now)
            }
        }
        #expect(try ids("*", store) == Array(0..<50))
        #expect(try ids("*", store, newest: 3) == [47, 48, 49])
        #expect(try ids("* | sort by (gone)", store) == Array(0..<50))
    }

    @Test func newest() throws {
        let store = overlapping(1_000, seed: 9)
        #expect(try ids("*", store, newest: 4).map { $0 / 2 } == [498, 498, 499, 499])
        #expect(try ids("k:k3", store, newest: 2) == (0..<1_000).filter { $0 % 7 == 3 }.suffix(2))
        #expect(try ids("*", store, newest: 0) == [])
        #expect(try ids("*", store, newest: 5_000).count == 1_000)
        #expect(try ids("* | limit 3", store, newest: 2).map { $0 / 2 } == [0, 0])
    }

    private func report(_ query: String, _ store: InMemoryStore, newest: Int? = nil) throws
        -> QueryReport
    {
        let sink = OutputFormat.raw.makeSink(OutputOptions()) { _ in }
        return try QueryExecutor.run(parse(query), store: store, newest: newest, into: sink)
    }

    @Test func limitEndsTheScan() throws {
        let store = InMemoryStore()
        for id in 0..<100 {
            let time = Timestamp.text(now + Int64(id) * Timestamp.second)
            "{\"timestamp\":\"\(time)\",\"id\":\(id)}".withView {
                store.append($0, arrivalTime: now)
            }
        }
        #expect(try report("*", store).blocksRead == 100)
        #expect(try report("* | limit 3", store).blocksRead <= 4)
        #expect(try report("*", store, newest: 3).blocksRead <= 4)
        #expect(try report("* | uniq by (gone, id) limit 5", store).blocksRead <= 7)
        let some = try report("_time:2024-05-02T00:00 id:>50", store)
        #expect(some.rowsMatched == 9)
        #expect(some.rowsGiven == 9)
        #expect(some.blocksRead == 60)
    }

    @Test func memoryIsBounded() throws {
        let store = overlapping(2_000, seed: 3)
        for query in [
            "* | stats by (id) count()", "* | sort by (n)", "* | uniq by (id)",
            "* | stats count_uniq(id)", "*",
        ] {
            let sink = OutputFormat.raw.makeSink(OutputOptions()) { _ in }
            let failure = #expect(throws: QueryFailure.self) {
                try QueryExecutor.run(
                    parse(query), store: store, memoryBytesMax: 10_000, into: sink)
            }
            #expect(failure?.description.contains("needs more than") == true)
            _ = try QueryExecutor.run(
                parse(query), store: store, memoryBytesMax: 4 << 20, into: sink)
        }
        // A sort with a limit holds only what it wants.
        let sink = OutputFormat.raw.makeSink(OutputOptions()) { _ in }
        _ = try QueryExecutor.run(
            parse("* | sort by (n desc) limit 3"), store: store, memoryBytesMax: 1 << 20,
            into: sink)
    }

    /// Statistics of random rows against a loop over them.
    @Test func statisticsAgreeWithALoop() throws {
        let store = overlapping(1_000, seed: 4)
        let rows = try Output.rows(
            parse("* | by (k) count() c, sum(n) s, max(n) m, count_uniq(n) u, median(n) d"),
            store: store)
        for key in 0..<7 {
            let members = (0..<1_000).filter { $0 % 7 == key }.map { $0 % 100 }
            let median = members.sorted()[members.count / 2]
            let wanted =
                #"{"k":"k\#(key)","c":"\#(members.count)","s":"\#(members.reduce(0, +))","#
                + #""m":"\#(members.max() ?? 0)","u":"\#(Set(members).count)","d":"\#(median)"}"#
            #expect(rows[key] == wanted)
        }
    }

    @Test func sortedLinesAreTheirBytes() throws {
        let store = InMemoryStore()
        let lines = [
            #"{ "n":2 , "x":"\u0041"}"#, "plain text",
            #"{"n":1.50,"timestamp":"2024-01-01T00:00:00Z"}"#,
        ]
        (lines.joined(separator: "\n") + "\n").withView { store.append($0, arrivalTime: now) }
        let text = try Output.text(parse("* | sort by (n)"), store: store, format: .raw)
        #expect(text == [lines[1], lines[2], lines[0]].map { $0 + "\n" }.joined())
        let times = try Output.rows(parse("* | sort by (n) | fields _time, _class"), store: store)
        #expect(times[0] == #"{"_time":"2024-05-02T00:00:00Z","_class":"production"}"#)
        #expect(times[1] == #"{"_time":"2024-01-01T00:00:00Z","_class":"production"}"#)
    }
}
