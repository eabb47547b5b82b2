public import LogPipeline
internal import NIOCore
internal import Synchronization

/// The ingester that HTTP listeners ask, which is made after them.
public final class IngesterLink: Sendable {
    private struct State {
        weak var ingester: Ingester?
    }

    private let state = Mutex(State())

    /// How long an answer is waited for (seconds): a commit on a slow disk takes some.
    static let answerSeconds: Int64 = 5

    /// A link to nobody yet: until `attach`, questions are answered 503.
    public init() {}

    /// Questions go to `ingester` from now on.
    public func attach(_ ingester: Ingester) { state.withLock { $0.ingester = ingester } }

    /// What `body` says on the ingester's thread.
    func ask<Answer: Sendable>(
        on loop: any EventLoop, seconds: Int64 = IngesterLink.answerSeconds,
        _ body: @escaping @Sendable (Ingester) -> Answer
    ) async throws(HTTPFailure) -> Answer {
        let reply = Reply<Answer>()
        try present().ask { reply.give(body($0)) }
        return try await reply.take(on: loop, seconds: seconds)
    }

    /// Has `act` put on record and carried out; refusals are thrown.
    func carryOut(_ act: AdministrativeAct, on loop: any EventLoop) async throws(HTTPFailure) {
        let reply = Reply<String?>()
        try present().carryOut(act) { reply.give($0) }
        let refusal = try await reply.take(on: loop, seconds: Self.answerSeconds)
        if let refusal { throw HTTPFailure(429, refusal, retryAfter: 60) }
    }

    /// Has `act` put on record, sooner or later; nobody waits for it.
    func record(_ act: AdministrativeAct) {
        // Weir is ending: there is nobody to write it.
        guard let ingester = try? present() else { return }
        ingester.carryOut(act) { _ in }
    }

    private func present() throws(HTTPFailure) -> Ingester {
        guard let ingester = state.withLock({ $0.ingester }) else {
            throw .busy("weir is starting, or ending; ask again")
        }
        return ingester
    }
}

/// What one thread has been asked and another waits for.
final class Reply<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let signal = Signal()

    func give(_ value: Value) {
        self.value.withLock { $0 = value }
        signal.fire()
    }

    func take(on loop: any EventLoop, seconds: Int64) async throws(HTTPFailure) -> Value {
        _ = await signal.wait(for: .seconds(seconds), on: loop)
        guard let value = value.withLock({ $0 }) else {
            throw .busy("weir has not answered within \(seconds) s; ask again")
        }
        return value
    }
}
