internal import ArgumentParser
internal import LogAlerting
internal import LogBytes
internal import LogChannels
internal import LogQuery
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// What a running weir has saved about alerts.
struct SavedAlerts {
    let desk: AlertDesk
    let pending: [ActiveAlert]

    /// Reads what the weir of `directory` saved last, under the rules and routes of `file`.
    init(directory: String, file: AlertFileOption) throws {
        let configuration = try Self.configuration(directory, file)
        let desk = AlertDesk(routing: configuration.routing)
        let engine = RuleEngine(rules: configuration.rules)
        do {
            if let bytes = try StateSnapshot.read(.alerts, directory: directory)?["desk"] {
                try Self.read(bytes) { reader throws(MalformedBytes) in
                    try desk.restore(from: &reader)
                }
            }
            if let bytes = try StateSnapshot.read(.stream, directory: directory)?["rules"] {
                try Self.read(bytes) { reader throws(MalformedBytes) in
                    try engine.restore(from: &reader)
                }
            }
        } catch let error as MalformedBytes {
            throw CommandFailure(
                "the saved alerts of \(directory) cannot be read: \(error.what) at byte "
                    + "\(error.offset); `weir check` says more")
        } catch {
            throw CommandFailure("\(error)")
        }
        self.desk = desk
        pending = engine.activeAlerts
    }

    /// Where the file of that weir cannot be read, its alerts can be shown all the same.
    private static func configuration(
        _ directory: String, _ file: AlertFileOption
    ) throws -> AlertConfiguration {
        do {
            return try file.configuration(of: directory)
        } catch let failure as CommandFailure where file.path == nil {
            Terminal.note("weir: \(failure.message)")
            Terminal.note("weir: receivers, and what inhibits or mutes, are not shown")
            return try AlertConfiguration.makeDefault(channels: .all)
        }
    }

    private static func read(
        _ bytes: [UInt8], _ body: (inout ByteReader) throws(MalformedBytes) -> Void
    ) throws(MalformedBytes) {
        try bytes.withView { view throws(MalformedBytes) in
            var reader = ByteReader(view)
            try body(&reader)
        }
    }
}

/// `weir alerts list`.
struct AlertsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows what is pending or firing now. Exit status 1: nothing is.",
        discussion: """
            Reads what the running weir saved: firing alerts are as of the last
            second, pending ones as of the last half minute. Words restrict the list
            to alerts whose labels match, as `service=api` or `severity=~"P0|P1"`.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var file: AlertFileOption

    @Option(name: .short, help: "table or json.")
    var output = "table"

    @Argument(help: "Matchers of labels.")
    var matchers: [String] = []

    func run() throws {
        let saved = try SavedAlerts(directory: data.directory, file: file)
        var list = saved.desk.active(pending: saved.pending)
        if !matchers.isEmpty {
            do {
                let matchers = try LabelMatcher.parse(arguments: self.matchers)
                list = list.filter { matchers.hold($0.labels) }
            } catch {
                throw CommandFailure("\(error)")
            }
        }
        switch output {
        case "json": for alert in list { try Terminal.output(alert.json + "\n") }
        case "table": try show(list)
        default: throw CommandFailure("-o takes table or json, not `\(output)`")
        }
        if list.isEmpty {
            try checkSpelling()
            Terminal.note("weir: no alert is pending or firing")
            throw CommandFailure(status: 1)
        }
    }

    /// A subcommand that does not exist is taken for the name of an alert.
    private func checkSpelling() throws {
        guard let word = matchers.first, word.allSatisfy({ $0.isLetter || $0 == "-" }),
            let meant = Spelling.nearest(to: word, in: AlertsCommand.subcommandNames)
        else { return }
        throw CommandFailure(
            "there is no alert `\(word)` and no such command; did you mean `weir alerts \(meant)`?")
    }

    private func show(_ list: [AlertStatus]) throws {
        guard !list.isEmpty else { return }
        var table = TextTable([
            .text("STATE"), .text("SEVERITY"), .text("ALERT"), .text("SINCE"), .text("LABELS"),
            .text("WHAT"), .text("FINGERPRINT"),
        ])
        for alert in list {
            let labels = alert.labels.filter { !["alertname", "severity"].contains($0.key) }
                .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            var state = alert.state.rawValue
            if let who = alert.acknowledgement?.actor { state += " by \(who)" }
            table.add([
                state, alert.labels["severity"] ?? "", alert.name,
                Timestamp.text(alert.startTime, digits: 0), labels.joined(separator: " "),
                alert.sentence, alert.fingerprint,
            ])
        }
        for line in table.lines(indent: 0) { try Terminal.output(line + "\n") }
    }
}

/// `weir alerts silences`.
struct AlertsSilences: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silences", abstract: "Shows silences. Exit status 1: there are none.")

    @OptionGroup var data: DataOption
    @OptionGroup var file: AlertFileOption

    func run() throws {
        let saved = try SavedAlerts(directory: data.directory, file: file)
        let now = SystemClock().now()
        var table = TextTable([
            .text("ID"), .text("STATE"), .text("MATCHERS"), .text("UNTIL"), .text("BY"),
            .text("COMMENT"),
        ])
        let silences = saved.desk.knownSilences
        for silence in silences {
            table.add([
                silence.id, silence.state(at: now).rawValue, silence.matchers.text,
                Timestamp.text(silence.end, digits: 0), silence.creator, silence.comment,
            ])
        }
        if silences.isEmpty {
            Terminal.note("weir: nothing is silenced")
            throw CommandFailure(status: 1)
        }
        for line in table.lines(indent: 0) { try Terminal.output(line + "\n") }
    }
}
