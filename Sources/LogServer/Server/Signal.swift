internal import NIOCore
internal import Synchronization

/// What a task waits for that a thread outside of Swift's tasks will tell, with a deadline.
final class Signal: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Bool, Never>)
        case fired
    }

    private let state = Mutex(State.idle)

    /// Wakes the one who waits, or will wait. Any thread may call it, any number of times.
    func fire() { resume(true) }

    /// Waits until somebody has called `fire`, for at most `time`: false when that passed. One task at a time; afterwards
    /// the signal can be used again.
    func wait(for time: TimeAmount, on loop: any EventLoop) async -> Bool {
        let timer = loop.scheduleTask(in: time) { self.resume(false) }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let isFired = state.withLock { state in
                if case .fired = state {
                    state = .idle
                    return true
                }
                state = .waiting(continuation)
                return false
            }
            if isFired { continuation.resume(returning: true) }
        }
    }

    private func resume(_ isFired: Bool) {
        let waiting: CheckedContinuation<Bool, Never>? = state.withLock { state in
            if case .waiting(let continuation) = state {
                state = .idle
                return continuation
            }
            if isFired { state = .fired }
            return nil
        }
        waiting?.resume(returning: isFired)
    }
}
