internal import NIOCore
internal import Synchronization

/// The connections of a server: how many there may be, and how they end.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isEnding = false
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The number of open connections.
    var count: Int { state.withLock { $0.channels.count } }

    /// Takes note of a connection; false when there are as many as may be, or the server ends.
    func add(_ channel: any Channel) -> Bool {
        let isTaken = state.withLock { state in
            guard state.channels.count < limit, !state.isEnding else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isTaken else { return false }
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { _ = $0.channels.removeValue(forKey: id) }
        }
        return true
    }

    /// Lets no more in, closes those that are idle, and the others when they have had their answer.
    func quiesce() {
        for channel in channels(ending: true) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    /// Closes all that are left.
    func closeAll() {
        for channel in channels(ending: true) { channel.close(promise: nil) }
    }

    private func channels(ending: Bool) -> [any Channel] {
        state.withLock { state in
            state.isEnding = ending
            return Array(state.channels.values)
        }
    }
}
