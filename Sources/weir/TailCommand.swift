internal import ArgumentParser
internal import LogQuery
internal import LogSystem

/// `weir tail`: lines as they arrive.
struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", _superCommandName: "weir",
        abstract: "Shows lines as they arrive in the data directory.",
        discussion: """
            First the newest stored lines that match, by time; then, until Ctrl-C, those
            that an ingester stores meanwhile, in the order of their arrival, half a
            second after they came. None is left out or shown twice when segments are
            sealed or merged, or when the ingester dies and comes back.

            EXAMPLES
              weir tail                            the last ten lines, and what comes
              weir tail 'level:>=warn' -n 50
              weir tail --since 5m -g timeout      the last five minutes first
              weir tail 'service:shop | fields _time, level, _msg' -o table
              weir tail --data A --data B          two directories as one
            """)

    @OptionGroup var data: DataOptions

    @Option(help: "First the stored lines from this time on: an age or a time.")
    var since: String?

    @Option(
        name: .customShort("n", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp(
            "First the newest stored lines, so many (default: 10; all of --since).",
            valueName: "lines"))
    var newest: String?

    @OptionGroup var grep: GrepOptions

    @OptionGroup var show: ShowOptions

    @Argument(
        help: "A filter in LogsQL, and pipes that treat each row by itself (default: *).",
        completion: .custom { words, index, prefix in
            QueryCompletion.candidates(words: words, index: index, prefix: prefix)
        })
    var query = "*"

    private static let newestDefault = 10

    func run() throws {
        let now = SystemClock().now()
        var times = TimeOptions()
        times.since = since
        times.until = nil
        var query = try QueryText.parse(self.query, times: times, now: now)
        try grep.apply(to: &query)
        let newest =
            try newest.map { try LineCount($0, "-n").value }
            ?? (since == nil ? Self.newestDefault : nil)
        let run = FollowRun(query: query, newest: newest, now: now)
        try run.follow(data, try show.format(standard: "raw"), try show.options(query))
    }
}
