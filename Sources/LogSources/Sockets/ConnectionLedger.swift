public import LogMetrics
internal import LogSystem

/// Knows how many connections all listeners have open, and holds them to their limit together.
public final class ConnectionLedger: @unchecked Sendable {
    /// `--max-connections` unless it is given: ten thousand idle ones cost 30 MB.
    public static let connectionsMaxDefault = 10_000

    /// What all listeners together may have open.
    public let connectionsMax: Int
    private let lock = Lock()
    private var open: [String: Int] = [:]
    private var total = 0

    /// A ledger that allows so many.
    public init(connectionsMax: Int = ConnectionLedger.connectionsMaxDefault) {
        self.connectionsMax = connectionsMax
    }

    /// Takes note of a connection to `source`; false when there are too many already.
    public func admit(_ source: String) -> Bool {
        lock.locked {
            guard total < connectionsMax else { return false }
            total += 1
            open[source, default: 0] += 1
            return true
        }
    }

    /// Takes note of the end of a connection.
    public func release(_ source: String) {
        lock.locked {
            total -= 1
            open[source, default: 0] -= 1
        }
    }

    /// Writes how many connections `source` has.
    public func publish(_ source: String, to counters: MetricsRegistry) {
        let count = lock.locked { open[source] ?? 0 }
        counters.set(.openConnections, Double(count), label: source)
    }
}
