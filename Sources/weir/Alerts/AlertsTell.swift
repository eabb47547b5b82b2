internal import ArgumentParser
internal import Glibc
internal import LogAlerting
internal import LogBytes
internal import LogQuery
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// What people say about alerts: it is put into the data directory, and the weir that runs there does it within a second.
enum OperatorWord {
    /// Gives a command.
    static func give(_ action: OperatorCommand.Action, directory: String) throws {
        let now = SystemClock().now()
        var generator = SystemRandomNumberGenerator()
        let number = String(generator.next() as UInt64, radix: 16)
        // Ids are in the order of time, nanoseconds of 19 digits.
        let command = OperatorCommand(
            id: "\(now)-\(number)", time: now, actor: actor, action: action)
        let spool = CommandSpool(directory: directory)
        do throws(StoreError) {
            _ = try SegmentStore(directory: directory)
            try spool.put(command.jsonLine, id: command.id)
        } catch {
            throw CommandFailure("\(error)")
        }
        // The ingester looks twice a second.
        for _ in 0..<20 {
            usleep(100_000)
            let isWaiting = (try? spool.entries())?.contains { $0.id == command.id } ?? false
            if isWaiting { continue }
            if let refusal = refusal(of: command.id, directory) {
                throw CommandFailure("not done: \(refusal)")
            }
            return Terminal.note("weir: done")
        }
        Terminal.note(
            "weir: no `weir ingest` runs on \(directory) now; the next one does it at its start")
    }

    /// Why the ingester did not do what command `id` says; nil when it did. Its audit record is there before the command goes.
    private static func refusal(of id: String, _ directory: String) -> String? {
        let text =
            "_class:weir-audit event:=command_refused command:=\"\(id)\" | fields message"
        let clock = SystemClock()
        var out = ByteWriter(capacity: 256)
        do {
            guard let format = OutputFormat.named("csv") else { return nil }
            let sink = format.makeSink(OutputOptions()) { out.append($0) }
            _ = try QueryExecutor.run(
                try QueryParser.parse(text, now: clock.now()),
                store: try SegmentStore(directory: directory), threads: 1,
                recorder: ScanRecorder(clock: { clock.monotonic() }), into: sink)
        } catch {
            return nil
        }
        // Behind the name of the column.
        let lines = out.view.text.split(whereSeparator: \.isNewline).dropFirst()
        guard !lines.isEmpty else { return nil }
        // A text with a comma or a quote stands in quotes.
        let told = lines.joined(separator: " ")
        guard told.hasPrefix("\""), told.hasSuffix("\"") else { return told }
        return String(told.dropFirst().dropLast().replacing("\"\"", with: "\""))
    }

    /// Who gives it.
    static var actor: String {
        let number = getuid()
        return getpwuid(number).map { String(cString: $0.pointee.pw_name) } ?? "uid \(number)"
    }

    /// The time so long from now.
    static func end(_ text: String, _ option: String) throws -> Int64 {
        guard let duration = DurationText.parse(text), duration > 0 else {
            throw CommandFailure("\(option) takes a duration such as 30m, 2h or 1d, not `\(text)`")
        }
        let (end, overflow) = SystemClock().now().addingReportingOverflow(duration)
        if overflow { throw CommandFailure("\(option) is too long") }
        return end
    }
}

/// `weir alerts ack`.
struct AlertsAck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Says that somebody takes care of an alert: it is not escalated any more.")

    @OptionGroup var data: DataOption

    @Option(help: "What to tell the others.")
    var note = ""

    @Option(name: .customLong("for"), help: "How long it holds (default: until the alert ends).")
    var duration: String?

    @Argument(help: "The alert: its name, or the fingerprint of one.")
    var alert: String

    func run() throws {
        try OperatorWord.give(
            .acknowledge(
                AlertTarget(alert), note: note,
                end: try duration.map { try OperatorWord.end($0, "--for") }),
            directory: data.directory)
    }
}

/// `weir alerts unack`.
struct AlertsUnack: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unack", abstract: "Takes an acknowledgement back.")

    @OptionGroup var data: DataOption

    @Argument(help: "The alert: its name, or the fingerprint of one.")
    var alert: String

    func run() throws {
        try OperatorWord.give(.unacknowledge(AlertTarget(alert)), directory: data.directory)
    }
}

/// `weir alerts false`.
struct AlertsFalse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "false",
        abstract: "Marks an alert as a false one, with the reason; it is not escalated any more.")

    @OptionGroup var data: DataOption

    @Option(help: "Why it is no real one.")
    var reason: String

    @Argument(help: "The alert: its name, or the fingerprint of one.")
    var alert: String

    func run() throws {
        try OperatorWord.give(
            .markFalse(AlertTarget(alert), reason: reason), directory: data.directory)
    }
}

/// `weir alerts silence`.
struct AlertsSilence: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Keeps alerts quiet for a time. What still fires then is told.",
        discussion: """
            Matchers are those of Alertmanager: name=value, name!=value, name=~regex,
            name!~regex; a bare word is the name of an alert. All must hold.
            """)

    @OptionGroup var data: DataOption

    @Option(name: .customLong("for"), help: "How long.")
    var duration = "1h"

    @Option(help: "Why.")
    var comment = ""

    @Argument(help: "Matchers of labels.")
    var matchers: [String]

    func run() throws {
        let list: [LabelMatcher]
        do {
            list = try LabelMatcher.parse(arguments: matchers)
        } catch {
            throw CommandFailure("\(error)")
        }
        var generator = SystemRandomNumberGenerator()
        let id = String((generator.next() as UInt64) | 1 << 63, radix: 16)
        let silence = Silence(
            id: id, matchers: list, start: SystemClock().now(),
            end: try OperatorWord.end(duration, "--for"), creator: OperatorWord.actor,
            comment: comment)
        try OperatorWord.give(.silence(silence), directory: data.directory)
        try Terminal.output(id + "\n")
    }
}

/// `weir alerts expire`.
struct AlertsExpire: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire", abstract: "Ends a silence now.")

    @OptionGroup var data: DataOption

    @Option(help: "Why.")
    var reason = ""

    @Argument(help: "The id that `weir alerts silence` printed.")
    var id: String

    func run() throws {
        try OperatorWord.give(.expire(id: id, reason: reason), directory: data.directory)
    }
}
