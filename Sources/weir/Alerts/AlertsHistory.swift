internal import ArgumentParser
internal import LogQuery
internal import LogSystem

/// `weir alerts history`.
struct AlertsHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows what became of alerts: their records, which are lines of class alerts.",
        discussion: """
            The same as `weir query '_class:alerts …'`, as a table. Exit status: 0
            found, 1 nothing found, 2 error or a partial answer.

            EXAMPLES
              weir alerts history --since 7d
              weir alerts history 'event:alert_firing severity:P0' -o json
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var times: TimeOptions
    @OptionGroup var show: ShowOptions

    @Argument(help: "LogsQL for the records (default: all).")
    var query = "*"

    func run() throws {
        let now = SystemClock().now()
        var query = try QueryText.parse(self.query, times: times, now: now)
        query.filter = .matching(all: [
            try QueryText.parse("_class:alerts", times: times, now: now).filter, query.filter,
        ])
        let format = try show.format(standard: "table")
        if format.name != "raw", query.pipes.isEmpty {
            let shape = try QueryText.parse(
                "* | sort by (_time) | fields _time, event, alert, severity, message", times: times,
                now: now)
            query.pipes = shape.pipes
        }
        let options = try show.options(query)
        let run = QueryRun()
        let finished = query
        try run.answer(from: data) { stores, recorder in
            let sink = format.makeSink(options) { try run.write($0) }
            return try QueryExecutor.run(finished, store: stores, recorder: recorder, into: sink)
        }
    }
}
