import LogBytes
import LogQuery
import LogRecords
import LogSegments
import LogSystem
import TestSupport

#if canImport(Glibc)
    import Glibc
#endif

/// A store that lives through what a seed gives it: work, faults, deaths, power cuts, clocks that jump. After each step it is
/// compared with a list of lines in memory.
struct StoreSimulation {
    /// What broke, in words, with all steps up to there.
    struct Breach: Error, CustomStringConvertible {
        let seed: UInt64
        let steps: [String]
        let what: String

        var description: String {
            "seed \(seed): \(what)\nafter: \(steps.joined(separator: "; "))"
        }
    }

    private let seed: UInt64
    private let isProduction: Bool
    private var random: SeededGenerator
    private let clock = ManualClock(1_737_200_000 * Timestamp.second)
    private var store: RecordedStore
    private var base = DiskImage()
    private(set) var steps: [String] = []
    /// Whether calls may fail now, so that nothing can be said about what a reader gets.
    private var isFaulty = false

    /// Limits that are met every few lines.
    private static var tinyLimits: StoreOptions {
        var options = StoreOptions()
        options.sealBytes = 4_000
        options.sealAge = 2 * Timestamp.second
        options.memoryBytesMax = 6_000
        options.uncommittedBytesMax = 900
        options.blockRowsMax = 3
        return options
    }

    /// A run of `seed`; with the limits that users have, and batches that reach them, if `isProduction`.
    init(seed: UInt64, isProduction: Bool) throws {
        self.seed = seed
        self.isProduction = isProduction
        random = SeededGenerator(seed: seed)
        store = try Self.makeStore(seed, DiskImage(), isProduction, clock)
    }

    private static func makeStore(
        _ seed: UInt64, _ image: DiskImage, _ isProduction: Bool, _ clock: ManualClock
    ) throws -> RecordedStore {
        try RecordedStore(
            seed: seed, on: image, options: isProduction ? StoreOptions() : tinyLimits, clock: clock
        )
    }

    /// The content of the disk, for those who compare two runs.
    var files: [(path: String, bytes: [UInt8])] { store.disk.image.files }

    /// Does `count` random steps. Throws a `Breach` when the store is not what it should be.
    mutating func run(steps count: Int) throws {
        do {
            for _ in 0..<count { try step() }
            endFaults()
            if store.writer == nil { try attempt("open") { try $0.open() } }
            try attempt("close") { try $0.close() }
            try compare()
        } catch let breach as Breach {
            throw breach
        } catch {
            throw self.breach("\(error)")
        }
    }

    private func breach(_ what: String) -> Breach { Breach(seed: seed, steps: steps, what: what) }

    // MARK: Steps

    private mutating func step() throws {
        if store.writer == nil {
            switch random.below(isFaulty ? 6 : 12) {
            case 0: try cutPower()
            case 1: setFaults()
            default: try attempt("open") { try $0.open() }
            }
        } else {
            switch random.below(21) {
            case 0..<8: try append()
            case 8..<11: try attempt("commit") { try $0.commit() }
            case 11, 12: try attempt("seal") { try $0.seal() }
            case 13: try attempt("close") { try $0.close() }
            case 14:
                steps.append("killed")
                store.kill()
            case 15: try cutPower()
            case 16, 17: setFaults()
            case 18:
                let seconds = random.pick([-86_400 * 400, -3_600, -1, 1, 3, 3_600, 86_400 * 9])
                steps.append("clock \(seconds) s")
                clock.advance(Int64(seconds) * Timestamp.second)
            case 19: try attempt("compact") { try $0.compact() }
            default:
                if store.writer?.isSealDue == true { try attempt("due seal") { try $0.seal() } }
            }
        }
        try compare()
    }

    private mutating func append() throws {
        let count: Int
        var bytes = 20 + random.below(60)
        if isProduction {
            count = random.pick([1, 10, 400, 3_000])
            if random.below(4) == 0 { bytes = 600_000 / count }
        } else {
            count = 1 + random.below(5)
        }
        let days = 1 + random.below(5)
        try attempt("append \(count)") { try $0.append(count, days: days, bytes: bytes) }
    }

