internal import LogRecords

/// From alerts to messages: groups what the rule engine says, leaves out what is silenced, inhibited or in maintenance, tells
/// each receiver what it does not know yet, repeats, escalates, and keeps storms and flapping from drowning their reader.
///
/// It means what Alertmanager means by the same configuration, and differs where that serves people better: the end of an
/// alert is told to whoever was told that it fires, silenced or not, and to nobody else.
///
/// A state machine without clock, thread or disk: the caller says what time it is. What is due is done at the time at which it
/// is due, in order, whenever the caller comes: the same transitions and commands at the same times give the same messages with
/// the same keys, however often `advance` is called between them. One thread owns it.
public final class AlertDesk {
    /// How much a desk holds.
    public struct Limits: Equatable, Sendable {
        /// The most alerts that are held. Further ones are not told but counted; their transitions are records all the same.
        public var alerts = 100_000
        /// The most silences, expired ones that are still remembered included. The oldest expired ones make room.
        public var silences = 10_000
        /// The most alerts in one message: what a person reads, and what receivers take.
        public var alertsInNotification = 100
        /// Commands that are remembered so that they are not applied twice; people give a few in an hour.
        public var commands = 10_000

        /// What serves most.
        public static let standard = Limits()
    }

    /// How long an expired silence is remembered, as Alertmanager does: five days.
    static let silenceMemory = 5 * Timestamp.day
    /// When more than an hour was slept through, or the clock leapt, nobody is told what would have been repeated since.
    static let leapMax = 3_600 * Timestamp.second
    /// A clock that goes back by less stands still for the desk; by more, all that is due moves with it.
    static let stepBackMax = 60 * Timestamp.second
    static let minute = 60 * Timestamp.second

    /// What was left out or refused.
    public struct Counters: Equatable, Sendable {
        /// Alerts not held because there were too many.
        public internal(set) var refusedAlerts = 0
        /// Commands that were not carried out.
        public internal(set) var refusedCommands = 0
        /// Alerts left out of messages that had too many.
        public internal(set) var truncatedAlerts = 0
        /// Messages that a storm's summary stands for.
        public internal(set) var stormedMessages = 0
        /// Changes of alerts that were not told since they were flapping.
        public internal(set) var dampedChanges = 0
    }

    /// What was left out or refused since the desk was made.
    public internal(set) var counters = Counters()

    var routing: AlertRouting
    var table: RouteTable
    let externalURL: String
    let limits: Limits
    /// The time up to which everything is done.
    var clock = Int64.min
    var alerts: [String: HeldAlert] = [:]
    var groups: [String: NoticeGroup] = [:]
    /// The groups under the configuration before, while a new one is put into force.
    var formerGroups: [String: NoticeGroup] = [:]
    var silences: [String: Silence] = [:]
    /// When each silence is looked at, because it begins, ends or is forgotten.
    var silenceEdges: [String: Int64] = [:]
    var inhibition: InhibitionIndex
    /// The maintenance windows that it is now, by their places.
    var openWindows: Set<Int> = []
    var nextMaintenance = Int64.max
    /// When alerts began or ceased to fire lately, by fingerprint.
    var changes: [String: [Int64]] = [:]
    var storms: [String: StormState] = [:]
    /// The ids of commands that were applied, the oldest first.
    var appliedCommands: [String] = []
    var knownCommands: Set<String> = []
    var timers = TimerQueue()
    var outcome = AlertOutcome()

    /// A desk that knows of nothing.
    ///
    /// - Parameters:
    ///   - routing: who is told of what.
    ///   - externalURL: where this weir is reached, for links.
    ///   - limits: how much it holds.
    public init(
        routing: AlertRouting, externalURL: String = "", limits: Limits = .standard
    ) {
        self.limits = limits
        self.routing = routing
        self.externalURL = externalURL
        table = RouteTable(routing.root)
        inhibition = InhibitionIndex(routing.inhibitions)
    }

    // MARK: What callers do

    /// Takes what the rule engine said at `now`, nanoseconds since the epoch by the wall clock.
    public func observe(_ transitions: [AlertTransition], now: Int64) -> AlertOutcome {
        run(to: now)
        for transition in transitions { take(transition) }
        finishInstant()
        return drain()
    }

