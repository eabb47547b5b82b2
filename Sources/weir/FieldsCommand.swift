internal import ArgumentParser
internal import LogQuery
internal import LogSystem

/// `weir fields`: which fields lines have.
struct FieldsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fields", _superCommandName: "weir",
        abstract: "Shows which fields lines have, and what is in them.",
        discussion: """
            For each field: what its values are (number, duration, size, time, address,
            boolean, string; the commonest first), how many differ (exactly up to
            10,000, then estimated, with a ~), in how many lines it is, and a value.

            EXAMPLES
              weir fields
              weir fields 'service:shop' --since 1d
              weir fields 'level:ERROR' -o json
            """)

    @OptionGroup var data: DataOptions

    @OptionGroup var times: TimeOptions

    @OptionGroup var grep: GrepOptions

    @OptionGroup var show: ShowOptions

    @Argument(
        help: "A query in LogsQL (default: *, every line).",
        completion: .custom { words, index, prefix in
            QueryCompletion.candidates(words: words, index: index, prefix: prefix)
        })
    var query = "*"

    func run() throws {
        var query = try QueryText.parse(self.query, times: times, now: SystemClock().now())
        try grep.apply(to: &query)
        query.pipes.append(FieldSurveyPipe())
        let format = try show.format(standard: "table")
        if format.name == "raw" {
            throw CommandFailure("fields have no raw lines; -o takes table, json or csv")
        }
        let options = try show.options(query)
        let run = QueryRun()
        try run.answer(from: data) { stores, recorder in
            let sink = format.makeSink(options) { try run.write($0) }
            return try QueryExecutor.run(query, store: stores, recorder: recorder, into: sink)
        }
    }
}
