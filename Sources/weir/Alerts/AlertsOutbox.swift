internal import ArgumentParser
internal import LogAlerting
internal import LogChannels
internal import LogJSON
internal import LogRecords
internal import LogSegments

/// `weir alerts outbox`.
struct AlertsOutbox: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Shows notifications that wait and those that were given up (dead letters).",
        discussion: """
            Reads the outboxes beside the running weir. `weir alerts resend` has dead
            letters tried again, `weir alerts discard` forgets them. Exit status: 0
            something waits or is dead, 1 nothing, 2 error, or an outbox cannot be read
            as a whole.

            EXAMPLES
              weir alerts outbox
              weir alerts outbox --json | jq 'select(.state == "dead")'
              weir alerts resend on-call/slack 3
            """)

    @OptionGroup var data: DataOption

    @Option(name: .short, help: "table or json: a line for each notification.")
    var output = "table"

    @Flag(help: "The same as -o json.")
    var json = false

    @Argument(help: "Only this channel, as the list names it (default: all).")
    var channel: String?

    func run() throws {
        guard ["table", "json"].contains(output) else {
            throw CommandFailure("-o takes table or json, not `\(output)`")
        }
        let all = try OutboxList.read(data.directory)
        let reports = all.filter { channel == nil || $0.channel == channel }
        if let channel, reports.isEmpty {
            let names = all.map { "`\($0.channel)`" }.joined(separator: ", ")
            Terminal.note(
                "weir: nothing was ever queued for `\(channel)`"
                    + (names.isEmpty ? "" : "; there are \(names)"))
        }
        if json || output == "json" {
            for report in reports { try showLines(report) }
        } else {
            try showTable(reports)
        }
        var faults = 0
        for report in reports {
            guard let fault = OutboxList.fault(report) else { continue }
            faults += 1
            Terminal.note("weir: \(fault)")
        }
        let dead = reports.reduce(0) { $0 + $1.deadLetters.count }
        let waiting = reports.reduce(0) { $0 + $1.waiting.count }
        Terminal.note("weir: \(waiting) waiting, \(dead) dead letters")
        if faults > 0 { throw CommandFailure(status: 2) }
        if waiting + dead == 0 { throw CommandFailure(status: 1) }
    }

    private func showTable(_ reports: [OutboxInspection.Report]) throws {
        var table = TextTable([
            .text("CHANNEL"), .number("NUMBER"), .text("STATE"), .text("KIND"), .text("ALERT"),
            .text("SINCE"), .number("ATTEMPTS"), .text("LAST ERROR"),
        ])
        var rows = 0
        for report in reports {
            rows += report.waiting.count + report.deadLetters.count
            for letter in report.deadLetters {
                table.add(
                    Self.cells(letter.notification, "dead", letter.endTime)
                        + ["\(letter.attempts)", letter.reason])
            }
            for entry in report.waiting {
                table.add(
                    Self.cells(entry, "waiting", entry.time)
                        + ["\(entry.attempts)", entry.lastError ?? ""])
            }
        }
        if rows == 0 { return }
        for line in table.lines(indent: 0) { try Terminal.output(line + "\n") }
    }

    private static func cells(
        _ entry: QueuedNotification, _ state: String, _ time: Int64
    ) -> [String] {
        [
            entry.channel, "\(entry.number)", state, entry.kind,
            entry.alerts.joined(separator: ", "), Timestamp.text(time, digits: 0),
        ]
    }

    private func showLines(_ report: OutboxInspection.Report) throws {
        for letter in report.deadLetters {
            var json = Self.object(letter.notification, "dead")
            json.add("given_up", Timestamp.text(letter.endTime))
            json.add("attempts", letter.attempts)
            json.add("last_error", letter.reason)
            try Terminal.output(json.line)
        }
        for entry in report.waiting {
            var json = Self.object(entry, "waiting")
            json.add("attempts", entry.attempts)
            if let lastError = entry.lastError { json.add("last_error", lastError) }
            try Terminal.output(json.line)
        }
    }

    private static func object(_ entry: QueuedNotification, _ state: String) -> JSONObjectWriter {
        var json = JSONObjectWriter()
        json.add("channel", entry.channel)
        json.add("number", Int(clamping: entry.number))
        json.add("state", state)
        json.add("kind", entry.kind)
        json.add("alerts", entry.alerts)
        json.add("title", entry.title)
        json.add("queued", Timestamp.text(entry.time))
        json.add("key", entry.key)
        return json
    }
}

