internal import ArgumentParser
internal import LogAlerting
internal import LogBytes
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// `weir alerts test`: runs rules over stored lines.
struct AlertsTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Runs rules over stored lines: when would each have fired, and for how long?",
        discussion: """
            Lines pass the rules in the order in which they came, as they did when they
            came: the same rules give the same alerts at the same times. Nobody is told.
            Exit status: 0 something would have fired, 1 nothing would, 2 error or a
            part of the lines is missing.

            EXAMPLES
              weir alerts test --since 30d --alerts new.yaml
              weir alerts test --since 1d --alerts new.yaml -o json
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var file: AlertFileOption
    @OptionGroup var times: TimeOptions

    @Option(
        name: .short,
        help: "table: a row for each alert; json: a line for each transition, as it is stored.")
    var output = "table"

    /// Lines that pass the rules at once.
    private static let batchBytes = 1 << 20

    /// An alert that fired.
    private struct Firing {
        /// At the highest level that it came to.
        var transition: AlertTransition
        let time: Int64
        var end: Int64?
    }

    func run() throws {
        guard ["table", "json"].contains(output) else {
            throw CommandFailure("-o takes table or json, not `\(output)`")
        }
        let configuration = try file.configuration(of: data.directory)
        let engine = RuleEngine(rules: configuration.rules)
        var firings: [Firing] = []
        var open: [String: Int] = [:]
        func take(_ transitions: [AlertTransition]) throws {
            for transition in transitions {
                if output == "json" { try Terminal.output(transition.jsonLine + "\n") }
                switch transition.state {
                case .pending: break
                case .firing:
                    // A further level of the same alert is no further alert.
                    if let place = open[transition.fingerprint] {
                        if transition.outranks(firings[place].transition) {
                            firings[place].transition = transition
                        }
                        continue
                    }
                    open[transition.fingerprint] = firings.count
                    firings.append(
                        Firing(transition: transition, time: transition.eventTime))
                case .resolved:
                    guard let place = open.removeValue(forKey: transition.fingerprint) else {
                        continue
                    }
                    firings[place].end = transition.eventTime
                }
            }
        }
        let report: ExportReport
        do {
            report = try replay(engine, take)
            try take(engine.finish())
        } catch let failure as CommandFailure {
            throw failure
        } catch let closed as Terminal.Closed {
            throw CommandFailure(closed)
        } catch {
            throw CommandFailure("\(error)")
        }
        if output == "table" { try show(firings, configuration.rules) }
        Terminal.note(
            "weir: \(Figure.count(report.lines)) lines, \(configuration.rules.count) rules, "
                + "\(firings.count) alerts"
                + (engine.lateRecords > 0
                    ? ", \(Figure.count(engine.lateRecords)) lines came too late to count" : ""))
        Terminal.note(report.faults)
        if !report.faults.isEmpty {
            throw CommandFailure("the answer is partial: \(report.faults.count) damaged parts")
        }
        if firings.isEmpty { throw CommandFailure(status: 1) }
    }

    /// Has all lines pass the engine.
    private func replay(
        _ engine: RuleEngine, _ take: ([AlertTransition]) throws -> Void
    ) throws -> ExportReport {
        let now = SystemClock().now()
        let range = try times.range(now: now)
        let chunk = ByteChunk(
            capacity: Self.batchBytes + (64 << 20), spareBytes: Self.batchBytes)
        let batch = RecordBatch()
        var stored: [(start: Int, time: StoredTime)] = []
        func flush() throws {
            guard chunk.count > 0 else { return }
            batch.reset(over: chunk, arrivalTime: now)
            batch.appendLines(of: chunk)
            Self.setTimes(batch, stored)
            try take(engine.observe(batch))
            chunk.count = 0
            stored.removeAll(keepingCapacity: true)
        }
        let report = try LineExport(directory: data.directory).runWithTimes(
            ExportRequest(timeRange: range)
        ) { line, time in
            if chunk.count + line.count + 1 > Self.batchBytes { try flush() }
            guard line.count < chunk.capacity else { return }
            stored.append((chunk.count, time))
            chunk.append(line)
            chunk.append(ByteView("\n"))
        }
        try flush()
        return report
    }

    /// Gives records the times that they had when they came: a line without one that of its arrival, and not of now.
    private static func setTimes(
        _ batch: RecordBatch, _ stored: [(start: Int, time: StoredTime)]
    ) {
        var next = 0
        for row in 0..<batch.records.count {
            // A line that consists of several was stored as one, and is one again.
            while next + 1 < stored.count,
                stored[next + 1].start <= Int(batch.records[row].lineStart)
            {
                next += 1
            }
            guard next < stored.count else { return }
            batch.records[row].time = stored[next].time.time
            guard stored[next].time.isSkewed else { continue }
            batch.records[row].isSkewed = true
            batch.records[row].hasOwnTime = false
        }
    }

    private func show(_ firings: [Firing], _ rules: [AlertRule]) throws {
        guard !firings.isEmpty else { return }
        var table = TextTable([
            .text("FIRED"), .text("FOR"), .text("SEVERITY"), .text("ALERT"), .text("LABELS"),
            .text("WHAT"),
        ])
        for firing in firings {
            let transition = firing.transition
            let length = firing.end.map { DurationText.text(max($0 - firing.time, 0)) }
            table.add([
                Timestamp.text(firing.time, digits: 0), length ?? "until the end",
                transition.labels["severity"] ?? "", transition.alert, transition.groupText,
                "\(transition.subject) is \(transition.unit.text(transition.value)) "
                    + "(threshold \(transition.unit.text(transition.threshold)))",
            ])
        }
        for line in table.lines(indent: 0) { try Terminal.output(line + "\n") }
    }
}

extension AlertTransition {
    /// Whether it is of a higher severity.
    fileprivate func outranks(_ other: AlertTransition) -> Bool {
        guard let severity else { return false }
        return other.severity.map { severity > $0 } ?? true
    }
}
