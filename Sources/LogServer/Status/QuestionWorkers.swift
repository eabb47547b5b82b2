internal import LogSystem
internal import NIOCore
internal import Synchronization

/// Threads for questions that read the disk or wait for others: event loops must not, and the ingester has better to do.
///
/// There are at most `threadsMax`, each as long as there is something to do.
final class QuestionWorkers: Sendable {
    private struct State {
        var threads = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Questions at once: one that waits for a receiver that hangs must not hold up the next.
    private static let threadsMax = 2
    /// Questions that wait for a thread; beyond, they are told to come back. A dashboard asks for a dozen at once.
    private static let waitingMax = 32

    /// What `body` comes to, within `seconds`.
    func run<Value: Sendable>(
        on loop: any EventLoop, seconds: Int64,
        _ body: @escaping @Sendable () -> Result<Value, HTTPFailure>
    ) async throws(HTTPFailure) -> Value {
        let reply = Reply<Result<Value, HTTPFailure>>()
        guard begin({ reply.give(body()) }) else {
            throw .busy("weir is answering as many questions as it can; ask again")
        }
        return try await reply.take(on: loop, seconds: seconds).get()
    }

    private func begin(_ body: @escaping @Sendable () -> Void) -> Bool {
        let needsThread: Bool? = state.withLock { state in
            guard state.waiting.count < Self.waitingMax else { return nil }
            state.waiting.append(body)
            guard state.threads < Self.threadsMax else { return false }
            state.threads += 1
            return true
        }
        guard let needsThread else { return false }
        if needsThread, !WorkerThread.startIfPossible({ [self] in work() }) {
            state.withLock { $0.threads -= 1 }
        }
        return true
    }

    private func work() {
        while let body = next() { body() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.threads -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
