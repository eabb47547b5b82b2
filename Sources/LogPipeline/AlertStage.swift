internal import LogAlerting
internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// The stage that evaluates the rules and turns what comes of it into records of class `alerts`.
final class AlertStage {
    /// What became of a batch: transitions, and the lines that record them.
    struct Raised {
        var transitions: [AlertTransition] = []
        /// No batch, or one with a line for each transition.
        var batches: [RecordBatch] = []
    }

    private let engine: RuleEngine
    private let channels: AlertChannels
    private let counters: MetricsRegistry
    private let classIndex: UInt8
    private let batch = RecordBatch()
    private var countedLate = 0
    private var countedRefused = 0

    init(
        configuration: AlertConfiguration, channels: AlertChannels, counters: MetricsRegistry,
        classIndex: UInt8, report: @escaping @Sendable (String) -> Void
    ) {
        engine = RuleEngine(rules: configuration.rules)
        self.channels = channels
        self.counters = counters
        self.classIndex = classIndex
        channels.start(counters: counters, report: report)
    }

    /// Evaluates the rules over the records of `batch`.
    func observe(_ batch: RecordBatch) -> Raised {
        raise(engine.observe(batch), arrivalTime: batch.arrivalTime)
    }

    /// The latest event time of the records.
    var latestTime: Int64? { engine.latestTime }

    /// Evaluates what is due when event time has come to `time` without further records.
    func advance(to time: Int64, arrivalTime: Int64) -> Raised {
        raise(engine.advance(to: time), arrivalTime: arrivalTime)
    }

    /// Evaluates what is left at the end of the input, and waits until every notification is delivered.
    func finish(arrivalTime: Int64) -> Raised {
        let raised = raise(engine.finish(), arrivalTime: arrivalTime)
        channels.finish()
        return raised
    }

    private func raise(_ transitions: [AlertTransition], arrivalTime: Int64) -> Raised {
        counters.add(.late, engine.lateRecords - countedLate)
        countedLate = engine.lateRecords
        counters.add(.alertGroupsRefused, engine.refusedGroups - countedRefused)
        countedRefused = engine.refusedGroups
        if transitions.isEmpty { return Raised() }
        channels.send(transitions, counters: counters)
        let lines = transitions.map { Array($0.jsonLine.utf8) }
        let chunk = ByteChunk(capacity: lines.reduce(0) { $0 + $1.count })
        batch.reset(over: chunk, arrivalTime: arrivalTime)
        for (line, transition) in zip(lines, transitions) {
            counters.add(.alertTransitions, label: transition.state.rawValue)
            let start = chunk.count
            line.withView { chunk.append($0) }
            batch.append(
                line: ByteView(chunk.base + start, line.count), readable: chunk.readableEnd)
        }
        for row in 0..<batch.records.count {
            var record = batch.records[row]
            record.classIndex = classIndex
            batch.records[row] = record
        }
        return Raised(transitions: transitions, batches: [batch])
    }
}
