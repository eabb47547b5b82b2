public import LogAlerting
internal import LogBytes
internal import LogJSON
public import LogMetrics
internal import LogRecords
public import LogSegments
public import LogSources
public import LogSystem

/// The pipeline: the one place where the stages meet.
///
/// Each source reads on a thread of its own into bounded chunks; `run` takes them one by one, on the thread that calls it:
/// scan, classify, measure, evaluate rules, write to the journal together with the alerts that came of it, commit every
/// interval, seal when it is due. A slow disk slows `run`, the chunks run out, the sources wait.
public final class Ingester: @unchecked Sendable {
    let options: IngestOptions
    let clock: any WallClock
    private let store: StoreWriter
    private let classifier: Classifier
    private let redactor: Redactor?
    let alerts: AlertStage
    let delivery: AlertDelivery
    private let state: StageState
    private let commands: CommandSpool
    /// When operators' commands are looked for next (monotonic).
    private var commandsDue: Int64 = .min
    /// What other threads want to be done on this one.
    private var asked: [(Ingester) throws -> Void] = []
    private let maintenance: Maintenance
    private let outlet: ChunkOutlet
    private let report: @Sendable (String) -> Void
    private let batch = RecordBatch()
    private var summary = IngestSummary()
    private var partitions: [PartitionKey: PartitionSummary] = [:]
    private var commitDue: Int64?
    /// What a commit takes: the longest of the last ones (nanoseconds).
    private var commitTime: Int64 = 0
    /// Those who wait until what is written so far is durable.
    private var awaiting: [Delivery] = []
    private var uncommittedLines = 0
    private var countedJournalBytes = 0
    private var nextSealAttempt: Int64 = 0
    private var silence = SilenceClock()
    private var observers: [(interval: Int64, due: Int64, body: (Ingester) -> Void)] = []

    let lock = Lock()
    var sources: [any LineSource] = []
    private var isStopping = false
    var sourceFailures: [any Error] = []
    var runningSources = 0

    /// Counters of this ingester.
    public let counters: MetricsRegistry
    /// What the stream says about the systems that write it.
    public private(set) var metrics: StreamMetrics

    /// How long to wait before writing to a full disk again, and before sealing after a failure (nanoseconds).
    private static let retryInterval: Int64 = 1_000_000_000
    private static let sealRetryInterval: Int64 = 10_000_000_000
    /// How often operators' commands are looked for (nanoseconds): whoever silences an alert waits for it.
    private static let commandInterval: Int64 = 500_000_000

    /// Opens the data directory, recovering what a crash left.
    ///
    /// - Parameters:
    ///   - services: what channels may use of the world.
    ///   - report: takes sentences for the operator, as they come up.
    public init(
        options: IngestOptions, services: ChannelServices,
        fileSystem: any FileSystem = DiskFileSystem(),
        clock: any WallClock = SystemClock(), report: @escaping @Sendable (String) -> Void
    ) throws(StoreError) {
        self.options = options
        self.clock = clock
        self.report = report
        let counters = MetricsRegistry()
        self.counters = counters
        metrics = StreamMetrics(
            definitions: options.alerting.metrics, classNames: options.policy.classes.map(\.name))
        let stored = StoredLines(directory: options.directory)
        delivery = AlertDelivery(
            receivers: options.alerting.receivers,
            directory: DataDirectory.outbox(options.directory),
            services: ChannelServices(
                now: services.now, lines: stored.of, writeLine: services.writeLine),
            fileSystem: fileSystem, clock: clock, report: report)
        alerts = AlertStage(
            configuration: options.alerting, file: options.alertFile, delivery: delivery,
            counters: counters, policy: options.policy, columns: metrics.columns)
        state = try StageState(
            metrics: metrics, classNames: options.policy.classes.map(\.name), alerts: alerts,
            directory: options.directory,
            fileSystem: fileSystem, clock: clock, report: report)
        store = try StoreWriter(
            directory: options.directory, policy: options.policy, fileSystem: fileSystem,
            clock: clock, options: options.store, observer: state)
        commands = CommandSpool(directory: options.directory, fileSystem: fileSystem)
        classifier = Classifier(policy: options.policy, columns: metrics.columns)
        redactor = options.redaction.map { Redactor(rules: $0, counters: counters) }
        outlet = ChunkOutlet(
            chunkCount: IngestOptions.chunkCount,
            chunkBytes: min(options.lineBytesMax, IngestOptions.lineBytesLimit) + 1, clock: clock)
        maintenance = Maintenance(
            options: options, store: store, fileSystem: fileSystem, clock: clock, report: report
        ) { event in
            switch event {
            case .merged(let merge):
                counters.add(.mergedSegments, merge.inputs)
                counters.add(.mergedBytes, merge.bytesAfter)
            case .dropped: counters.add(.droppedPartitions)
            }
        }
        batch.format = options.format
        summary.recovery = store.recovery
        // At once: what ends months later, or has no summary, would keep it to itself.
        counters.add(.damages, store.recovery.damages.count)
        for damage in store.recovery.damages { report("damaged: \(damage)") }
    }

