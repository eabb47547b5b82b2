internal import LogSources
internal import NIOCore
internal import Synchronization

/// The receipts of one request's lines: all of them are durable, or something failed.
final class ReceiptGroup: Sendable {
    private struct State {
        var outstanding = 0
        var failure: String?
    }

    private let state = Mutex(State())
    private let signal = Signal()

    /// A receipt for some lines, to be gathered with them. `withdraw` it where they are not taken.
    func receipt() -> Receipt {
        state.withLock { $0.outstanding += 1 }
        return { outcome in self.settle(outcome) }
    }

    /// Takes a receipt back that nobody will tell.
    func withdraw() { settle(.durable) }

    private func settle(_ outcome: DeliveryOutcome) {
        let isLast = state.withLock { state in
            state.outstanding -= 1
            if case .failed(let reason) = outcome { state.failure = reason }
            return state.outstanding == 0
        }
        if isLast { signal.fire() }
    }

    /// Why some lines are not stored.
    var failure: String? { state.withLock { $0.failure } }

    /// Whether all receipts have been told.
    var isSettled: Bool { state.withLock { $0.outstanding == 0 } }

    /// Waits until all are told, for at most `time`; false when that passed.
    func wait(for time: TimeAmount, on loop: any EventLoop) async -> Bool {
        // A signal of an earlier moment, when further lines had not come yet, may still be set.
        while !isSettled {
            guard await signal.wait(for: time, on: loop) else { return isSettled }
        }
        return true
    }
}
