import LogSegments
import LogSystem
import TestSupport
import Testing

/// Power cuts at every moment: what was promised is there, once, in order, and nothing that nobody wrote.
@Suite struct CrashReplayTests {
    private func replay(
        _ workload: CrashWorkload, runs: Int? = nil,
        wrap: @escaping (MemoryFileSystem) -> any FileSystem = { $0 }
    ) throws -> CrashReplay {
        var replay = CrashReplay()
        for run in 0..<UInt64(runs ?? workload.runs) {
            let store = try RecordedStore(seed: run, wrap: wrap)
            try workload.steps(store)
            replay.replay(store, perPointMax: workload.perPointMax, seed: run)
        }
        return replay
    }

    @Test(arguments: CrashWorkload.all)
    func noPowerCutBreaksAPromise(workload: CrashWorkload) throws {
        let replay = try replay(workload)
        print("\(workload.name): \(replay.distinct) of \(replay.states) states, \(replay.suspected) suspected")
        #expect(replay.failed == 0, "\(replay.failures.joined(separator: "\n"))")
        #expect(replay.distinct >= workload.distinctMin)
    }
}
