internal import Synchronization

/// The number of a server's connections, and how many there may be.
final class OpenConnections: Sendable {
    private let open = Mutex(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The number of open connections.
    var count: Int { open.withLock { $0 } }

    /// Takes note of a connection; false when there are as many as may be. One that takes the place of another, which is being
    /// closed, is let in all the same.
    func add(beyondLimit: Bool = false) -> Bool {
        open.withLock { count in
            guard count < limit || beyondLimit else { return false }
            count += 1
            return true
        }
    }

    /// Takes note of its end.
    func remove() { open.withLock { $0 -= 1 } }
}