/// The outboxes of a data directory.
enum OutboxList {
    static func read(_ directory: String) throws -> [OutboxInspection.Report] {
        do {
            _ = try SegmentStore(directory: directory)
            return try OutboxInspection.reports(in: DataDirectory.outbox(directory))
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// What keeps the list from being whole.
    static func fault(_ report: OutboxInspection.Report) -> String? {
        if report.isOfUnknownVersion {
            return "\(report.path) is of another version of weir; what it holds is not shown"
        }
        guard report.damagedBytes > 0 else { return nil }
        return "\(report.path) has \(report.damagedBytes) bytes that cannot be read; "
            + "`weir check` says where"
    }
}

/// Which dead letters a command is about.
struct DeadLetterOptions: ParsableArguments {
    @Flag(help: "Those of every channel.")
    var all = false

    @Argument(help: "The channel, as `weir alerts outbox` names it: on-call/slack.")
    var channel: String?

    @Argument(help: "The numbers of some of them (default: all of the channel).")
    var numbers: [UInt64] = []

    func validate() throws {
        guard all == (channel == nil) else {
            throw ValidationError("say either a channel or --all")
        }
    }

    /// They; an error where there are none. What waits `isIncluded` where the channel is named: the running weir knows whether
    /// anybody still tries to deliver it.
    func letters(in directory: String, whatWaits isIncluded: Bool = false) throws -> DeadLetters {
        let reports = try OutboxList.read(directory)
            .filter { channel == nil || $0.channel == channel }
        var dead = reports.flatMap(\.deadLetters).map(\.notification)
        if isIncluded, channel != nil { dead += reports.flatMap(\.waiting) }
        guard !dead.isEmpty else {
            throw CommandFailure(
                "there are no dead letters" + (channel.map { " of \($0)" } ?? "")
                    + "; `weir alerts outbox` shows what there is")
        }
        for number in numbers where !dead.contains(where: { $0.number == number }) {
            throw CommandFailure(
                "there is no dead letter \(number) of \(channel ?? ""); there are "
                    + dead.prefix(20).map { "\($0.number)" }.joined(separator: ", ")
                    + (dead.count > 20 ? ", …" : ""))
        }
        return DeadLetters(channel: channel, numbers: numbers)
    }
}

/// `weir alerts resend`.
struct AlertsResend: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend",
        abstract: "Has dead letters tried again, as if they had come now.",
        discussion: """
            EXAMPLES
              weir alerts resend on-call/slack        all dead letters of the channel
              weir alerts resend on-call/slack 3 7    these two
              weir alerts resend --all                all of all channels
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var which: DeadLetterOptions

    func run() throws {
        try OperatorWord.give(
            .resend(try which.letters(in: data.directory)), directory: data.directory)
    }
}

/// `weir alerts discard`.
struct AlertsDiscard: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Forgets dead letters: nobody will be told of them any more.",
        discussion: """
            Of a channel that the alert file no longer has it also forgets what waits.

            EXAMPLES
              weir alerts discard on-call/slack       all dead letters of the channel
              weir alerts discard on-call/slack 3     this one
              weir alerts discard --all               all of all channels
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var which: DeadLetterOptions

    func run() throws {
        try OperatorWord.give(
            .discard(try which.letters(in: data.directory, whatWaits: true)),
            directory: data.directory)
    }
}
