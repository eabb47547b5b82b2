import Foundation
import LogBytes
import LogQuery
import LogRecords
import LogSegments
import TestSupport
import Testing

/// Random queries give the same rows, byte for byte, from the journal, from fresh segments and from compacted ones, by one
/// thread and by several, as from lines in memory that are looked at one by one.
///
/// `WEIR_QUERY_SEEDS` says how many rounds of other lines and queries, `WEIR_QUERY_LINES` of how many lines each;
/// `WEIR_QUERY_FIRST` is the first seed.
@Suite struct QueryDifferentialTests {
    private static let queriesOfRound = 40
    private static let environment = ProcessInfo.processInfo.environment
    private static let linesOfRound = environment["WEIR_QUERY_LINES"].flatMap(Int.init) ?? 2_500
    private static var seeds: Range<UInt64> {
        let first = environment["WEIR_QUERY_FIRST"].flatMap(UInt64.init) ?? 1
        let count = environment["WEIR_QUERY_SEEDS"].flatMap(UInt64.init) ?? 2
        return first..<first + count
    }

    /// The same lines in several states.
    private struct Stores {
        let memory: InMemoryStore
        let stored: [(state: String, store: SegmentStore)]
    }

    /// Requests as services log them: few shapes, levels that follow from templates, identifiers, numbers with and without a
    /// point; and among them whatever else there is.
    private static func lines(_ count: Int, seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        let others = randomLines(count / 10, seed: seed).filter { !$0.contains("\n") }
        var ids: [String] = []
        return (0..<count).map { number in
            if random.below(20) == 0 { return random.pick(others) }
            if ids.isEmpty || random.below(3) > 0 {
                let id = (0..<2).map { _ in String(random.next(), radix: 16) }.joined()
                ids = [String(repeating: "0", count: 32 - id.utf8.count) + id]
            }
            let second = number / 20
            let time =
                "2025-01-18T\(String(format: "%02d:%02d:%02d", 10 + second / 3_600, second / 60 % 60, second % 60)).\(100 + random.below(900))Z"
            // Few users are known by a dictionary, many by their numbers, with some others among them.
            let user =
                random.below(24) == 0
                ? random.pick(["null", "\"anonymous\""])
                : "\"user_\(random.below(seed % 2 == 0 ? 500 : 90_000))\""
            let (level, message) = random.pick([
                ("INFO", "Workflow \(random.below(90_000)) deleted by user_\(random.below(500))"),
                (
                    "INFO",
                    "Search for \\\"\(random.pick(["naïve", "a\\\\b", "x1 y2", ""]))\\\" returned \(random.below(4_000)) hits"
                ),
                (
                    "WARN",
                    "Upstream timeout after \(random.below(5_000)) ms, attempt \(1 + random.below(5))"
                ),
                ("ERROR", "code \(400 + random.below(200)) from cache-\(random.below(9)).internal"),
                ("DEBUG", "caf\\u00e9 \\n tab\\t\(random.below(3))"),
            ])
            let duration =
                random.below(3) == 0
                ? "\(random.below(900)).\(random.below(9))5" : "\(random.below(3_000))"
            return
                "{\"timestamp\":\"\(time)\",\"level\":\"\(level)\",\"service\":\"\(random.pick(["api", "auth", "db"]))\",\"trace_id\":\"\(ids[0])\",\"user_id\":\(user),\"duration_ms\":\(duration),\"status_code\":\(random.pick([200, 204, 404, 500])),\"message\":\"\(message)\"}"
        }
    }

