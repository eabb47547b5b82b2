import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `kill -9` a thousand times: while starting, reading, committing, sealing. `WEIR_KILL_CYCLES=10000` for more.
@Suite struct KillLoopTests {
    /// Each has a data directory of its own, so that a query stays quick and all processors have work.
    private static let rounds = 10
    private static let cycles =
        (ProcessInfo.processInfo.environment["WEIR_KILL_CYCLES"].flatMap { Int($0) } ?? 1_000)
        / rounds

    /// The driver of one data directory.
    private struct Round {
        let scratch: Scratch
        var random: SeededGenerator
        /// The number of the next line.
        var next = 0
        /// Lines whose loss or doubling would be a breach: somebody has seen them, or was told that they are safe.
        var promised = Set<Int>()
        var kills = 0

        init(seed: UInt64) throws {
            scratch = try Scratch()
            random = SeededGenerator(seed: seed)
        }

        /// Some lines of two classes and two days.
        mutating func lines() -> [UInt8] {
            var text = ""
            for _ in 0...random.below(12) {
                let level = random.below(4) == 0 ? "DEBUG" : "INFO"
                text +=
                    "{\"n\":\(next),\"timestamp\":\"2025-01-1\(random.below(2))T12:00:00Z\",\"level\":\"\(level)\"}\n"
                next += 1
            }
            return Array(text.utf8)
        }

        /// The numbers of all stored lines, once each and none that was not written.
        func stored(_ what: String) throws -> Set<Int> {
            let journal = scratch.data + "/journal"
            guard FileManager.default.fileExists(atPath: journal) else { return [] }
            let result = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
            #expect(result.status <= 1, "\(what): \(result.errors)")
            let numbers = result.output.split(separator: 10).compactMap { line in
                Int(String(decoding: line.dropFirst(5).prefix { $0 != 0x2c }, as: UTF8.self))
            }
            let found = Set(numbers)
            #expect(found.count == numbers.count, "\(what): a line is there twice")
            #expect(found.allSatisfy { $0 < next }, "\(what): nobody wrote that line")
            let missing = promised.subtracting(found)
            #expect(
                missing.isEmpty, "\(what): promised and missing: \(missing.sorted().prefix(20))")
            return found
        }

        /// Feeds the process for about `milliseconds`.
        mutating func feed(_ process: KilledProcess, milliseconds: Int) {
            for _ in 0...milliseconds {
                process.feed(random.below(3) == 0 ? lines() : [])
                usleep(1_000)
            }
        }

        /// The journal files and their sizes.
        var journals: [String: Int] {
            let manager = FileManager.default
            let journal = scratch.data + "/journal"
            var sizes: [String: Int] = [:]
            for name in (try? manager.contentsOfDirectory(atPath: journal)) ?? [] {
                var status = stat()
                if stat(journal + "/" + name, &status) == 0 { sizes[name] = Int(status.st_size) }
            }
            return sizes
        }

        /// The names of all segments.
        private var segments: Set<String> {
            let files = FileManager.default.enumerator(atPath: scratch.data + "/segments")
            return Set(
                (files?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".segment") })
        }

        /// One life of a process.
        mutating func cycle(_ number: Int) throws {
            let what = "cycle \(number)"
            let old = journals
            let process = try KilledProcess(
                ["ingest", "--data", scratch.data, "-q", "--commit-interval", "5"],
                log: scratch.url.appendingPathComponent("log").path)
            let first = next
            process.feed(lines())
            switch number % 16 {
            case 15:
                // A clean end is a promise of all lines that this one was given.
                process.feed(lines())
                #expect(process.finish() == 0, "\(what): \(log)")
                promised.formUnion(first..<next)
                promised = try stored(what)
                return
            case 7:
                // Somebody sees lines just before.
                feed(process, milliseconds: 40)
                promised = try stored(what)
                feed(process, milliseconds: random.below(10))
            case 3:
                // Death while it drains and seals.
                waitForJournal(process, besides: old)
                process.signal(SIGTERM)
                usleep(useconds_t(random.below(30_000)))
            case 11:
                // Death between one segment and the next: of lines that somebody has seen, of two classes and two days.
                waitForJournal(process, besides: old)
                promised = try stored(what)
                let before = segments
                process.signal(SIGTERM)
                for _ in 0..<30_000 {
                    if !segments.isSubset(of: before) { break }
                    usleep(500)
                }
            case 1, 5, 9, 13:
                // Death while it reads and commits.
                waitForJournal(process, besides: old)
                feed(process, milliseconds: random.below(12))
            default:
                // Death at any time since it started, recovery included.
                feed(process, milliseconds: random.below(60))
            }
            if process.end(SIGKILL) == 128 + SIGKILL { kills += 1 }
            if [7, 11].contains(number % 16) { promised = try stored(what + ", killed") }
        }

        /// Waits until lines have come to a journal file that is not one of `old`; the limit only ends a test that has
        /// failed.
        private func waitForJournal(_ process: KilledProcess, besides old: [String: Int]) {
            for _ in 0..<30_000 {
                if journals.contains(where: { old[$0.key] == nil && $0.value > 100 }) { return }
                process.feed()
                usleep(1_000)
            }
        }

        private var log: String {
            (try? String(contentsOf: scratch.url.appendingPathComponent("log"), encoding: .utf8))
                ?? ""
        }
    }

    @Test(arguments: 0..<rounds)
    func killedAgainAndAgainItLosesNothingAndDoublesNothing(round number: Int) throws {
        var round = try Round(seed: UInt64(number))
        for cycle in 0..<Self.cycles { try round.cycle(cycle) }
        let last = try WeirProcess.run(
            "ingest", "--data", round.scratch.data, "-q", in: round.scratch)
        #expect(last.status == 0, "\(last.errors)")
        let found = try round.stored("the end")
        #expect(found.count > Self.cycles)
        // Some end by themselves, between the signal to drain and the kill.
        #expect(round.kills > Self.cycles * 3 / 4)
        if ProcessInfo.processInfo.environment["WEIR_TEST_FIGURES"] != nil {
            print("kill loop \(number): \(round.kills) kills, \(found.count) lines")
        }
    }
}
