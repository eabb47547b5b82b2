internal import ArgumentParser
internal import LogSegments
internal import LogSystem

/// `weir check`: holds everything that is stored against its checksums.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", _superCommandName: "weir",
        abstract: "Reads every byte that is stored and says what is damaged.",
        discussion: """
            Segments and the journal, snapshots, outboxes with their dead letters,
            commands that wait. Runs beside a writer and queries. Findings go to standard output,
            one paragraph each: file and byte, what is wrong, what is lost, what
            to do. With --repair, which no writer may be at work for, it saves
            what can be read; what is damaged is kept as NAME.damaged. Exit
            status: 0 clean (with --repair: clean now), 1 damaged, 2 could not
            check.

            EXAMPLES
              weir check
              weir check --data /var/lib/weir || echo damaged
              weir check --repair
            """)

    @OptionGroup var data: DataOption

    @Flag(help: "Saves what can be saved, and says what is lost for good.")
    var repair = false

    func run() throws {
        let progress = CheckProgressLine()
        let clock = SystemClock()
        let start = clock.monotonic()
        do {
            let after: CheckSummary
            if repair {
                let result = try StoreRepair(directory: data.directory, contents: .weir).run(
                    progress: progress.show
                ) { show($0, progress) }
                progress.clear()
                try tell(result.report)
                after = result.after
            } else {
                after = try StoreCheck(directory: data.directory, contents: .weir)
                    .run(progress: progress.show) { show($0, progress) }
                progress.clear()
            }
            try tell(after, nanoseconds: clock.monotonic() - start)
            if after.damages + after.foreign > 0 { throw CommandFailure(status: 1) }
            if after.unchecked > 0 { throw CommandFailure(status: 2) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            progress.clear()
            throw CommandFailure("\(error)")
        }
    }

    private func show(_ finding: CheckFinding, _ progress: CheckProgressLine) {
        progress.clear()
        let mark =
            switch finding.severity {
            case .damage: "DAMAGED"
            case .foreign: "FOREIGN"
            case .notice: "note"
            case .unchecked: "UNCHECKED"
            }
        let place = finding.offset.map { ", byte \($0)" } ?? ""
        var text = "\(mark) \(finding.file)\(place)\n    \(finding.what)\n"
        if let loss = finding.loss { text += "    lost: \(loss)\n" }
        if !finding.advice.isEmpty { text += "    \(finding.advice)\n" }
        // Nobody may be there to read it; the exit status still says what was found.
        try? Terminal.output(Terminal.harmless(text))
    }

    private func tell(_ report: RepairReport) throws {
        for action in report.actions {
            try Terminal.output(Terminal.harmless("repair: \(action)\n"))
        }
        for failure in report.failures {
            try Terminal.output(Terminal.harmless("repair FAILED: \(failure)\n"))
        }
        guard report.lostLines > 0 || report.losesUnknownLines else { return }
        let number = "\(Figure.count(report.lostLines)) lines"
        let more = report.losesUnknownLines ? " and an unknown number more" : ""
        try Terminal.output(
            "repair: lost for good, unless a backup or the journal has them: "
                + (report.lostLines > 0 ? number + more : "an unknown number of lines") + "\n")
    }

    private func tell(_ summary: CheckSummary, nanoseconds: Int64) throws {
        let seconds = max(Double(nanoseconds) / 1e9, 1e-3)
        let speed = Figure.fixed(Double(summary.bytes) / 1e6 / seconds, 0)
        var text =
            "checked \(Figure.count(summary.files)) files, \(Figure.bytes(summary.bytes)), "
            + "\(Figure.count(summary.lines)) lines (\(speed) MB/s): "
        if summary.isClean {
            text += "clean"
        } else {
            text +=
                "\(summary.damages) damaged, \(summary.foreign) foreign, "
                + "\(summary.unchecked) could not be checked"
        }
        if summary.lostLines > 0 {
            let least = summary.losesUnknownLines ? "at least " : ""
            text += "; \(least)\(Figure.count(summary.lostLines)) lines are lost"
        }
        if !summary.state.isEmpty { try Terminal.output(Self.text(summary.state) + "\n") }
        try Terminal.output(text + "\n")
    }

    /// `state: 2 snapshots, 3 outboxes (1 notification waiting, 2 dead letters), 0 commands waiting`
    private static func text(_ state: StateSummary) -> String {
        func count(_ number: Int, _ what: String, _ more: String = "s") -> String {
            "\(Figure.count(number)) \(what)\(number == 1 ? "" : more)"
        }
        return "state: \(count(state.snapshots, "snapshot")), "
            + "\(count(state.outboxes, "outbox", "es")) (\(count(state.waiting, "notification")) "
            + "waiting, \(count(state.deadLetters, "dead letter"))), "
            + "\(count(state.commands, "command")) waiting"
    }
}

/// One line on a terminal that says how far a check has come.
private final class CheckProgressLine {
    private let isShown = Terminal.errorsAreInteractive
    private let clock = SystemClock()
    private var shownAt: Int64 = 0
    private var isThere = false

    /// Between two pictures, nanoseconds: what an eye can follow.
    private static let interval: Int64 = 100_000_000

    func show(_ progress: CheckProgress) {
        guard isShown, clock.monotonic() - shownAt >= Self.interval else { return }
        shownAt = clock.monotonic()
        isThere = true
        let share = Double(progress.bytes) / Double(max(progress.totalBytes, 1))
        Terminal.status(
            "checking: \(Figure.percent(share)) of \(Figure.bytes(progress.totalBytes))")
    }

    func clear() {
        if isThere { Terminal.status("") }
        isThere = false
    }
}
