internal import LogSystem

/// Waiting for the next of some times, which `stop` ends at once.
final class Timetable: Sendable {
    private let lock = Lock()
    private let state = State()

    /// Guarded by the lock.
    private final class State: @unchecked Sendable {
        var isStopped = false
    }

    /// Waits until the monotonic time `deadline`; false when it was stopped.
    func wait(until deadline: Int64, _ clock: any WallClock) -> Bool {
        lock.locked {
            while !state.isStopped, clock.monotonic() < deadline {
                _ = lock.wait(until: deadline)
            }
            return !state.isStopped
        }
    }

    /// Ends all waiting.
    func stop() {
        lock.locked {
            state.isStopped = true
            lock.signal()
        }
    }
}
