internal import ArgumentParser
internal import LogBytes
internal import LogQuery
internal import LogSegments
internal import LogSystem

/// `weir query`: finds stored lines.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Finds stored lines by LogsQL, also while weir ingests.",
        discussion: """
            Lines come in the order of their time. weir's own records (alerts,
            weir-audit) show when the query names their class. Exit status: 0 found,
            1 nothing found, 2 error.

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
            """)

    @OptionGroup var data: DataOption

    @OptionGroup var times: TimeOptions

    @Option(name: .customShort("n"), help: "Only the newest N lines.")
    var newest: Int?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "raw, json, table or csv (default: raw; table for results on a terminal).")
    var output: String?

    @Argument(help: "The query in LogsQL (default: *, every line).")
    var query = "*"

    func run() throws {
        let now = SystemClock().now()
        let query = try parse(now: now)
        let format = try chosenFormat(query)
        if let newest, newest < 0 {
            throw CommandFailure("-n takes a number of lines, not \(newest)")
        }
        let store: SegmentStore
        do throws(StoreError) {
            store = try SegmentStore(directory: data.directory)
        } catch {
            throw CommandFailure("\(error)")
        }
        let options = OutputOptions(fields: query.outputFields, width: Terminal.width)
        let sink = format.makeSink(options) { try Terminal.output($0) }
        let report: QueryReport
        do {
            report = try QueryExecutor.run(query, store: store, newest: newest, into: sink)
        } catch let closed as Terminal.Closed {
            throw CommandFailure(closed)
        } catch {
            throw CommandFailure("\(error)")
        }
        Terminal.note(report.faults)
        if !report.faults.isEmpty {
            throw CommandFailure("the answer is partial: \(report.faults.count) damaged parts")
        }
        if report.rowsGiven == 0 { throw CommandFailure(status: 1) }
    }

    private func parse(now: Int64) throws -> Query {
        let query: Query
        do throws(QueryError) {
            query = try QueryParser.parse(self.query, now: now)
        } catch {
            throw CommandFailure("\(error)")
        }
        return query.restricted(by: try times.filters(now: now))
    }

    private func chosenFormat(_ query: Query) throws -> OutputFormat {
        guard let output else {
            let name = Terminal.isInteractive && query.outputFields != nil ? "table" : "raw"
            return try format(named: name)
        }
        return try format(named: output)
    }

    private func format(named output: String) throws -> OutputFormat {
        if let format = OutputFormat.named(output) { return format }
        let names = OutputFormat.all.map(\.name).joined(separator: ", ")
        let hint = OutputFormat.nearest(to: output).map { "; did you mean `\($0)`?" } ?? ""
        throw CommandFailure("there is no output `\(output)`\(hint) (there are \(names))")
    }
}
