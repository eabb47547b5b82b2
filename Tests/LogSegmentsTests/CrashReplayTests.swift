import Foundation
import LogSegments
import LogSystem
import TestSupport
import Testing

/// Power cuts at every moment: what was promised is there, once, in order, and nothing that nobody wrote.
@Suite struct CrashReplayTests {
    /// How many times as many runs of each workload, with seeds of their own: `WEIR_CRASH_FACTOR=8` for more.
    private static let factor =
        ProcessInfo.processInfo.environment["WEIR_CRASH_FACTOR"].flatMap { Int($0) } ?? 1

    /// `WEIR_CRASH_WORKLOAD=killed` for those alone whose name has that in it.
    private static let workloads = CrashWorkload.all.filter { workload in
        ProcessInfo.processInfo.environment["WEIR_CRASH_WORKLOAD"].map(workload.name.contains)
            ?? true
    }

    private func replay(
        _ workload: CrashWorkload, runs: Int? = nil, perPointMax: Int? = nil,
        wrap: @escaping (MemoryFileSystem) -> any FileSystem = { $0 }
    ) throws -> CrashReplay {
        var replay = CrashReplay()
        for run in 0..<UInt64(runs ?? workload.runs * Self.factor) {
            let store = try RecordedStore(seed: run, wrap: wrap)
            try workload.steps(store)
            replay.replay(store, perPointMax: perPointMax ?? workload.perPointMax, seed: run)
        }
        return replay
    }

    @Test(arguments: workloads)
    func noPowerCutBreaksAPromise(workload: CrashWorkload) throws {
        let replay = try replay(workload)
        replay.tell(workload.name)
        #expect(replay.failed == 0, "\(replay.failures.joined(separator: "\n"))")
        #expect(replay.distinct >= workload.distinctMin)
    }

    /// So many states of a workload are recovered from under power cuts.
    private static let recoveriesMax = 14

    @Test func thereAreTwentyThousandStates() {
        let states = CrashWorkload.all.reduce(0) { $0 + $1.distinctMin + $1.recoveryDistinctMin }
        #expect(states >= 20_000)
    }

    /// Recovery dies, too: what the first power cut left is promised to survive the second one once it was read.
    @Test(arguments: workloads)
    func noPowerCutDuringRecoveryBreaksAPromise(workload: CrashWorkload) throws {
        var replay = CrashReplay()
        for round in 0..<UInt64(Self.factor) { try recover(workload, round, &replay) }
        replay.tell("recovery of: \(workload.name)")
        #expect(replay.failed == 0, "\(replay.failures.joined(separator: "\n"))")
        #expect(replay.distinct >= workload.recoveryDistinctMin)
    }

    /// Looks for power cuts in recoveries from some of what power cuts in a workload leave.
    private func recover(
        _ workload: CrashWorkload, _ round: UInt64, _ replay: inout CrashReplay
    ) throws {
        var random = SeededGenerator(seed: 17 + round)
        let store = try RecordedStore(seed: 99 + round)
        try workload.steps(store)
        var kept: [(state: CrashState, promised: [Int])] = []
        CrashStates(store.disk.trace, perPointMax: 8).forEach(seed: 1 + round) { state in
            guard random.below(20) == 0 else { return }
            kept.append((state, state.note == 0 ? [] : store.promises[state.note - 1]))
        }
        kept.shuffle(using: &random)
        for (number, (state, promised)) in kept.prefix(Self.recoveriesMax).enumerated() {
            let again = try RecordedStore(seed: UInt64(number), on: state.image)
            again.adopt(lines: store.lines, promised: promised)
            try again.open()
            try again.append(2)
            try again.commit()
            try again.close()
            replay.replay(again, on: state.image, perPointMax: 12, seed: UInt64(number))
        }
    }

    /// The negative controls.
    @Test(arguments: LyingFileSystem.Lie.allCases)
    func aWriterThatDoesNotFsyncIsCaught(lie: LyingFileSystem.Lie) throws {
        let replay = try replay(CrashWorkload.all[0], runs: 1, perPointMax: 24) {
            LyingFileSystem(lie, over: $0)
        }
        replay.tell("\(lie)")
        #expect(replay.failed > 20)
        #expect(
            replay.failures.allSatisfy { $0.contains("missing") || $0.contains("position") })
    }
}
