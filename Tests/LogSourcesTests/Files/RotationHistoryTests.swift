import Foundation
import TestSupport
import Testing

@testable import LogSources

/// Random histories of rotation with kills and restarts, against a plain account of what was written.
/// `WEIR_HISTORIES=100000` for more.
@Suite struct RotationHistoryTests {
    private static let batches = 40
    private static let histories =
        (ProcessInfo.processInfo.environment["WEIR_HISTORIES"].flatMap { Int($0) } ?? 20_000)
        / batches

    @Test(arguments: 0..<batches)
    func everyLineIsThereOnceAfterAnyHistory(batch: Int) {
        for index in 0..<Self.histories {
            let seed = UInt64(batch * Self.histories + index)
            var history = RotationHistory(seed: seed)
            if let wrong = history.run(steps: 12 + Int(seed % 40)) {
                var again = RotationHistory(seed: seed)
                again.isTraced = true
                let traced = again.run(steps: 12 + Int(seed % 40))
                Issue.record("history \(seed): \(traced ?? wrong)")
                return
            }
        }
    }

    /// The histories would find these, each of which has been a fault of a real program.
    @Test func faultyFollowersAreFound() {
        func check(_ what: String, _ change: (FollowRig) -> Void) {
            let isFound = (0..<2_000 as Range<UInt64>).contains { seed in
                var history = RotationHistory(seed: seed, change)
                return history.run(steps: 40) != nil
            }
            #expect(isFound, "\(what)")
        }
        check("positions apart from their lines") { $0.store.bug = .positionsApart }
        check("no look at the content") {
            $0.options.sizes = FileMark.Sizes(headBytes: 0, tailBytes: 0)
        }
        check("no marks of what is gone") { $0.options.ghostsMax = 0 }
    }
}
