internal import Synchronization

/// The memory for the beginnings of lines whose rest has not come yet, shared by all connections.
///
/// Each connection has a little of its own, so that nobody's short lines suffer from the long ones of others; what goes
/// beyond that comes out of one budget. Where that is used up, the line that wants more is cut, and counted.
final class CarryBudget: Sendable {
    /// What all long lines together may take (bytes): two dozen of the longest, and half of what ten thousand slow
    /// connections may cost.
    static let bytesMax = 24 << 20
    /// What each connection has of its own (bytes): more than nearly all log lines have. Ten thousand take 20 MB.
    static let ownBytes = 2_048

    /// The budget of this process's connections.
    static let shared = CarryBudget()

    private let limit: Int
    private let used = Atomic<Int>(0)

    init(bytesMax: Int = CarryBudget.bytesMax) { limit = bytesMax }

    /// Takes `bytes` from the budget; false where there is not so much left.
    func take(_ bytes: Int) -> Bool {
        let (_, total) = used.add(bytes, ordering: .relaxed)
        if total <= limit { return true }
        give(bytes)
        return false
    }

    /// Gives `bytes` back.
    func give(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }

    /// What is in use.
    var usedBytes: Int { used.load(ordering: .relaxed) }
}
