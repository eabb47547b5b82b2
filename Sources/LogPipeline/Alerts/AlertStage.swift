internal import LogAlerting
internal import LogBytes
internal import LogChannels
internal import LogMetrics
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// From records to notifications: the rule engine evaluates, the desk decides whom to tell, the dispatcher delivers.
///
/// What engine and desk say goes into the journal as lines of weir's own, in the frame of the lines that it came of.
/// Notifications leave when that frame is durable: `settle` hands them over and saves what the desk knows, so that a crash
/// at any point neither forgets one nor makes another of it. The ingest thread calls all of it.
final class AlertStage {
    /// What became of a batch, a command or a moment: transitions, and the lines that record everything.
    struct Raised {
        var transitions: [AlertTransition] = []
        /// No batch, or one with a line for each record.
        var batches: [RecordBatch] = []
    }

    let engine: RuleEngine
    let desk: AlertDesk
    /// What is in force.
    private(set) var configuration: AlertConfiguration
    /// Alerts that were raised by hand and have not ended. A restart ends them all.
    var manualAlerts: [ManualAlert] = []
    let counters: MetricsRegistry
    private let ownClasses: (alerts: UInt8, audit: UInt8)
    private let batch = RecordBatch()
    private let delivery: AlertDelivery
    private var countedLate = 0
    private var countedRefused = 0
    private var countedValues = 0
    private var countedDesk: AlertDesk.Counters
    private var countedChannels: [String: ChannelStatistics] = [:]
    private var pending: [AlertNotification] = []
    /// What the desk knows differs from what is saved.
    private var isChanged = false
    /// The path of the file with the rules; nil for weir's own.
    private let file: String?

    init(
        configuration: AlertConfiguration, file: String?, delivery: AlertDelivery,
        counters: MetricsRegistry, policy: RetentionPolicy, columns: FieldColumns
    ) {
        self.configuration = configuration
        self.file = file
        engine = RuleEngine(rules: configuration.rules, columns: columns)
        desk = AlertDesk(routing: configuration.routing)
        countedDesk = desk.counters
        self.delivery = delivery
        self.counters = counters
        let classes = policy.classes.count - 1
        ownClasses = (
            UInt8(clamping: policy.index(of: RetentionPolicy.alertsClass) ?? classes),
            UInt8(clamping: policy.index(of: RetentionPolicy.auditClass) ?? classes)
        )
    }

    // MARK: Records and time

    /// Evaluates the rules over the records of `batch`.
    func observe(_ batch: RecordBatch) -> Raised {
        raise(engine.observe(batch), now: batch.arrivalTime)
    }

    /// Whether a rule says something about records that do not come.
    var awaitsRecords: Bool { engine.rules.contains { $0.condition.measure == .absent } }

    /// The latest event time of the records.
    var latestTime: Int64? { engine.latestTime }

    /// Evaluates what is due when event time has come to `time` without further records.
    func advance(to time: Int64, now: Int64) -> Raised {
        raise(engine.advance(to: time), now: now)
    }

    /// When `tick` is to be called, by the wall clock.
    var due: Int64? { (manualAlerts.map(\.end) + [desk.due].compactMap(\.self)).min() }

    /// Does what is due at `now`: waits that end, repetitions, escalations, alerts that were raised by hand and end.
    func tick(now: Int64) -> Raised {
        guard let due, due <= now else { return Raised() }
        var outcome = desk.advance(to: now)
        let ends = endManualAlerts(at: now)
        let told = tell(ends, now)
        outcome.notifications += told.notifications
        outcome.records += told.records
        return take(outcome, ends, now: now)
    }

    /// Evaluates what is left at the end of the input, and lets nobody wait any longer for what is to be told.
    func finish(now: Int64) -> Raised {
        let raised = raise(engine.finish(), now: now)
        pending += desk.flushAll(now: now).notifications
        return raised
    }

    /// Carries out what an operator said; the reason when that cannot be done.
    func apply(_ command: OperatorCommand, now: Int64) -> (raised: Raised, refusal: String?) {
        let outcome = desk.apply(command, now: now, letters: delivery.carryOut)
        return (take(outcome, now: now), outcome.refusal)
    }

    /// Goes on with another configuration: rules that are the same keep their state, alerts of rules that are gone end.
    func reload(_ configuration: AlertConfiguration, now: Int64) -> Raised {
        self.configuration = configuration
        var raised = raise(engine.reload(rules: configuration.rules), now: now)
        let outcome = desk.reload(configuration.routing, now: now)
        raised.batches += take(outcome, now: now).batches
        delivery.reload(configuration.receivers)
        return raised
    }

    private func raise(_ transitions: [AlertTransition], now: Int64) -> Raised {
        count()
        if transitions.isEmpty { return Raised() }
        for transition in transitions {
            counters.add(.alertTransitions, label: transition.state.rawValue)
        }
        return take(tell(transitions, now), transitions, now: now)
    }

    /// Tells the desk of transitions one by one: an alert that began and ended within one batch, as in a file that is piped in,
    /// is told where the route waits for nothing.
    func tell(_ transitions: [AlertTransition], _ now: Int64) -> AlertOutcome {
        var outcome = AlertOutcome()
        for transition in transitions {
            let next = desk.observe([transition], now: now)
            outcome.notifications += next.notifications
            outcome.records += next.records
        }
        return outcome
    }

