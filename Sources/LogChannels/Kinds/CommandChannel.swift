public import LogAlerting
internal import LogRecords

/// The kind `command`.
public struct CommandKind: ChannelKind {
    /// `command`.
    public let name = "command"
    /// One line for help.
    public let summary = "a program that is started with the notification"

    /// The kind.
    public init() {}

    private static let timeoutDefault: Int64 = 30 * Timestamp.second
    private static let graceDefault: Int64 = 5 * Timestamp.second

    /// `command` (a list: program and arguments), `environment`, `directory`, `timeout`, `grace`.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        let words = try settings.texts("command")
        guard let program = words.first, program.hasPrefix("/") else {
            throw settings.fault(
                settings.has("command") ? "command" : nil,
                "`command` of \(settings.what) is a list that begins with the path of a program, as "
                    + "in `[/usr/local/bin/page, --to, ops]`; it is started without a shell")
        }
        var arguments: [MessageTemplate] = []
        for word in words.dropFirst() { arguments.append(try settings.template("command", word)) }
        var environment: [(name: String, value: Secret)] = []
        if let group = try settings.group("environment") {
            for (name, _) in try settings.pairs("environment") {
                guard CommandEnvironment.isName(name) else {
                    throw group.fault(name, "`\(name)` is no name of a variable")
                }
                if let value = try group.secret(name) { environment.append((name, value)) }
            }
        }
        let directory = try settings.text("directory")
        let timeout = try settings.duration("timeout", atLeast: 1_000_000) ?? Self.timeoutDefault
        let grace = try settings.duration("grace", atLeast: 1_000_000) ?? Self.graceDefault
        let command = CommandChannel.Command(
            program: program, arguments: arguments, environment: environment,
            directory: directory, timeout: timeout, grace: grace)
        return { name, _ in CommandChannel(name: name, command: command) }
    }
}

/// Starts a program for each notification: its labels in the environment, all of it as JSON on the standard input.
///
/// Exit status 0 means delivered. 64, 78, 126 and 127 mean that another try would not help; any other, a signal, and the time
/// limit are tried again.
final class CommandChannel: Channel {
    /// What is started, and how.
    struct Command: Sendable {
        let program: String
        let arguments: [MessageTemplate]
        let environment: [(name: String, value: Secret)]
        let directory: String?
        let timeout: Int64
        let grace: Int64
    }

    let name: String
    private let command: Command

    /// EX_USAGE, EX_CONFIG, and what a shell says of programs that it cannot start.
    private static let permanentStatuses: Set<Int32> = [64, 78, 126, 127]

    init(name: String, command: Command) {
        self.name = name
        self.command = command
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        let data = TemplateValue(notification)
        var arguments = [command.program]
        for template in command.arguments {
            let text = template.render(data, escape: SafeText.visible)
            // What logs say may be an argument, but no option.
            guard !text.hasPrefix("-") || template.prefix.hasPrefix("-") else {
                throw failure(
                    "the argument `\(template.source)` would begin with `-`, which the program "
                        + "could take for an option; the notification is not delivered",
                    isTemporary: false)
            }
            arguments.append(text)
        }
        var environment = CommandEnvironment.variables(notification)
        do throws(SecretError) {
            for (name, value) in command.environment {
                environment.append("\(name)=\(try value.reveal())")
            }
        } catch {
            throw failure(error.message, isTemporary: true)
        }
        let process = ChildProcess(
            arguments: arguments, environment: environment, directory: command.directory,
            input: Array((WebhookBody.text(notification) + "\n").utf8), timeout: command.timeout,
            grace: command.grace)
        try judge(process.run())
    }

    private func judge(_ outcome: ChildProcess.Outcome) throws(ChannelError) {
        switch outcome.end {
        case .exited(0): return
        case .notStarted(let reason):
            throw failure("\(command.program) cannot be started: \(reason)", isTemporary: false)
        case .exited(let status):
            throw failure(
                "\(command.program) ended with status \(status)\(said(outcome))",
                isTemporary: !Self.permanentStatuses.contains(status))
        case .signalled(let signal):
            throw failure(
                "\(command.program) was ended by signal \(signal)\(said(outcome))",
                isTemporary: true)
        case .timedOut:
            throw failure(
                "\(command.program) took longer than \(DurationText.text(command.timeout)) and was "
                    + "ended\(said(outcome))", isTemporary: true)
        }
    }

    private func said(_ outcome: ChildProcess.Outcome) -> String {
        outcome.output.isEmpty
            ? "" : ": " + SafeText.visible(SafeText.cut(outcome.output, bytes: 500))
    }

    private func failure(_ message: String, isTemporary: Bool) -> ChannelError {
        ChannelError(receiver: name, message: message, isTemporary: isTemporary)
    }
}
