internal import ArgumentParser
internal import LogAlerting
internal import LogChannels
internal import LogPipeline

/// `weir alerts`: what fires, what fired, what would fire, and what people say about it.
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts", _superCommandName: "weir",
        abstract: "Shows alerts, tests rules, acknowledges and silences.",
        discussion: """
            EXAMPLES
              weir alerts                               what is pending or firing now
              weir alerts history --since 1d            what fired, and for how long
              weir alerts check alerts.yaml             is the file right? where not?
              weir alerts test --since 30d --alerts new.yaml    when would it have fired?
              weir alerts ack high_error_rate --note 'on it'
              weir alerts silence service=api --for 2h --comment 'deployment'
              weir alerts silences                      what is silenced
              weir alerts expire ID                     a silence ends now
              weir alerts false 1f2e3d4c5b6a7988 --reason 'load test'
              weir alerts test-channel on-call --alerts alerts.yaml
              weir alerts outbox                        what is not delivered, and why
              weir alerts resend on-call/slack          dead letters are tried again
              weir alerts discard on-call/slack 3       this one is forgotten
            """,
        subcommands: [
            AlertsList.self, AlertsHistory.self, AlertsCheck.self, AlertsTest.self,
            AlertsAck.self, AlertsUnack.self, AlertsFalse.self, AlertsSilence.self,
            AlertsSilences.self, AlertsExpire.self, AlertsTestChannel.self,
            AlertsOutbox.self, AlertsResend.self, AlertsDiscard.self,
        ],
        defaultSubcommand: AlertsList.self)

    /// The names of the subcommands.
    static var subcommandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName }
    }
}

/// The option `--alerts` of commands that read an alert file.
struct AlertFileOption: ParsableArguments {
    @Option(
        name: .customLong("alerts"),
        help: ArgumentHelp(
            "The alert file (default: that of the weir which runs on the data directory, else "
                + "weir's own rules).", valueName: "file"),
        completion: .file())
    var path: String?

    /// The configuration, by default the one in force on `directory`.
    func configuration(of directory: String) throws -> AlertConfiguration {
        do {
            if let path { return try Configuration.alerts(path) }
            if let saved = try AlertFilePath.read(directory) { return try read(saved) }
            return try AlertConfiguration.makeDefault(channels: .all)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func read(_ saved: String) throws -> AlertConfiguration {
        do {
            return try Configuration.alerts(saved)
        } catch {
            throw CommandFailure(
                "\(error)\nweir: it is the alert file of the weir that ran here last; name another "
                    + "one with --alerts")
        }
    }
}
