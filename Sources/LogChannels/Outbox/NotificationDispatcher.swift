public import LogAlerting
internal import LogBytes
internal import LogRecords
public import LogSystem

/// Brings notifications to the channels of their receivers: through an outbox on disk, each channel on a thread of its own, so that
/// a slow one holds up nobody.
///
/// A notification is durable when `send` returns, and then tried until it is delivered, or for as long as its channel says; what
/// was given up stays visible as a dead letter. A notification whose key is known is not taken again, so it may be sent again after
/// a crash by whoever does not know whether it was.
public final class NotificationDispatcher: @unchecked Sendable {
    private let deliveries: [ChannelDelivery]
    private let directory: String
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let report: @Sendable (String) -> Void
    private let lock = Lock()
    private var running: Set<String> = []
    private var isStarted = false
    private var unknownReceivers = 0

    /// How long the end waits for receivers; what is not delivered then is at the next start.
    public static let endingMax = 15 * Timestamp.second

    /// Opens the outboxes of all channels of `receivers`.
    ///
    /// - Parameters:
    ///   - directory: where outboxes are kept: `DATA/state/outbox`.
    ///   - report: takes sentences for the operator.
    ///   - random: numbers from 0 up to 1 for the waits between attempts.
    public init(
        receivers: [Receiver], services: ChannelServices, directory: String,
        fileSystem: any FileSystem = DiskFileSystem(), clock: any WallClock = SystemClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        report: @escaping @Sendable (String) -> Void
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.clock = clock
        self.report = report
        deliveries = receivers.flatMap { receiver in
            receiver.channels.map {
                ChannelDelivery(
                    $0, receiver: receiver.name,
                    channel: LineShowingChannel($0.makeChannel(services), services.lines),
                    directory: directory, fileSystem: fileSystem, clock: clock,
                    backoff: Backoff(random: random))
            }
        }
        for finding in deliveries.flatMap(\.findings) { report(finding) }
        for orphan in orphans {
            report(
                "the alert file has no channel \(orphan.channel) any more, for which "
                    + "\(orphan.waiting.count + orphan.deadLetters.count) notifications are kept: "
                    + "put it back to have them delivered, or say "
                    + "`weir alerts discard \(orphan.channel)`")
        }
    }

    /// The outboxes that hold something for a channel that no receiver has any more.
    private var orphans: [OutboxInspection.Report] {
        let names = Set(deliveries.map(\.settings.name))
        let reports = try? OutboxInspection.reports(in: directory, fileSystem: fileSystem)
        return (reports ?? []).filter {
            !names.contains($0.channel) && $0.waiting.count + $0.deadLetters.count > 0
        }
    }

    /// Begins to deliver, and goes on with what earlier runs left.
    public func start() {
        lock.locked { isStarted = true }
        for delivery in deliveries where delivery.hasWork { run(delivery) }
    }

    /// Takes notifications for their receivers. Any thread may call it.
    public func send(_ notifications: [AlertNotification]) {
        if notifications.isEmpty { return }
        for delivery in deliveries {
            let own = notifications.filter { $0.receiver == delivery.receiver }
            if own.isEmpty { continue }
            delivery.send(own)
            run(delivery)
        }
        let receivers = Set(deliveries.map(\.receiver))
        let lost = notifications.count { !receivers.contains($0.receiver) }
        if lost > 0 { lock.locked { unknownReceivers += lost } }
    }

    /// Notifications for receivers that have no channels.
    public var withoutChannel: Int { lock.locked { unknownReceivers } }

    private func run(_ delivery: ChannelDelivery) {
        let name = delivery.settings.name
        guard lock.locked({ isStarted && running.insert(name).inserted }) else { return }
        delivery.willRun()
        // The caller's thread must not wait for receivers, whatever the system lacks.
        guard WorkerThread.startIfPossible({ delivery.run() }) else {
            report("there is no thread for \(name); its notifications wait in the outbox")
            delivery.willNotRun()
            lock.locked { _ = running.remove(name) }
            return
        }
    }

    /// Lets every channel try what waits, and ends the threads. What was not delivered is in the outbox.
    public func finish() {
        let deadline = clock.monotonic() + Self.endingMax
        for delivery in deliveries { delivery.end(by: deadline) }
        let left = deliveries.reduce(0) { $0 + $1.statistics.waiting }
        if left > 0 {
            report("\(left) notifications are not delivered yet; the next start goes on with them")
        }
    }

    // MARK: Looking

    /// What each channel has done and has to do, in the order of the alert file.
    public var statistics: [ChannelStatistics] { deliveries.map(\.statistics) }

    /// What was given up, by channel, the oldest first.
    public var deadLetters: [DeadLetter] { deliveries.flatMap(\.deadLetters) }

    /// Tries a dead letter again. False when there is none of that number in that channel.
    public func retry(_ number: UInt64, in channel: String) -> Bool {
        retry(DeadLetters(channel: channel, numbers: [number])) == .done(1)
    }

    /// Forgets a dead letter. False when there is none of that number in that channel.
    public func drop(_ number: UInt64, in channel: String) -> Bool {
        drop(DeadLetters(channel: channel, numbers: [number])) == .done(1)
    }

    /// Tries dead letters again, as if they had come now.
    public func retry(_ letters: DeadLetters) -> DeadLetterOutcome {
        change(letters) { delivery, number in
            guard delivery.retry(number) else { return false }
            run(delivery)
            return true
        }
    }

    /// Forgets dead letters; of a channel that is named and that no receiver has any more, also what waits.
    public func drop(_ letters: DeadLetters) -> DeadLetterOutcome {
        let orphans = orphans.filter { letters.channel == nil || $0.channel == letters.channel }
        let dropped = orphans.reduce(0) { $0 + drop(letters, of: $1) }
        if dropped == 0 { return change(letters) { $0.drop($1) } }
        guard case .done(let further) = change(letters, { $0.drop($1) }) else {
            return .done(dropped)
        }
        return .done(dropped + further)
    }

    /// How many notifications of an outbox without a channel were forgotten.
    private func drop(_ letters: DeadLetters, of orphan: OutboxInspection.Report) -> Int {
        let outbox = Outbox(
            channel: orphan.channel, retains: false, directory: directory, fileSystem: fileSystem)
        for finding in outbox.findings { report(finding) }
        var kept = orphan.deadLetters.map(\.notification.number)
        if letters.channel != nil { kept += orphan.waiting.map(\.number) }
        return (letters.numbers.isEmpty ? kept : letters.numbers).count { outbox.drop($0) }
    }

    private func change(
        _ letters: DeadLetters, _ body: (ChannelDelivery, UInt64) -> Bool
    ) -> DeadLetterOutcome {
        var concerned = deliveries
        if let channel = letters.channel {
            concerned.removeAll { $0.settings.name != channel }
            if concerned.isEmpty {
                return .refused(
                    "no receiver has a channel `\(channel)`; put it back into the alert file, or "
                        + "discard what is kept for it")
            }
        }
        var done = 0
        for delivery in concerned {
            let numbers =
                letters.numbers.isEmpty
                ? delivery.deadLetters.map(\.notification.number) : letters.numbers
            done += numbers.count { body(delivery, $0) }
        }
        // One of several that is gone already is as it should be; none at all is a mistake.
        return done > 0 ? .done(done) : .refused("there are no such dead letters: \(letters.text)")
    }
}
