internal import LogMetrics
internal import LogPipeline
internal import LogRecords
internal import LogSystem
internal import NIOCore
internal import Synchronization

/// Why somebody was not let in.
enum AccessRefusal: String, Sendable {
    /// A key is needed, and none was sent.
    case noKey = "no_key"
    /// The key is not known, or was revoked.
    case unknownKey = "unknown_key"
    /// The key is good for something else.
    case scope
    /// A web page of a stranger asked.
    case origin
    /// More lines than are allowed.
    case lineRate = "line_rate"
    /// More questions than are allowed.
    case questionRate = "question_rate"
}

/// Puts on record who was not let in: at once, then one record a minute for each address and reason, with how many there were.
///
/// A flood costs as many records as there are addresses that are known apart, and no more; all are counted.
final class RefusalLog: Sendable {
    private struct Key: Hashable {
        let address: String
        let reason: AccessRefusal
    }

    private struct Entry {
        /// Refusals since the last record.
        var count = 0
        var path: String
        var status: Int
        var message: String
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let clock: any WallClock
    private let counters: MetricsRegistry
    private let interval: Int64
    private let write: @Sendable (AdministrativeAct) -> Void

    /// Between two records of the same address and reason (nanoseconds).
    static let interval = 60 * Timestamp.second
    /// Addresses and reasons known apart within a minute: some 40 KB of records. Those beyond are `others`.
    static let entriesMax = 100
    /// Of a path; what is longer is cut.
    private static let pathCharactersMax = 200
    private static let others = "others"

    init(
        clock: any WallClock, counters: MetricsRegistry, interval: Int64 = RefusalLog.interval,
        _ write: @escaping @Sendable (AdministrativeAct) -> Void
    ) {
        self.clock = clock
        self.counters = counters
        self.interval = interval
        self.write = write
    }

    /// Notes that `address` was refused `path`.
    ///
    /// - Parameter later: has its argument called after so many nanoseconds.
    func note(
        _ failure: HTTPFailure, _ reason: AccessRefusal, address: String, path: String,
        later: @escaping @Sendable (Int64, @escaping @Sendable () -> Void) -> Void
    ) {
        counters.add(.accessRefused, label: reason.rawValue)
        let path = String(path.prefix(Self.pathCharactersMax))
        let (key, isNew, act) = entries.withLock { entries -> (Key, Bool, AdministrativeAct?) in
            var key = Key(address: address, reason: reason)
            if entries[key] == nil, entries.count >= Self.entriesMax {
                key = Key(address: Self.others, reason: reason)
            }
            var entry =
                entries[key]
                ?? Entry(path: path, status: failure.status, message: failure.message)
            let isNew = entries[key] == nil
            entry.count += 1
            entry.path = path
            entry.message = failure.message
            var act: AdministrativeAct?
            if isNew {
                act = self.act(key, entry)
                entry.count = 0
            }
            entries[key] = entry
            return (key, isNew, act)
        }
        if let act { write(act) }
        if isNew { later(interval) { [self] in tell(key, later) } }
    }

    /// Records what came since the last record; nothing more is known of who has gone.
    private func tell(
        _ key: Key, _ later: @escaping @Sendable (Int64, @escaping @Sendable () -> Void) -> Void
    ) {
        let act = entries.withLock { entries -> AdministrativeAct? in
            guard var entry = entries[key], entry.count > 0 else {
                entries[key] = nil
                return nil
            }
            let act = self.act(key, entry)
            entry.count = 0
            entries[key] = entry
            return act
        }
        guard let act else { return }
        write(act)
        later(interval) { [self] in tell(key, later) }
    }

    private func act(_ key: Key, _ entry: Entry) -> AdministrativeAct {
        var generator = SystemRandomNumberGenerator()
        let number = String(generator.next() as UInt64, radix: 16)
        let times = entry.count == 1 ? "" : " \(entry.count) times"
        return AdministrativeAct(
            id: "\(clock.now())-\(number)", event: "access_refused",
            actor: "address \(key.address)",
            message: "\(key.address) was refused \(entry.path)\(times): \(entry.message)",
            members: [
                ("address", key.address), ("reason", key.reason.rawValue),
                ("status", "\(entry.status)"), ("path", entry.path), ("count", "\(entry.count)"),
            ])
    }
}
