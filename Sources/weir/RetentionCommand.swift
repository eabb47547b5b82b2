internal import ArgumentParser
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// `weir retention`: shows or deletes what has been kept long enough.
struct Retention: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deletes what has been kept as long as its class demands.",
        discussion: """
            Deletes a class's day when its newest line is older than the class
            allows. Classes are those of --retention, else those that the last
            `weir ingest` used. Nothing is deleted while the clock is more than
            seven days ahead of the newest line and of the last ingester, unless
            --confirm-clock says that it is right.

            EXAMPLES
              weir retention --dry-run
              weir retention --dry-run --retention new-retention.conf
              weir retention
            """)

    @OptionGroup var data: DataOption

    @Option(name: .customLong("retention"), help: "A retention.conf to decide by.")
    var file: String?

    @Flag(help: "Shows what would be deleted, and when; deletes nothing.")
    var dryRun = false

    @Flag(help: "Deletes although the clock seems to have jumped ahead.")
    var confirmClock = false

    func run() throws {
        let run = RetentionRun(directory: data.directory)
        let segments: [SegmentStatistics]
        let policy: RetentionPolicy
        do {
            let (found, faults) = try SegmentStore(directory: data.directory).statistics()
            Terminal.note(faults, suffix: "; it is kept")
            segments = found
            policy = try file.map(Configuration.retention) ?? run.storedPolicy()
        } catch {
            throw CommandFailure("\(error)")
        }
        let plan = RetentionPlan(
            segments: segments, policy: policy, now: SystemClock().now(),
            lastKnownTime: run.lastKnownTime())
        try show(plan)
        if dryRun || plan.expired.isEmpty { return }
        if let ahead = plan.clockAhead, !confirmClock {
            throw CommandFailure(
                "nothing is deleted: the clock is \(ahead / Timestamp.day) days ahead of the newest "
                    + "line and the last ingester; if it is right, say --confirm-clock")
        }
        do throws(StoreError) {
            try run.apply(plan)
        } catch {
            throw CommandFailure("\(error)")
        }
        let bytes = plan.expired.reduce(0) { $0 + $1.storedBytes }
        Terminal.note(
            "weir: deleted \(plan.expired.count) partitions, \(Figure.bytes(bytes))")
    }

    private func show(_ plan: RetentionPlan) throws {
        var table = TextTable([
            .text("class"), .text("day"), .number("lines"), .number("stored"),
            .text("newest line"), .text("verdict"),
        ])
        for fate in plan.partitions {
            let verdict =
                switch fate.verdict {
                case .keep(let until): "kept until \(Timestamp.text(until, digits: 0))"
                case .expired(let since): "expired since \(Timestamp.text(since, digits: 0))"
                case .unknownClass: "kept: no class has this name"
                }
            table.add([
                fate.key.className, "\(fate.key.day)", Figure.count(fate.lines),
                Figure.bytes(fate.storedBytes), Timestamp.text(fate.newest, digits: 0), verdict,
            ])
        }
        for line in table.lines(indent: 0) { try Terminal.output(line + "\n") }
        let expired = plan.expired
        try Terminal.output(
            "\(expired.count) of \(plan.partitions.count) partitions have expired, "
                + "\(Figure.bytes(expired.reduce(0) { $0 + $1.storedBytes }))\n")
        if plan.clockAhead != nil, !expired.isEmpty {
            Terminal.note(
                "weir: the clock is far ahead of the newest line; deleting would ask for --confirm-clock"
            )
        }
    }
}