    private func count() {
        counters.add(.late, engine.lateRecords - countedLate)
        countedLate = engine.lateRecords
        counters.add(.alertGroupsRefused, engine.refusedGroups - countedRefused)
        countedRefused = engine.refusedGroups
        counters.set(.ruleGroups, Double(engine.groupCount))
        counters.add(.alertValuesRefused, engine.refusedValues - countedValues)
        countedValues = engine.refusedValues
    }

    /// Records that rules had no room for.
    var refused: (groups: Int, values: Int) { (countedRefused, countedValues) }

    /// Brings the counters of deliveries up to date.
    func countDelivery() {
        for now in delivery.statistics {
            let old = countedChannels[now.channel]
            for (counter, count) in [
                (IngestCounter.notifications, now.sent - (old?.sent ?? 0)),
                (.notificationFailures, now.failed - (old?.failed ?? 0)),
                (.notificationsDead, now.dead - (old?.dead ?? 0)),
                (.notificationsRefused, now.refused - (old?.refused ?? 0)),
            ] where count > 0 {
                counters.add(counter, count, label: now.channel)
            }
            counters.set(.notificationsWaiting, Double(now.waiting), label: now.channel)
            countedChannels[now.channel] = now
        }
    }

    private func countDesk() {
        let now = desk.counters
        for (reason, value) in [
            ("too_many_alerts", now.refusedAlerts - countedDesk.refusedAlerts),
            ("refused_command", now.refusedCommands - countedDesk.refusedCommands),
            ("truncated", now.truncatedAlerts - countedDesk.truncatedAlerts),
            ("storm", now.stormedMessages - countedDesk.stormedMessages),
            ("flapping", now.dampedChanges - countedDesk.dampedChanges),
        ] where value > 0 {
            counters.add(.alertsWithheld, value, label: reason)
        }
        countedDesk = now
    }

    /// Takes up what the desk says; the lines of `transitions` go first.
    func take(
        _ outcome: AlertOutcome, _ transitions: [AlertTransition] = [], now: Int64
    ) -> Raised {
        if transitions.isEmpty, outcome.isEmpty { return Raised() }
        isChanged = true
        countDesk()
        pending += outcome.notifications
        let lines =
            transitions.map { ($0.jsonLine, ownClasses.alerts) }
            + outcome.records.map { record in
                (
                    record.line,
                    record.recordClass == .audit ? ownClasses.audit : ownClasses.alerts
                )
            }
        if lines.isEmpty { return Raised(transitions: transitions) }
        write(lines, arrivalTime: now)
        return Raised(transitions: transitions, batches: [batch])
    }

    private func write(_ lines: [(text: String, classIndex: UInt8)], arrivalTime: Int64) {
        let chunk = ByteChunk(capacity: lines.reduce(0) { $0 + $1.text.utf8.count })
        batch.reset(over: chunk, arrivalTime: arrivalTime)
        for (text, _) in lines {
            let start = chunk.count
            text.withView { chunk.append($0) }
            batch.append(
                line: ByteView(chunk.base + start, chunk.count - start),
                readable: chunk.readableEnd)
        }
        for (row, line) in lines.enumerated() where row < batch.records.count {
            batch.records[row].classIndex = line.classIndex
        }
    }

    // MARK: Durability

    /// Whether there is something to hand over or to save although no line is waiting for a commit.
    var isUnsettled: Bool { isChanged || !pending.isEmpty }

    /// Hands over what is to be told and saves what the desk knows. All lines are durable.
    func settle(_ save: ([StateSnapshot.Section]) -> Bool) {
        if !pending.isEmpty {
            delivery.send(pending)
            pending = []
        }
        guard isChanged else { return }
        var out = ByteWriter(capacity: 4_096)
        desk.snapshot(into: &out)
        var sections = [StateSnapshot.Section(name: "desk", bytes: Array(out.view))]
        if let file { sections.append(.init(name: AlertFilePath.section, bytes: Array(file.utf8))) }
        if save(sections) { isChanged = false }
    }

    /// Says which file with rules the saved snapshot names, if any.
    func noteSaved(file saved: String?) {
        if saved != file { isChanged = true }
    }

    /// Appends what the engine knows.
    func snapshotEngine(into out: inout ByteWriter, pause: (inout ByteWriter) -> Void) {
        engine.snapshot(into: &out, pause: pause)
    }

    /// Goes on from what `snapshotEngine` wrote.
    func restoreEngine(from reader: inout ByteReader) throws(MalformedBytes) {
        try engine.restore(from: &reader)
    }

    /// Goes on from what `settle` saved.
    func restoreDesk(from reader: inout ByteReader) throws(MalformedBytes) {
        try desk.restore(from: &reader)
    }

    /// Observes lines again whose transitions are recorded already; the desk hears of them unless it has.
    func replay(_ batch: RecordBatch, tellsDesk: Bool) {
        let transitions = engine.observe(batch)
        count()
        guard tellsDesk, !transitions.isEmpty else { return }
        pending += tell(transitions, batch.arrivalTime).notifications
        isChanged = true
    }

    /// Goes on living at `now`, behind everything that was restored: alerts whose rules are gone end, and what would have been
    /// done several times meanwhile is done once.
    func resume(now: Int64) -> Raised {
        let ended = desk.end(allBut: Set(engine.activeFingerprints), now: now)
        var raised = raise(ended, now: now)
        let outcome = desk.resume(at: now)
        raised.batches += take(outcome, now: now).batches
        return raised
    }
}