    /// Calls `body` every `interval` nanoseconds while `run` runs, and at its end, on its thread, beside all others that were
    /// asked for. Before `run`.
    public func observe(every interval: Int64, _ body: @escaping (Ingester) -> Void) {
        observers.append((interval, clock.monotonic() + interval, body))
    }

    /// Asks `run` to drain what was read, to seal and to return. Any thread may call it.
    public func stop() {
        let sources = lock.locked {
            isStopping = true
            lock.signal()
            return self.sources
        }
        for source in sources { source.stop() }
    }

    private var stopRequested: Bool { lock.locked { isStopping } }

    /// Reads all `sources` to their end and stores every line.
    ///
    /// On a normal return everything read is durable. An error means that the lines counted in `IngestFailure.linesLost`
    /// were read and are not stored; all before them are.
    public func run(_ sources: [any LineSource]) throws -> IngestSummary {
        delivery.start()
        let resumed = alerts.resume(now: clock.now())
        try write(resumed.batches)
        note(resumed)
        if alerts.awaitsRecords {
            silence.begin(at: clock.now(), instant: clock.monotonic())
        }
        start(sources)
        maintenance.start()
        defer { maintenance.stop() }
        do {
            try drain()
        } catch let failure as IngestFailure {
            tellAwaiting(.failed("\(failure.cause)"))
            throw IngestFailure(
                cause: failure.cause, linesLost: uncommittedLines + failure.linesLost + discard())
        }
        if let failure = lock.locked({ sourceFailures.first }) {
            report("\(failure); the lines read until then are stored")
            summary.sourceFailed = true
        }
        return summary
    }

    // MARK: Sources

    /// Ends the sources and counts the lines that they had read and nobody has stored.
    private func discard() -> Int {
        stop()
        var lines = 0
        while case .delivery(let delivery) = outlet.receive(until: nil) {
            batch.reset(over: delivery.chunk, arrivalTime: store.trustedClock.arrivalTime())
            batch.appendLines(of: delivery.chunk)
            lines += batch.records.count
            delivery.tell(.failed(ChunkOutlet.endingReason))
            outlet.recycle(delivery.chunk)
        }
        return lines
    }

    private func start(_ sources: [any LineSource]) {
        let isStopped = lock.locked {
            self.sources = sources
            runningSources = sources.count
            return isStopping
        }
        // Whoever asked before there were sources means these.
        if isStopped { for source in sources { source.stop() } }
        if sources.isEmpty { outlet.finish() }
        let context = SourceContext(
            outlet: outlet, counters: counters, clock: clock, positions: store.positions,
            report: report)
        for source in sources {
            WorkerThread.start { [self] in
                var failure: (any Error)?
                do {
                    try source.run(in: context)
                } catch {
                    failure = error
                }
                let isLast = lock.locked {
                    if let failure { sourceFailures.append(failure) }
                    runningSources -= 1
                    return runningSources == 0
                }
                if isLast { outlet.finish() }
            }
        }
    }

    // MARK: Stages

    private func drain() throws {
        // Also where the input ends at once: commands wait for the next run, however short.
        try carryOutCommands()
        while true {
            switch outlet.receive(until: nextDeadline) {
            case .delivery(let delivery):
                try process(delivery)
                outlet.recycle(delivery.chunk)
            case .timedOut:
                try evaluateInSilence()
            case .finished:
                try finish()
                return
            }
            try serveAsked()
            try tickIfDue()
            try carryOutCommands()
            try commitIfDue()
            sealIfDue()
            observeIfDue()
        }
    }

    private var nextDeadline: Int64? {
        var deadlines = [commitDue, silence.due] + observers.map(\.due)
        deadlines.append(commandsDue)
        if let due = alerts.due {
            let wait = due.subtractingReportingOverflow(clock.now())
            deadlines.append(clock.monotonic() + max(wait.overflow ? 0 : wait.partialValue, 0))
        }
        return deadlines.compactMap(\.self).min()
    }

