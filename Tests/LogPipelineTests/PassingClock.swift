import LogSystem

/// A clock whose time passes by being asked: every deadline comes without any waiting.
final class PassingClock: WallClock, @unchecked Sendable {
    private let lock = Lock()
    private let start: Int64
    private var passed: Int64 = 0

    /// What passes at each question (10 ms).
    private static let step: Int64 = 10_000_000

    init(start: Int64) { self.start = start }

    func now() -> Int64 { start + monotonic() }

    /// Counted from zero, so that the deadlines that threads wait for lie in the past.
    func monotonic() -> Int64 {
        lock.locked {
            passed += Self.step
            return passed
        }
    }
}
