internal import ArgumentParser
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// `weir retention`: shows or deletes what has been kept long enough.
struct Retention: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", _superCommandName: "weir",
        abstract: "Deletes what has been kept as long as its class demands.",
        discussion: """
            Deletes a class's day when its newest line is older than the class
            allows. Classes are those of --retention, else those that the last
            `weir ingest` used. Nothing is deleted while the clock is more than
            seven days off the time at which the last ingester was seen, unless
            --confirm-clock says that it is right; an ingester that runs hears
            of it, too. --max-disk takes more: the oldest days of the class
            that is kept for the shortest time, until the data directory fits.

            EXAMPLES
              weir retention --dry-run
              weir retention --dry-run -o json | jq 'select(.verdict == "expired")'
              weir retention --dry-run --retention new-retention.conf
              weir retention
              weir retention --max-disk 20GB
            """)

    @OptionGroup var data: DataOption

    @Option(name: .customLong("retention"), help: "A retention.conf to decide by.")
    var file: String?

    @Option(help: "What segments and journal may take: 500MB, 20GB, 1TB, 512MiB.")
    var maxDisk: String?

    @Flag(help: "Shows what would be deleted, and when; deletes nothing.")
    var dryRun = false

    @Flag(help: "Says that the clock is right although it seems to have leapt.")
    var confirmClock = false

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "table or json: one object a line, with plain numbers (default: table).")
    var output = "table"

    func validate() throws {
        guard ["table", "json"].contains(output) else {
            throw ValidationError("there is no output `\(output)` (there are table, json)")
        }
    }

    func run() throws {
        let limit = try maxDisk.map(Configuration.maxDisk)
        let run = RetentionRun(directory: data.directory)
        do {
            let stored = try StoredPartitions(directory: data.directory)
            Terminal.note(stored.faults)
            if confirmClock, !dryRun { try TrustedClock.confirm(directory: data.directory) }
            let present = try? run.storedPolicy()
            let policy = try file.map(Configuration.retention) ?? run.storedPolicy()
            let clock = TrustedClock(directory: data.directory)
            let pause = confirmClock ? nil : clock.pause
            let now = confirmClock ? SystemClock().now() : clock.now()
            let plan = stored.plan(policy, now: now)
            var removals = pause == nil ? plan.removals : []
            if let limit {
                let budget = DiskBudget(usedBytes: try run.usedBytes(), limitBytes: limit)
                let known = Set(removals.map(\.fate.key))
                removals += budget.removals(plan).filter { !known.contains($0.fate.key) }
            }
            let text = RetentionPlanText(
                plan, removals: removals,
                present: file == nil ? nil : present.map { stored.plan($0, now: now) })
            try Terminal.output(output == "json" ? text.json : text.table)
            if let pause { try refuse(pause, removals) }
            if !dryRun, !removals.isEmpty { try apply(removals, of: plan, run) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Says that the clock keeps what has expired; an error where something was to be deleted and nothing is.
    private func refuse(_ pause: ClockPause, _ removals: [PlannedRemoval]) throws {
        guard dryRun || !removals.isEmpty else { throw CommandFailure("\(pause)") }
        Terminal.note("weir: \(pause)")
    }

    private func apply(
        _ removals: [PlannedRemoval], of plan: RetentionPlan, _ run: RetentionRun
    ) throws {
        let events: [RetentionEvent]
        do throws(StoreError) {
            events = try run.apply(removals, of: plan)
        } catch {
            guard confirmClock, case .inUse = error else { throw error }
            Terminal.note(
                "weir: the clock is confirmed; the ingester that runs here goes by it from its next "
                    + "look on, within the hour")
            return
        }
        var failed = false
        var bytes = 0
        var count = 0
        for event in events {
            Terminal.note("weir: \(event)")
            switch event {
            case .deleted(let removal, _):
                count += 1
                bytes += removal.fate.storedBytes
            case .failed, .paused, .aboveLimit, .stillAboveLimit: failed = true
            }
        }
        Terminal.note("weir: deleted \(count) partitions, \(Figure.bytes(bytes))")
        if failed { throw CommandFailure(status: 2) }
    }
}
