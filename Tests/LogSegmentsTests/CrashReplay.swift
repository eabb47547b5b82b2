import Foundation
import LogQuery
import LogSegments
import LogSystem
import TestSupport

/// Opens every state that a crash may leave of a recorded store, and holds it to what was promised.
struct CrashReplay {
    /// States that were looked at, equal ones included.
    private(set) var states = 0
    /// States that differ from all others.
    var distinct: Int { outcomes.count }
    /// States in which a promise is broken.
    private(set) var failed = 0
    /// What is wrong with the first of them, one sentence each.
    private(set) var failures: [String] = []
    /// States that a reader, before recovery, reports damage of, although nothing promised is missing.
    private(set) var suspected = 0

    private static let failuresMax = 8

    /// What a state gives, for when it comes again with other promises.
    private struct Outcome {
        var problem: String?
        var before: Set<Int> = []
        var after: Set<Int> = []
    }
    private var outcomes: [Int: Outcome] = [:]

    /// Replays the trace of `store`, whose disk held `base` at its start.
    mutating func replay(
        _ store: RecordedStore, on base: DiskImage = DiskImage(), perPointMax: Int, seed: UInt64
    ) {
        let states = CrashStates(store.disk.trace, on: base, perPointMax: perPointMax)
        states.forEach(seed: seed) { state in
            let promised = state.note == 0 ? [] : store.promises[state.note - 1]
            check(state, promised, store)
        }
    }

    /// Says what was looked at, where somebody asks by `WEIR_TEST_FIGURES=1`.
    func tell(_ name: String) {
        guard ProcessInfo.processInfo.environment["WEIR_TEST_FIGURES"] != nil else { return }
        print(
            "\(name): \(states) states, \(distinct) distinct, \(failed) failed, \(suspected) suspected"
        )
    }

    private mutating func check(_ state: CrashState, _ promised: [Int], _ store: RecordedStore) {
        states += 1
        let key = state.image.fingerprint
        let outcome: Outcome
        if let known = outcomes[key] {
            outcome = known
        } else {
            outcome = open(state.image, store)
            outcomes[key] = outcome
        }
        var problem = outcome.problem
        for (found, when) in [(outcome.before, "read at once"), (outcome.after, "recovered")] {
            let missing = promised.filter { !found.contains($0) }
            if problem == nil, !missing.isEmpty {
                problem =
                    "\(when): of \(promised.count) promised lines, these are missing: \(missing)"
            }
        }
        guard let problem else { return }
        failed += 1
        if failures.count < Self.failuresMax {
            failures.append("power cut after operation \(state.point): \(problem)")
        }
    }

    /// Reads the disk, recovers it, writes to it and reads it again.
    private mutating func open(_ image: DiskImage, _ store: RecordedStore) -> Outcome {
        let system = MemoryFileSystem(MemoryDisk(image))
        var outcome = Outcome()
        func read(_ when: String) -> (numbers: [Int], faults: [ScanFault]) {
            do {
                let stored = try storedLines(RecordedStore.directory, fileSystem: system)
                let numbers = try RecordedStore.numbers(of: stored.lines)
                if zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) {
                    outcome.problem = "\(when): a line is there twice or out of order: \(numbers)"
                }
                for (number, line) in zip(numbers, stored.lines)
                where number >= store.lines.count || store.lines[number] != line {
                    outcome.problem = "\(when): nobody wrote \(line)"
                }
                return (numbers, stored.faults)
            } catch StoreError.noDirectory {
                return ([], [])
            } catch {
                outcome.problem = "\(when): \(error)"
                return ([], [])
            }
        }
        let before = read("read at once")
        if !before.faults.isEmpty { suspected += 1 }
        outcome.before = Set(before.numbers)
        if outcome.problem != nil { return outcome }
        do {
            let writer = try StoreWriter(
                directory: RecordedStore.directory, policy: store.policy, fileSystem: system)
            let position = writer.positions.first?.offset ?? 0
            // A source goes on from there: what is missing before it is lost, what is there behind it comes twice.
            if before.numbers != store.stored.filter({ $0 < position }) {
                outcome.problem = "lines \(before.numbers) with the position \(position)"
                return outcome
            }
            _ = try writer.close()
        } catch {
            outcome.problem = "recovery: \(error)"
            return outcome
        }
        let after = read("recovered")
        outcome.after = Set(after.numbers)
        if outcome.problem == nil, let fault = after.faults.first {
            outcome.problem = "recovered: \(fault.file): \(fault.message)"
        }
        if outcome.problem == nil, after.numbers != before.numbers {
            outcome.problem =
                "recovery changed what a reader sees: \(before.numbers) to \(after.numbers)"
        }
        return outcome
    }
}
