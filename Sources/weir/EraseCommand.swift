internal import ArgumentParser
internal import Glibc
internal import LogQuery
internal import LogSegments
internal import LogSystem

/// `weir erase`: takes lines out of the store for good.
struct EraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", _superCommandName: "weir",
        abstract: "Erases the lines that a filter matches, for good.",
        discussion: """
            Rewrites the segments of the named classes without the matching
            lines, those in the journal included. While `weir ingest` runs it is
            refused; --dry-run is not. A record of class weir-audit says who
            erased what, with digests in place of the filter's values. Cut off
            at any moment, the same command again does the rest. Backups, copies
            sent elsewhere, snapshots of the file system and notifications in
            state/outbox are not reached.
            Exit status: 0 erased, 1 nothing matched, 2 error or some may be left.

            EXAMPLES
              weir erase --class production --dry-run 'user_id:="user_456"'
              weir erase --class production --class alerts 'user_id:="user_456"'
              weir erase --class debug --until 2025-01-18 --yes 'password:*'
              weir erase --class debug --since 1h --yes '*'
              weir query '_class:weir-audit'       who erased what, and when
              printf %s user_456 | sha256sum       the digest to look for there
            """)

    @OptionGroup var data: DataOption

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("Erase in this class; may be said repeatedly.", valueName: "name"))
    var classes: [String] = []

    @OptionGroup var times: TimeOptions

    @Flag(help: "Counts the matching lines by class and day; erases nothing.")
    var dryRun = false

    @Flag(help: "Erases without asking; needed when nobody can be asked, and for `*`.")
    var yes = false

    @Argument(help: "Which lines, as a LogsQL filter without pipes.")
    var filter: String

    func run() throws {
        let request = try self.request()
        let eraser = StoreEraser(directory: data.directory)
        do {
            if dryRun {
                try show(try eraser.count(request))
            } else {
                if !yes { try ask(request, eraser) }
                try erase(request, eraser)
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func request() throws -> EraseRequest {
        guard !classes.isEmpty else {
            throw CommandFailure("say in which classes: --class NAME (`weir stats` lists them)")
        }
        let now = SystemClock().now()
        let filter: Filter
        do throws(QueryError) {
            filter = try QueryParser.parseFilter(self.filter, now: now)
        } catch {
            throw CommandFailure("\(error)")
        }
        return EraseRequest(
            classes: Set(classes), timeRange: try times.range(now: now), filter: filter)
    }

    // MARK: Counting and asking

    private func show(_ matches: EraseMatches) throws {
        try Terminal.output(table(matches.lines, "lines to erase"))
        note(matches.faults, matches.unsearched)
        if !matches.faults.isEmpty || !matches.unsearched.isEmpty {
            throw CommandFailure("not everything can be searched")
        }
        if matches.total == 0 { throw CommandFailure(status: 1) }
    }

    private func table(_ lines: [PartitionKey: Int], _ title: String) -> String {
        if lines.isEmpty { return "" }
        var table = TextTable([.text("class"), .text("day"), .number(title)])
        for (key, count) in lines.sorted(by: { $0.key < $1.key }) {
            table.add([key.className, key.dayName, Figure.count(count)])
        }
        return table.lines(indent: 0).map { $0 + "\n" }.joined()
    }

    /// Asks whether the lines are to go. Where none is found there is nothing to ask: a run goes on with what an interrupted
    /// one has left.
    private func ask(_ request: EraseRequest, _ eraser: StoreEraser) throws {
        let isEverything = request.filter == .all
        guard isEverything || isatty(0) == 1 && Terminal.errorsAreInteractive else {
            throw CommandFailure(
                "nobody is here to be asked: say --yes to erase, or --dry-run to count")
        }
        let matches = try eraser.count(request)
        if matches.total == 0 { return }
        Terminal.note(String(table(matches.lines, "lines to erase").dropLast()))
        let lines = matches.total == 1 ? "1 line" : "\(Figure.count(matches.total)) lines"
        if isEverything {
            throw CommandFailure(
                "`*` is every line: \(lines). Say --yes if that is meant; nothing is erased")
        }
        Terminal.note("Erase \(lines) for good? [y/N]")
        let answer = readLine() ?? ""
        guard ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandFailure("nothing is erased")
        }
    }

    // MARK: Erasing

    private func erase(_ request: EraseRequest, _ eraser: StoreEraser) throws {
        let report = try eraser.run(request, by: Self.eraseOperator()) { step in
            Terminal.note(
                "\(step.key.className) \(step.key.dayName): \(Figure.count(step.erased)) lines erased, "
                    + "\(Figure.count(step.kept)) kept")
        }
        for warning in report.warnings { Terminal.note("weir: \(warning)") }
        note(report.faults, report.unsearched)
        let changed = report.segmentsRewritten + report.segmentsRemoved
        let outcome =
            "\(Figure.count(report.total)) lines, \(Figure.bytes(report.rawBytes)), erased; "
            + "\(changed) segments changed"
        if let failure = report.failure {
            throw CommandFailure("\(failure); \(outcome). Run the same command again")
        }
        if !report.isComplete {
            throw CommandFailure("\(outcome); matching lines may be left (see above)")
        }
        Terminal.note(report.total == 0 ? "weir: no line matches" : "weir: \(outcome)")
        if report.leftoversRemoved > 0 {
            Terminal.note(
                "weir: \(report.leftoversRemoved) files of an interrupted run removed")
        }
        if report.total == 0, report.leftoversRemoved == 0 { throw CommandFailure(status: 1) }
        let outbox = DataDirectory.outbox(data.directory)
        if let files = try? DiskFileSystem().list(outbox), !files.isEmpty {
            Terminal.note(
                "weir: notifications of alerts are not searched; those in \(outbox) may quote what "
                    + "was erased")
        }
    }

    private func note(_ faults: [ScanFault], _ unsearched: [String]) {
        Terminal.note(
            faults,
            suffix: ". The segment is left as it is: run `weir check --repair`, then erase again")
        for path in unsearched {
            Terminal.note(
                "weir: \(path) may hold matching lines and cannot be searched; remove it when you "
                    + "do not need it any more")
        }
    }

    // MARK: Who

    /// The user that the process runs as, and the machine.
    private static func eraseOperator() -> EraseOperator {
        let number = geteuid()
        let user = getpwuid(number).map { String(cString: $0.pointee.pw_name) } ?? "uid \(number)"
        let sudoUser = getenv("SUDO_USER").map { String(cString: $0) }
        var name = [CChar](repeating: 0, count: 256)
        let host = gethostname(&name, name.count - 1) == 0 ? name : Array("unknown".utf8CString)
        return EraseOperator(
            user: user, sudoUser: sudoUser,
            host: String(
                decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
            tool: Weir.configuration.version)
    }
}
