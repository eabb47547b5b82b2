internal import ArgumentParser
internal import LogQuery
internal import LogSystem

/// `weir query`: finds stored lines.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", _superCommandName: "weir",
        abstract: "Finds stored lines by LogsQL or as grep does, also while weir ingests.",
        discussion: """
            Lines come in the order of their time. weir's own records (alerts,
            metrics, weir-audit) show when the query names their class. Exit status:
            0 found, 1 nothing found, 2 error or a partial answer.

            EXAMPLES
              weir query 'level:ERROR endpoint:="/api/v1/login" duration_ms:>1000'
              weir query timeout --since 1h        a word in the message
              weir query '"connection refused" or status_code:>=500' -n 20
              weir query 'message:~"user_[0-9]+ failed"' -o json
              weir query '* | stats by (endpoint) count() as n,
                            quantile(0.95, duration_ms) as p95'
              weir query '_time:2025-01-18T12 _class:security' | wc -l
              weir query '_class:alerts' -n 10     the newest alerts
              weir query '*' | sort | sha256sum    the very bytes that came in

            AS GREP, on the very bytes of lines, alone or together with a query
              weir query -g 'code [45][0-9]{2}"'   what grep -E finds in the files
              weir query -c -F -g b1c8b58e5526cb   how many lines hold a text
              weir query 'level:ERROR' -g timeout -v           errors, but no timeouts
              weir query 'level:>=error' -C 3 -n 5             with the lines around them

            WHAT IT DID
              weir query --explain --stats-time 'level:ERROR' -c
            """)

    @OptionGroup var data: DataOptions

    @OptionGroup var times: TimeOptions

    @Option(
        name: .customShort("n", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("Only the newest lines, so many.", valueName: "lines"))
    var newest: String?

    @OptionGroup var grep: GrepOptions

    @Flag(name: [.customShort("c"), .customLong("count")], help: "Only how many lines there are.")
    var counts = false

    @Option(
        name: .customShort("A", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("With so many lines of the same class behind each.", valueName: "lines"))
    var behind: String?

    @Option(
        name: .customShort("B", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("With so many lines of the same class before each.", valueName: "lines"))
    var before: String?

    @Option(
        name: .customShort("C", allowingJoined: true), parsing: .unconditional,
        help: ArgumentHelp("With so many on both sides.", valueName: "lines"))
    var around: String?

    @Flag(
        name: [.customShort("f"), .customLong("follow")],
        help: "Then the lines that arrive from now on, as weir tail.")
    var follows = false

    @OptionGroup var show: ShowOptions

    @Flag(help: "Tells on stderr what was read, and what was skipped by what.")
    var explain = false

    @Flag(help: "Tells on stderr where the time went.")
    var statsTime = false

    @Flag(help: "Only prints the query as it was read, or says what is wrong with it.")
    var parseOnly = false

    @Argument(
        help: "The query in LogsQL (default: *, every line).",
        completion: .custom { words, index, prefix in
            QueryCompletion.candidates(words: words, index: index, prefix: prefix)
        })
    var query = "*"

    func run() throws {
        let now = SystemClock().now()
        var query = try QueryText.parse(self.query, times: times, now: now)
        if parseOnly { return try Terminal.output("\(query)\n") }
        try grep.apply(to: &query)
        let standard = Terminal.isInteractive && query.outputFields != nil ? "table" : "raw"
        let format = try show.format(standard: standard)
        let options = try show.options(query)
        let newest = try self.newest.map { try LineCount($0, "-n").value }
        let context = try contextLines(query)
        if follows {
            if counts || context != nil {
                throw CommandFailure("--follow goes without -c, -A, -B and -C")
            }
            let run = FollowRun(query: query, newest: newest, now: now)
            return try run.follow(data, format, options)
        }
        let run = QueryRun(.init(explains: explain, tellsTime: statsTime))
        if counts { return try LineCounting(query, newest: newest).answer(run, data) }
        try run.answer(grep.patterns.isEmpty ? query : nil, from: data) { stores, recorder in
            let sink = format.makeSink(options) { try run.write($0) }
            guard let context else {
                return try QueryExecutor.run(
                    query, store: stores, newest: newest, recorder: recorder, into: sink)
            }
            return try QueryExecutor.run(
                query, context: context, store: stores, newest: newest, recorder: recorder,
                into: sink)
        }
    }

    /// The lines that are wanted around each match; nil when only matches are.
    private func contextLines(_ query: Query) throws -> ContextLines? {
        guard around != nil || before != nil || behind != nil else { return nil }
        let both = try around.map { try LineCount($0, "-C").value } ?? 0
        let context = ContextLines(
            before: try before.map { try LineCount($0, "-B").value } ?? both,
            behind: try behind.map { try LineCount($0, "-A").value } ?? both)
        if let pipe = query.pipes.first, !counts {
            throw CommandFailure(
                "-A, -B and -C show lines around lines, and `| \(pipe)` makes rows of its own; "
                    + "leave it out")
        }
        return context
    }
}