    /// Does what is due for alerts by the wall clock.
    private func tickIfDue() throws {
        let raised = alerts.tick(now: clock.now())
        try write(raised.batches)
        note(raised)
        // What concerns no line waits for no commit.
        if alerts.isUnsettled, commitDue == nil { state.settle(below: store.endSequence) }
    }

    /// Carries out what operators put into the data directory.
    private func carryOutCommands() throws {
        guard clock.monotonic() >= commandsDue else { return }
        commandsDue = clock.monotonic() + Self.commandInterval
        let entries: [CommandSpool.Entry]
        do throws(StoreError) {
            entries = try commands.entries()
        } catch {
            report("\(error); commands wait")
            return
        }
        guard !entries.isEmpty else { return }
        for entry in entries { try carryOut(entry) }
        try commit()
        for entry in entries {
            do throws(StoreError) {
                try commands.remove(entry.id)
            } catch {
                report("\(error); the command is carried out once all the same")
            }
        }
    }

    private func carryOut(_ entry: CommandSpool.Entry) throws {
        let command: OperatorCommand
        do throws(OperatorCommandFault) {
            command = try entry.command()
        } catch {
            return report("the command \(entry.id) was not carried out: \(error)")
        }
        let (raised, refusal) = alerts.apply(command, now: clock.now())
        if let refusal { report("command \(entry.id): \(refusal)") }
        try write(raised.batches)
        note(raised)
    }

    // MARK: Other threads

    /// Has `body` called on the thread of `run`, between two batches; not after its end. Any thread may call it.
    public func ask(_ body: @escaping @Sendable (Ingester) -> Void) { enqueue(body) }

    func enqueue(_ body: @escaping @Sendable (Ingester) throws -> Void) {
        lock.locked { asked.append(body) }
        outlet.wake()
    }

    private func serveAsked() throws {
        let bodies = lock.locked {
            let bodies = asked
            asked = []
            return bodies
        }
        for body in bodies { try body(self) }
    }

    /// Puts another alert file into force. Any thread may call it.
    public func reload(_ alerting: AlertConfiguration) {
        enqueue { ingester in
            ingester.metrics = ingester.state.reload(alerting.metrics)
            let raised = ingester.alerts.reload(alerting, now: ingester.clock.now())
            try ingester.write(raised.batches)
            ingester.note(raised)
        }
    }

    private func observeIfDue() {
        for index in observers.indices where clock.monotonic() >= observers[index].due {
            observers[index].due = clock.monotonic() + observers[index].interval
            alerts.countDelivery()
            observers[index].body(self)
        }
    }

    private func process(_ delivery: Delivery) throws {
        let chunk = redactor?.redact(delivery.chunk) ?? delivery.chunk
        batch.reset(over: chunk, arrivalTime: store.trustedClock.arrivalTime())
        batch.appendLines(of: chunk)
        count(delivery)
        classifier.classify(batch, as: delivery.className)
        metrics.observe(batch)
        let raised = alerts.observe(batch)
        silence.hear(
            eventTime: alerts.latestTime, arrival: batch.arrivalTime, instant: clock.monotonic())
        if !delivery.receipts.isEmpty { awaiting.append(delivery) }
        try write([batch] + raised.batches, delivery)
        note(raised)
    }

    private func evaluateInSilence() throws {
        guard let time = silence.eventTime(at: clock.monotonic()) else { return }
        let raised = alerts.advance(to: time, now: store.trustedClock.arrivalTime())
        guard !raised.batches.isEmpty else { return }
        try write(raised.batches)
        note(raised)
    }

    private func count(_ delivery: Delivery) {
        let chunk = delivery.chunk
        let lines = batch.records.count
        var bytes = 0
        var skewed = 0
        for record in batch.records.buffer {
            bytes += Int(record.lineLength)
            if record.isSkewed { skewed += 1 }
        }
        summary.lines += lines
        summary.bytes += bytes
        summary.skewedLines += skewed
        summary.skippedBytes += chunk.cutBytes
        counters.add(.lines, lines)
        counters.add(.bytes, bytes)
        counters.add(.skewed, skewed)
        summary.truncatedLines += chunk.cutLines
        counters.add(.truncated, chunk.cutLines)
        if let source = delivery.source {
            counters.add(.sourceLines, lines, label: source)
            counters.add(.sourceBytes, chunk.count, label: source)
        }
        for (reason, count) in batch.unparsed {
            summary.unparsed[reason.rawValue, default: 0] += count
            counters.add(.unparsed, count, label: reason.rawValue)
        }
    }

