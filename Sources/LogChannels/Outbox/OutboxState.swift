internal import LogAlerting

/// What an outbox holds. Entries of the file change it, and nothing else does: what is read at a restart is what there was.
struct OutboxState: Equatable {
    /// A notification that waits.
    struct Waiting: Equatable {
        let number: UInt64
        let time: Int64
        let notification: AlertNotification
        /// How often it was tried.
        var attempts = 0
        /// Why the last attempt failed; nil before the first one.
        var lastError: String?
    }

    /// A notification that was given up.
    struct Dead: Equatable {
        let waiting: Waiting
        let time: Int64
        let attempts: Int
        let reason: String
    }

    /// The notifications that wait, the oldest first.
    private(set) var waiting: [Waiting] = []
    /// Those that were given up, the oldest first.
    private(set) var dead: [Dead] = []
    /// By group, those whose alerts fire at the receiver, for receivers that want to hear of them again.
    private(set) var retained: [String: AlertNotification] = [:]
    /// The keys of notifications that were delivered lately, the oldest first.
    private(set) var remembered: [String] = []
    private var known: Set<String> = []
    /// The number of the next notification.
    private(set) var next: UInt64 = 1
    /// Whether notifications are kept for hearing again.
    let retains: Bool

    /// Keys remembered: after a crash no more are given out again than since the last snapshot of the rules.
    static let rememberedMax = 4_096
    /// More dead letters are dropped, the oldest first: nobody reads them any more.
    static let deadMax = 1_000
    /// Groups whose alerts are told of again and again.
    static let retainedMax = 10_000

    init(retains: Bool) { self.retains = retains }

    /// Whether a notification of this key waits, was given up, or was delivered lately.
    func knows(_ key: String) -> Bool { known.contains(key) }

    /// Whether a notification of this number waits or was given up.
    func holds(_ number: UInt64) -> Bool {
        waiting.contains { $0.number == number } || dead.contains { $0.waiting.number == number }
    }

    mutating func apply(_ record: OutboxRecord) {
        switch record {
        case .channel: break
        case .queued(let number, let time, let notification):
            guard known.insert(notification.key).inserted else { return }
            waiting.append(Waiting(number: number, time: time, notification: notification))
            next = max(next, number &+ 1)
        case .delivered(let number):
            guard let entry = takeWaiting(number) else { return }
            remember(entry.notification.key)
            retain(entry.notification)
        case .dead(let number, let time, let attempts, let reason):
            guard var entry = takeWaiting(number) else { return }
            (entry.attempts, entry.lastError) = (0, nil)
            dead.append(Dead(waiting: entry, time: time, attempts: attempts, reason: reason))
            if dead.count > Self.deadMax { forget(dead.removeFirst().waiting.notification.key) }
        case .requeued(let number, let time):
            guard let old = takeDead(number) else { return }
            let place = waiting.firstIndex { $0.number > number } ?? waiting.count
            waiting.insert(
                Waiting(number: number, time: time, notification: old.notification), at: place)
        case .dropped(let number):
            guard let entry = takeWaiting(number) ?? takeDead(number) else { return }
            remember(entry.notification.key)
        case .failed(let number, let attempts, let reason):
            guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
            waiting[index].attempts = attempts
            waiting[index].lastError = reason
        case .remembered(let key):
            known.insert(key)
            remember(key)
        case .retained(let notification): retain(notification)
        }
    }

    private mutating func takeWaiting(_ number: UInt64) -> Waiting? {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return nil }
        return waiting.remove(at: index)
    }

    private mutating func takeDead(_ number: UInt64) -> Waiting? {
        guard let index = dead.firstIndex(where: { $0.waiting.number == number }) else {
            return nil
        }
        return dead.remove(at: index).waiting
    }

    private mutating func remember(_ key: String) {
        remembered.append(key)
        if remembered.count > Self.rememberedMax { forget(remembered.removeFirst()) }
    }

    private mutating func forget(_ key: String) { known.remove(key) }

    private mutating func retain(_ notification: AlertNotification) {
        guard retains else { return }
        if notification.isFiring {
            if retained.count < Self.retainedMax || retained[notification.groupKey] != nil {
                retained[notification.groupKey] = notification
            }
        } else {
            retained[notification.groupKey] = nil
        }
    }

    /// The shortest file from which this state comes again.
    func records(channel: String) -> [OutboxRecord] {
        var records: [OutboxRecord] = [.channel(channel)]
        records += remembered.map { .remembered($0) }
        records += retained.sorted { $0.key < $1.key }.map { .retained($0.value) }
        for entry in dead {
            let waiting = entry.waiting
            records.append(.queued(waiting.number, time: waiting.time, waiting.notification))
            records.append(
                .dead(
                    waiting.number, time: entry.time, attempts: entry.attempts,
                    reason: entry.reason))
        }
        for entry in waiting {
            records.append(.queued(entry.number, time: entry.time, entry.notification))
            guard let lastError = entry.lastError else { continue }
            records.append(.failed(entry.number, attempts: entry.attempts, reason: lastError))
        }
        return records
    }
}