    /// Does what is due up to `now`.
    public func advance(to now: Int64) -> AlertOutcome {
        run(to: now)
        return drain()
    }

    /// Does what is due up to `now` after a time in which nobody called: what would have been done several times since is done
    /// once. For the first call after a restart, behind the records that are observed again.
    public func resume(at now: Int64) -> AlertOutcome {
        run(to: now, isResuming: true)
        return drain()
    }

    /// Carries out what an operator said, unless that was done before.
    ///
    /// - Parameter letters: does what is asked of dead letters (`resend`, `discard`), which the desk knows nothing of.
    public func apply(
        _ command: OperatorCommand, now: Int64,
        letters: (OperatorCommand.Action) -> DeadLetterOutcome = { _ in
            .refused("nothing here keeps dead letters")
        }
    ) -> AlertOutcome {
        run(to: now)
        carryOut(command, letters)
        finishInstant()
        return drain()
    }

    /// When `advance` is to be called next; nil for not before something happens.
    public var due: Int64? {
        while let first = timers.first {
            if holds(first) { return first.time }
            timers.removeFirst()
        }
        return nil
    }

    /// The number of alerts that are held.
    public var alertCount: Int { alerts.count }

    func drain() -> AlertOutcome {
        let result = outcome
        outcome = AlertOutcome()
        return result
    }

    // MARK: Time

    func run(to now: Int64, isResuming: Bool = false) {
        if clock == .min { return begin(at: now) }
        if now < clock {
            if clock.minusClamped(now) > Self.stepBackMax { stepBack(to: now) }
            return
        }
        let isLeap = isResuming || now.minusClamped(clock) > Self.leapMax
        while let time = due, time <= now, let entry = timers.first {
            timers.removeFirst()
            clock = isLeap ? now : max(clock, time)
            handle(entry)
        }
        clock = now
        if alerts.isEmpty { settleMaintenance() }
    }

    private func begin(at now: Int64) {
        clock = now
        settleMaintenance()
    }

    /// Does what became due at this very moment.
    func finishInstant() {
        while let time = due, time <= clock, let entry = timers.first {
            timers.removeFirst()
            handle(entry)
        }
    }

    private func handle(_ entry: TimerQueue.Entry) {
        switch entry.kind {
        case .silence: settleSilence(entry.key)
        case .maintenance: settleMaintenance()
        case .alert: if let alert = alerts[entry.key] { check(alert) }
        case .flush: if let group = groups[entry.key] { flush(group) }
        case .escalation: if let group = groups[entry.key] { escalate(group) }
        case .storm: checkStorm(entry.key)
        }
    }

    /// Whether a timer stands for something that is still to be done.
    private func holds(_ entry: TimerQueue.Entry) -> Bool {
        switch entry.kind {
        case .silence: silenceEdges[entry.key] == entry.time
        case .maintenance: nextMaintenance == entry.time
        case .alert: alerts[entry.key].map(nextCheck) == entry.time
        case .flush: groups[entry.key]?.nextFlush == entry.time
        case .escalation: groups[entry.key]?.nextEscalation == entry.time
        case .storm: storms[entry.key]?.nextCheck == entry.time
        }
    }

    func schedule(_ kind: DeskTimer, _ key: String, at time: Int64) {
        guard time != .max else { return }
        timers.insert(TimerQueue.Entry(time: time, kind: kind, key: key))
        // Stale entries are dropped when they are most of the queue.
        let live = alerts.count + groups.count + silences.count + storms.count
        if timers.count > 8 * live + 128 { timers.sweep(holds) }
    }

    /// The first full minute behind the present time: time intervals begin and end there.
    var nextMinute: Int64 {
        (Timestamp.floorDivide(clock, Self.minute) + 1) &* Self.minute
    }

    // MARK: Records

    func record(
        _ event: AlertRecord.Event, _ alert: HeldAlert, _ details: String = "",
        _ members: [(String, String)] = []
    ) {
        outcome.records.append(
            .alert(event, alert.alert, at: clock, details, members: members))
    }
}
