internal import LogAlerting
internal import LogRecords
internal import LogSystem

/// Delivers the notifications of one channel, in order within each group of alerts: what comes later in a group waits for what
/// came before. A group whose notification fails does not hold up the others; when everything fails, the channel pauses.
///
/// `send` is for any thread; `step` is for the one that delivers.
final class ChannelDelivery: @unchecked Sendable {
    /// What a step did.
    enum Step: Equatable {
        /// It tried something; there may be more.
        case worked
        /// Nothing is due before this monotonic time.
        case idle(until: Int64?)
    }

    private struct Attempts {
        /// In former runs, too.
        var count = 0
        /// Whether this run has tried it.
        var isTried = false
        var due: Int64 = 0
        /// The monotonic time at which it is given up.
        var end: Int64
    }

    private enum Work {
        case deliver(OutboxState.Waiting)
        case refresh(AlertNotification)
    }

    let settings: ReceiverChannel
    let receiver: String
    private let clock: any WallClock
    private let backoff: Backoff
    private let channel: any Channel
    private let lock = Lock()
    private let outbox: Outbox
    private var attempts: [UInt64: Attempts] = [:]
    private var refreshes: [String: Int64] = [:]
    private var failuresInARow = 0
    private var pausedUntil: Int64 = 0
    private var counted: ChannelStatistics
    private var isEnding = false
    private var isWorking = false

    /// A channel that fails is asked again after at most so long, whatever waits: others of its notifications may pass.
    private static let pauseMax = 30 * Timestamp.second

    init(
        _ settings: ReceiverChannel, receiver: String, channel: any Channel, directory: String,
        fileSystem: any FileSystem, clock: any WallClock, backoff: Backoff
    ) {
        self.settings = settings
        self.receiver = receiver
        self.clock = clock
        self.backoff = backoff
        self.channel = channel
        outbox = Outbox(
            channel: settings.name, retains: channel.refreshInterval != nil,
            directory: directory, fileSystem: fileSystem)
        counted = ChannelStatistics(channel: settings.name, receiver: receiver)
        for entry in outbox.state.waiting {
            begin(entry.number, since: entry.time)
            attempts[entry.number]?.count = entry.attempts
        }
    }

    /// Sentences about what was found when the outbox was opened.
    var findings: [String] { outbox.findings }

    private func begin(_ number: UInt64, since time: Int64) {
        // A clock that was set meanwhile must not make it immortal, nor kill it before an attempt.
        let age = min(max(clock.now() - time, 0), settings.giveUpAfter)
        attempts[number] = Attempts(end: clock.monotonic() + settings.giveUpAfter - age)
    }

    // MARK: Taking

    /// Takes notifications; they are durable when it returns, as far as the disk allows.
    func send(_ notifications: [AlertNotification]) {
        let wanted = notifications.compactMap { settings.content(of: $0) }
        if wanted.isEmpty { return }
        lock.locked {
            let time = clock.now()
            let first = outbox.state.next
            for admission in outbox.add(wanted, time: time) {
                switch admission {
                case .queued: break
                case .known: counted.repeated += 1
                case .full: counted.refused += 1
                }
            }
            for number in first..<outbox.state.next { begin(number, since: time) }
            lock.signal()
        }
    }

    // MARK: Delivering

    /// Does at most one attempt.
    func step() -> Step {
        let now = clock.monotonic()
        switch lock.locked({ next(now) }) {
        case (nil, let due): return .idle(until: due)
        case (let work?, _):
            let failure = attempt(work)
            lock.locked {
                note(work, failure)
                lock.signal()
            }
            return .worked
        }
    }

    /// What is due, or the time at which something will be.
    private func next(_ now: Int64) -> (Work?, due: Int64?) {
        var soonest: Int64?
        var groups: Set<String> = []
        for entry in outbox.state.waiting {
            guard groups.insert(entry.notification.groupKey).inserted else { continue }
            let due = max(attempts[entry.number]?.due ?? 0, pausedUntil)
            if due <= now { return (.deliver(entry), nil) }
            soonest = min(soonest ?? due, due)
        }
        guard let interval = channel.refreshInterval else { return (nil, soonest) }
        for (group, notification) in outbox.state.retained {
            // What waits says something newer.
            if groups.contains(group) { continue }
            let due = max(refreshes[group] ?? now, pausedUntil)
            if due <= now {
                refreshes[group] = now + interval
                return (.refresh(notification), nil)
            }
            soonest = min(soonest ?? due, due)
        }
        return (nil, soonest)
    }

    private func attempt(_ work: Work) -> ChannelError? {
        let notification =
            switch work {
            case .deliver(let entry): entry.notification
            case .refresh(let notification): notification
            }
        do throws(ChannelError) {
            try channel.deliver(notification)
            return nil
        } catch {
            return error
        }
    }