    private func stores(_ lines: [String], _ directory: String) throws -> Stores {
        let policy = try testPolicy()
        let memory = InMemoryStore()
        let states = ["journal", "fresh", "compacted"]
        for part in stride(from: 0, to: lines.count, by: 900) {
            let some = Array(lines[part..<min(part + 900, lines.count)])
            let chunk = ByteChunk(holding: some.joined(separator: "\n") + "\n")
            memory.append(chunk.view, arrivalTime: 1_737_200_000 * Timestamp.second) {
                record, batch in
                policy.classes.first { type in
                    type.filter.map { RecordFilter($0).matches(record, in: batch) } ?? false
                }?.name ?? policy.classes[0].name
            }
        }
        for state in states {
            let writer = try StoreWriter(directory: directory + "/" + state, policy: policy)
            for part in stride(from: 0, to: lines.count, by: 900) {
                let some = Array(lines[part..<min(part + 900, lines.count)])
                try writer.append([LineBatch(some, policy: policy).batch])
                if state != "journal", part % 1_800 == 0 { _ = try writer.seal() }
            }
            try writer.commit()
            if state != "journal" { _ = try writer.close() }
            if state == "compacted" {
                #expect(
                    try Compactor(directory: directory + "/" + state).run(everything: true).isEmpty)
            }
        }
        return Stores(
            memory: memory,
            stored: try states.map {
                ($0, try SegmentStore(directory: directory + "/" + $0))
            })
    }

    // MARK: Queries

    private struct Questions {
        var random: SeededGenerator
        let lines: [String]

        /// A piece of some line, long or short.
        private mutating func piece() -> String {
            let line = Array(random.pick(lines).unicodeScalars)
            guard line.count > 4 else { return "x" }
            let start = random.below(line.count - 2)
            let length = 1 + random.below(random.below(3) == 0 ? 40 : 12)
            var text = String.UnicodeScalarView()
            text.append(contentsOf: line[start..<min(start + length, line.count)])
            return String(text)
        }

        private mutating func word() -> String {
            let words = random.pick(lines).split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            return words.isEmpty ? "x" : String(random.pick(words.map(String.init)))
        }

        private func quoted(_ text: String) -> String {
            "\""
                + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\t", with: "\\t").replacing("\u{0}", with: "").replacing(
                    "\u{1b}", with: "") + "\""
        }

        private mutating func condition() -> String {
            let field = random.pick([
                "", "message:", "level:", "service:", "trace_id:", "user_id:", "a.b.n:", "nothing:",
            ])
            switch random.below(14) {
            case 0, 1, 2: return field + quoted(word())
            case 3: return field + quoted(word()) + "*"
            case 4: return field + "=" + quoted(word())
            case 5: return field + "~" + quoted(String(piece().filter { $0.isLetter || $0 == " " }))
            case 6:
                return field + "~"
                    + random.pick([
                        "\"[0-9]{3} hits\"", "\"code 4..\"", "\"after [1-4]\"", "\"^$\"",
                    ])
            case 7: return field + "i(" + quoted(word().uppercased()) + ")"
            case 8:
                return "duration_ms:" + random.pick([">", "<=", "="]) + "\(random.below(3_000))"
            case 9: return "duration_ms:>1s"
            case 10: return "status_code:in(404, \(random.pick(["500", "204", "7"])))"
            case 11: return "level:>=" + random.pick(["warn", "error", "debug"])
            case 12: return "_time:2025-01-18T10:0\(random.below(3))"
            default: return "_class:" + random.pick(["debug", "production"])
            }
        }

        private mutating func filter() -> String {
            switch random.below(6) {
            case 0: "*"
            case 1: "\(condition()) or \(condition())"
            case 2: "\(condition()) !\(condition())"
            case 3: "(\(condition()) or !\(condition())) \(condition())"
            default: condition()
            }
        }

        private mutating func pipes() -> String {
            switch random.below(12) {
            case 10: " | stats count() as n"
            case 11:
                " | stats by (\(random.pick(["level", "service, level", "status_code", "_class, level", "nothing, service", "message"]))) count() as n, count() if (\(condition())) as some"
            case 0:
                " | stats by (\(random.pick(["level", "service, level", "_time:1m", "user_id"]))) count() as n, max(duration_ms) as most"
            case 1:
                " | stats count() as n, count_uniq(trace_id) as ids, count() if (\(condition())) as some"
            case 2:
                " | stats by (service) min(duration_ms) as least, quantile(0.5, duration_ms) as half"
            case 3: " | sort by (duration_ms desc, trace_id, message) | limit 7"
            case 4: " | fields _time, level, message | limit 20"
            case 5: " | uniq by (level, service)"
            default: ""
            }
        }

        mutating func query() throws -> Query {
            var query = try QueryParser.parse(
                filter() + pipes(), now: 1_737_200_000 * Timestamp.second)
            guard random.below(3) == 0 else { return query }
            var options = RawFilter.Options()
            options.isFixed = random.below(4) > 0
            options.isInverted = random.below(6) == 0
            let pattern =
                options.isFixed
                ? piece() : random.pick(["code [45][0-9]{2}\"", "user_1[0-9]*\"", "(hits|ms)"])
            query.raw = try RawFilter([pattern], options: options)
            return query
        }
    }

    private func answer(
        _ query: Query, _ store: any LogStore, threads: Int, newest: Int?
    ) throws -> String {
        var out = ByteWriter()
        let format = try #require(OutputFormat.named(query.pipes.isEmpty ? "raw" : "json"))
        let sink = format.makeSink(OutputOptions()) { out.append($0) }
        let report = try QueryExecutor.run(
            query, store: store, newest: newest, threads: threads, into: sink)
        #expect(report.faults.isEmpty)
        return out.view.text
    }

    /// The first line that is not in both, and how many lines there are; nil when all are the same.
    private func firstDifference(_ rows: String, _ expected: String) -> String? {
        if rows == expected { return nil }
        let left = rows.split(separator: "\n", omittingEmptySubsequences: false)
        let right = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let place = zip(left, right).prefix { $0 == $1 }.count
        func line(_ lines: [Substring]) -> Substring { place < lines.count ? lines[place] : "" }
        return "line \(place) of \(left.count): \(line(left)); of \(right.count): \(line(right))"
    }

    @Test(arguments: seeds) func allStatesAnswerAlike(_ seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let lines = Self.lines(Self.linesOfRound, seed: seed)
        let stores = try stores(lines, directory.path)
        var questions = Questions(random: SeededGenerator(seed: seed &+ 1_000_000), lines: lines)
        var answered = 0
        for number in 0..<Self.queriesOfRound {
            let query = try questions.query()
            let newest = number % 5 == 4 ? 3 : nil
            let expected = try answer(query, stores.memory, threads: 1, newest: newest)
            if !expected.isEmpty { answered += 1 }
            for (state, store) in stores.stored {
                for threads in [1, 3] {
                    let rows = try answer(query, store, threads: threads, newest: newest)
                    let place = "seed \(seed), \(state), \(threads) threads, newest \(newest ?? -1)"
                    let asked = "\(query) raw \(query.raw?.patterns ?? [])"
                    #expect(
                        firstDifference(rows, expected) == nil, "\(place): \(asked)")
                }
            }
        }
        // Queries that never find anything would show nothing.
        #expect(answered > Self.queriesOfRound / 3)
    }
}