    func note(_ raised: AlertStage.Raised) {
        let room = max(IngestSummary.transitionsMax - summary.transitions.count, 0)
        summary.transitions += raised.transitions.prefix(room)
        summary.furtherTransitions += max(raised.transitions.count - room, 0)
    }

    // MARK: Storing

    func write(_ batches: [RecordBatch], _ delivery: Delivery? = nil) throws {
        let count = batches.reduce(0) { $0 + $1.records.count }
        let positions = delivery?.positions ?? []
        try retryingWhenFull(lines: count) { () throws(StoreError) in
            try store.append(batches, positions: positions)
        }
        uncommittedLines += count
        counters.add(.journalFrames)
        if commitDue == nil, store.hasUncommitted {
            // The interval ends when the lines are durable, not when the disk begins.
            commitDue =
                (delivery?.arrived ?? clock.monotonic()) + options.commitInterval
                - min(commitTime, options.commitInterval / 4)
        }
    }

    private func commitIfDue() throws {
        guard let due = commitDue, clock.monotonic() >= due else { return }
        try commit()
    }

    func commit() throws {
        commitDue = nil
        let before = store.journalSynchronizations
        let start = clock.monotonic()
        try retryingWhenFull(lines: 0) { () throws(StoreError) in try store.commit() }
        commitTime = max(clock.monotonic() - start, commitTime - commitTime / 8)
        uncommittedLines = 0
        tellAwaiting(.durable)
        state.settle(below: store.endSequence)
        counters.add(.fsyncs, store.journalSynchronizations - before)
        counters.add(.journalBytes, store.journalBytes - countedJournalBytes)
        countedJournalBytes = store.journalBytes
    }

    private func tellAwaiting(_ outcome: DeliveryOutcome) {
        for delivery in awaiting { delivery.tell(outcome) }
        awaiting.removeAll()
    }

    /// Does a store operation again and again while the disk is full, if that is what the options say.
    private func retryingWhenFull(
        lines: Int, _ body: () throws(StoreError) -> Void
    ) throws {
        var isWaiting = false
        while true {
            do throws(StoreError) {
                try body()
                if isWaiting {
                    outlet.stall(nil)
                    report("there is space again; reading goes on")
                }
                return
            } catch {
                guard case .full = error, options.whenFull == .wait, !stopRequested else {
                    throw IngestFailure(cause: error, linesLost: lines)
                }
                if !isWaiting {
                    report("\(error); reading waits until there is space, nothing is lost")
                }
                isWaiting = true
                outlet.stall("\(error)")
                maintenance.makeRoom()
            }
            lock.locked {
                _ = isStopping || lock.wait(until: clock.monotonic() + Self.retryInterval)
            }
        }
    }

    private func sealIfDue() {
        guard store.isSealDue, clock.monotonic() >= nextSealAttempt else { return }
        do throws(StoreError) {
            note(try store.seal())
            maintenance.wake()
        } catch {
            nextSealAttempt = clock.monotonic() + Self.sealRetryInterval
            report("\(error); the lines stay in the journal, sealing is tried again")
        }
    }

    private func note(_ sealed: [SealedSegment]) {
        for segment in sealed {
            var entry = partitions[segment.key] ?? PartitionSummary(key: segment.key)
            entry.segments += 1
            entry.lines += segment.lines
            entry.rawBytes += segment.rawBytes
            entry.storedBytes += segment.storedBytes
            partitions[segment.key] = entry
            counters.add(.sealedSegments)
            counters.add(.sealedRecords, segment.lines)
        }
    }

    private func finish() throws {
        let raised = alerts.finish(now: store.trustedClock.arrivalTime())
        try write(raised.batches)
        note(raised)
        try commit()
        delivery.finish()
        do throws(StoreError) {
            note(try store.close())
        } catch {
            report("\(error); all lines are safe in the journal, the next start seals them")
        }
        alerts.countDelivery()
        for observer in observers { observer.body(self) }
        summary.endpoints = metrics.summaryByEndpoint()
        (summary.refusedGroups, summary.refusedValues) = alerts.refused
        summary.partitions = partitions.values.sorted { $0.key < $1.key }
    }
}