    private func note(_ work: Work, _ failure: ChannelError?) {
        let now = clock.monotonic()
        if let failure {
            counted.failed += 1
            counted.lastError = failure.message
            if failure.isTemporary {
                failuresInARow += 1
                // The first failure may be of this notification only; the next one says more.
                let wait =
                    failuresInARow > 1
                    ? backoff.wait(after: failuresInARow - 1, longest: Self.pauseMax) : 0
                pausedUntil = max(pausedUntil, now + max(wait, failure.retryAfter ?? 0))
            }
        } else {
            failuresInARow = 0
            counted.lastError = nil
            counted.lastSuccess = clock.now()
        }
        switch work {
        case .refresh: if failure == nil { counted.refreshed += 1 }
        case .deliver(let entry): note(entry, failure, now)
        }
    }

    private func note(_ entry: OutboxState.Waiting, _ failure: ChannelError?, _ now: Int64) {
        var state = attempts[entry.number] ?? Attempts(end: now)
        if state.count > 0 { counted.retried += 1 }
        state.count += 1
        state.isTried = true
        guard let failure else {
            counted.sent += 1
            attempts[entry.number] = nil
            outbox.markDelivered(entry.number)
            let group = entry.notification.groupKey
            refreshes[group] = channel.refreshInterval.map { now + $0 }
            return
        }
        guard failure.isTemporary, now < state.end else {
            counted.dead += 1
            attempts[entry.number] = nil
            let reason =
                failure.isTemporary
                ? "given up after \(DurationText.text(settings.giveUpAfter)): \(failure.message)"
                : failure.message
            outbox.markDead(
                entry.number, time: clock.now(), attempts: state.count, reason: reason)
            return
        }
        let wait = max(backoff.wait(after: state.count), failure.retryAfter ?? 0)
        // Its last attempt is at the end of its time, not behind it.
        state.due = min(now + wait, max(state.end, now + (failure.retryAfter ?? 0)))
        attempts[entry.number] = state
        outbox.markFailed(entry.number, attempts: state.count, reason: failure.message)
    }

    // MARK: Looking

    /// What it has done, and has to do.
    var statistics: ChannelStatistics {
        lock.locked {
            var result = counted
            result.waiting = outbox.state.waiting.count
            result.letters = outbox.state.dead.count
            result.diskError = outbox.failure.map { "\($0)" }
            return result
        }
    }

    /// What was given up, the oldest first.
    var deadLetters: [DeadLetter] {
        lock.locked {
            outbox.state.dead.map { DeadLetter($0, channel: settings.name) }
        }
    }

    /// Tries a dead letter again, as if it had come now. False when there is none of that number.
    func retry(_ number: UInt64) -> Bool {
        lock.locked {
            let time = clock.now()
            guard outbox.retry(number, time: time) else { return false }
            begin(number, since: time)
            lock.signal()
            return true
        }
    }

    /// Forgets a dead letter. False when there is none of that number.
    func drop(_ number: UInt64) -> Bool {
        lock.locked {
            outbox.state.dead.contains { $0.waiting.number == number } && outbox.drop(number)
        }
    }

    // MARK: The thread

    /// Says that a thread will call `run`.
    func willRun() { lock.locked { isWorking = true } }

    /// Says that there was no thread for it.
    func willNotRun() { lock.locked { isWorking = false } }

    /// Delivers until `end`; in between it waits for what is due.
    func run() {
        while !lock.locked({ isEnding }) {
            guard case .idle(let due) = step() else { continue }
            lock.locked {
                if isEnding { return }
                // Something may have come since the step; then it is due before this.
                if next(clock.monotonic()).0 == nil { _ = lock.wait(until: due) }
            }
        }
        lock.locked {
            isWorking = false
            lock.signal()
        }
    }

    /// Whether there is anything for a thread to do, now or later.
    var hasWork: Bool {
        lock.locked { !outbox.state.waiting.isEmpty || !outbox.state.retained.isEmpty }
    }

    /// Waits until each notification that waits has been tried, then ends the thread; at most until the monotonic `deadline`, and
    /// not for an attempt that is under way then.
    func end(by deadline: Int64) {
        lock.locked {
            while isWorking, clock.monotonic() < deadline, !isDrained {
                _ = lock.wait(until: deadline)
            }
            isEnding = true
            lock.signal()
            while isWorking, clock.monotonic() < deadline { _ = lock.wait(until: deadline) }
        }
    }

    /// Whether everything that waits has failed at least once, or waits behind such a notification.
    private var isDrained: Bool {
        if pausedUntil > clock.monotonic() { return true }
        var groups: Set<String> = []
        return outbox.state.waiting.allSatisfy { entry in
            !groups.insert(entry.notification.groupKey).inserted
                || attempts[entry.number]?.isTried == true
        }
    }
}

extension ReceiverChannel {
    /// What of a notification this channel wants; nil when nothing.
    func content(of notification: AlertNotification) -> AlertNotification? {
        if notification.reason == .moved, !keepsGroups { return nil }
        guard !sendsResolved, notification.reason != .test else { return notification }
        var result = notification
        result.alerts.removeAll { !$0.isFiring }
        return result.alerts.isEmpty ? nil : result
    }
}
