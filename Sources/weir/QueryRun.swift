internal import LogBytes
internal import LogQuery
internal import LogSegments
internal import LogSystem

/// One query, from opening the data directories to the exit status.
struct QueryRun {
    /// What a user may want to know of how an answer came about.
    struct Telling {
        var explains = false
        var tellsTime = false
    }

    private let clock = SystemClock()
    private let progress = ProgressLine()
    private let recorder: ScanRecorder
    private let telling: Telling

    init(_ telling: Telling = Telling()) {
        self.telling = telling
        let progress = progress
        let clock = clock
        recorder = ScanRecorder(
            clock: { clock.monotonic() },
            step: { recorder in
                try Interruption.check()
                progress.update(recorder)
            })
        Interruption.watch()
        // One block is decoded behind the other, in buffers of the same sizes.
        ProcessMemory.keepFreed()
    }

    /// Writes `bytes` to stdout.
    func write(_ bytes: ByteView) throws {
        progress.clear()
        try recorder.measure(.output) { try Terminal.output(bytes) }
    }

    /// Opens `data` and answers with what `body` does; the rows given, and 1 as exit status when there is none.
    func answer(
        from data: DataOptions,
        _ body: (SegmentStores, ScanRecorder) throws -> QueryReport
    ) throws {
        let start = clock.monotonic()
        let report: QueryReport
        do {
            let stores = try recorder.measure(.open) { try data.open() }
            report = try body(SegmentStores(stores), recorder)
        } catch {
            progress.clear()
            throw Self.failure(error)
        }
        progress.clear()
        tell(report, nanoseconds: clock.monotonic() - start)
        Terminal.note(report.faults)
        if !report.faults.isEmpty {
            throw CommandFailure("the answer is partial: \(report.faults.count) damaged parts")
        }
        if report.rowsGiven == 0 { throw CommandFailure(status: 1) }
    }

    /// What the end of a query by `error` is for the user.
    static func failure(_ error: any Error) -> CommandFailure {
        switch error {
        case let failure as CommandFailure: failure
        case let closed as Terminal.Closed: CommandFailure(closed)
        case is Interruption.Requested: CommandFailure(status: Interruption.status)
        default: CommandFailure("\(error)")
        }
    }

    // MARK: Telling

    private func tell(_ report: QueryReport, nanoseconds: Int64) {
        if telling.explains {
            for line in Self.explanation(recorder.statistics, report) { Terminal.note(line) }
        }
        if telling.tellsTime {
            for line in Self.times(recorder, nanoseconds: nanoseconds) { Terminal.note(line) }
        }
    }

    /// What was read and what was left out, and by what.
    static func explanation(_ statistics: ScanStatistics, _ report: QueryReport) -> [String] {
        var table = TextTable([
            .text("looked at"), .number("all"), .number("read"), .number("by time"),
            .number("by class"), .number("by statistics"), .number("by words"),
            .number("not needed"),
        ])
        func add(
            _ name: String, _ tally: ScanStatistics.Tally, _ text: (Int) -> String
        ) {
            table.add([
                name, text(tally.total), text(tally.read), text(tally.skippedByTime),
                text(tally.skippedByClass), text(tally.skippedByStatistics),
                text(tally.skippedByTokens), text(tally.skippedByLimit),
            ])
        }
        add("partitions", statistics.partitions) { Figure.count($0) }
        add("blocks", statistics.blocks) { Figure.count($0) }
        add("journal frames", statistics.frames) { Figure.count($0) }
        add("bytes", statistics.bytes) { Figure.bytes($0) }
        var lines = ["what was read, and what was skipped by what:"] + table.lines()
        lines.append("  indexes read: \(Figure.bytes(statistics.footerBytes))")
        if let bytes = statistics.columnBytesRead {
            lines.append("  bytes of columns read: \(Figure.bytes(bytes))")
        }
        lines.append(
            "  lines: \(Figure.count(statistics.rows)) in what was read, "
                + "\(Figure.count(report.rowsMatched)) match, \(Figure.count(report.rowsGiven)) given"
        )
        return lines
    }

    /// Where the time went.
    static func times(_ recorder: ScanRecorder, nanoseconds: Int64) -> [String] {
        let names: [QueryPhase: String] = [
            .open: "opening the directories", .store: "finding blocks",
            .filter: "filtering, with reading what filters need",
            .load: "reading the rest of what matches", .pipes: "pipes, order and making the output",
            .output: "writing",
        ]
        var table = TextTable([.text("where the time went"), .number("ms")])
        var rest = nanoseconds
        for phase in QueryPhase.allCases {
            let time = recorder.time(of: phase)
            rest -= time
            table.add([names[phase] ?? "\(phase)", Figure.fixed(Double(time) / 1e6, 2)])
        }
        table.add(["else", Figure.fixed(Double(max(rest, 0)) / 1e6, 2)])
        table.add(["all", Figure.fixed(Double(nanoseconds) / 1e6, 2)])
        return table.lines(indent: 0)
    }
}