    /// Does one thing that may fail where calls do; nothing but a store's own error may come of it.
    private mutating func attempt(
        _ what: String, _ body: (RecordedStore) throws -> Void
    ) throws {
        steps.append(what)
        do {
            try body(store)
        } catch let error as StoreError {
            steps.append("failed: \(error)")
            if !isFaulty { throw breach("\(what) failed on a sound disk: \(error)") }
        }
    }

    private mutating func endFaults() {
        store.disk.setFaults { _, _ in nil }
        store.disk.setCapacity(.max)
        isFaulty = false
    }

    private mutating func setFaults() {
        if isFaulty {
            steps.append("faults end")
            endFaults()
            return
        }
        isFaulty = true
        if random.below(4) == 0 {
            steps.append("disk full")
            store.disk.setCapacity(store.disk.usedBytes + random.below(400))
            return
        }
        let code = random.pick([EIO, ENOSPC])
        let often = 1 + random.below(6)
        let torn = random.below(300)
        steps.append("faults \(code), one in \(often)")
        let dice = Dice(random.next(), often)
        store.disk.setFaults { call, _ in
            call.changes && dice.strikes() ? .tear(code, bytes: torn) : nil
        }
    }

    private final class Dice: @unchecked Sendable {
        private var random: SeededGenerator
        private let often: Int

        init(_ seed: UInt64, _ often: Int) {
            random = SeededGenerator(seed: seed)
            self.often = often
        }

        func strikes() -> Bool { random.below(often) == 0 }
    }

    /// The power goes: the disk is one of what may be left, and the machine starts again.
    private mutating func cutPower() throws {
        let images = CrashStates(store.disk.trace, on: base, perPointMax: 12)
            .atTheEnd(seed: random.next())
        let number = random.below(images.count)
        steps.append("power cut, state \(number)")
        let old = store
        old.kill()
        base = images[number]
        isFaulty = false
        store = try Self.makeStore(random.next(), base, isProduction, clock)
        store.adopt(lines: old.lines, promised: old.promises.last ?? [])
    }

    // MARK: The model

    /// A reader finds what was promised, and what this process has written so far, and nothing else.
    private mutating func compare() throws {
        let stored = try? storedLines(
            RecordedStore.directory, fileSystem: MemoryFileSystem(store.disk))
        let promised = store.promises.last ?? []
        guard let stored else {
            if promised.isEmpty, store.taken.isEmpty { return }
            throw breach("the store cannot be read")
        }
        let numbers = try RecordedStore.numbers(of: stored.lines)
        for (number, line) in zip(numbers, stored.lines)
        where number >= store.lines.count || store.lines[number] != line {
            throw breach("nobody wrote \(line.prefix(200))")
        }
        if zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) {
            throw breach("a line is there twice or out of order: \(numbers)")
        }
        let found = Set(numbers)
        if let missing = promised.first(where: { !found.contains($0) }) {
            throw breach("line \(missing) was promised and is missing")
        }
        if store.writer != nil, let missing = store.taken.first(where: { !found.contains($0) }) {
            throw breach("line \(missing) was written and is missing")
        }
        if random.below(8) == 0 { try compareDay() }
    }

    /// A question about one day is answered from that day's lines only.
    private mutating func compareDay() throws {
        let day = 10 + random.below(5)
        let start = Int64(CivilDate("2025-01-\(day)")?.daysSinceEpoch ?? 0) * Timestamp.day
        let reader = try SegmentStore(
            directory: RecordedStore.directory, fileSystem: MemoryFileSystem(store.disk))
        let all = try storedLines(
            RecordedStore.directory, fileSystem: MemoryFileSystem(store.disk)
        ).lines.filter { $0.contains("2025-01-\(day)T") }.count
        var count = 0
        let range = TimeRange(start: start, end: start + Timestamp.day)
        _ = try reader.scan(ScanRequest(timeRange: range, filter: .all)) { block in
            count += try block.times().filter {
                $0 >= start && $0 < start + Timestamp.day
            }.count
            return .proceed
        }
        if count != all { throw breach("day \(day) has \(all) lines, and \(count) were found") }
    }
}
