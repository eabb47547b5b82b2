internal import ArgumentParser
internal import LogAlerting

/// `weir alerts check`.
struct AlertsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads an alert file and says all that is wrong, with line and column.",
        discussion: """
            Variables `${NAME}` are looked up in the environment, as `weir ingest` does.
            Exit status: 0 the file can be used, 2 it cannot.
            """)

    @Argument(help: "The alert file.", completion: .file())
    var file: String

    func run() throws {
        let configuration: AlertConfiguration
        do {
            configuration = try Configuration.alerts(file)
        } catch {
            throw CommandFailure("\(error)")
        }
        for note in configuration.notes { Terminal.note("weir: \(note)") }
        let channels = configuration.receivers.reduce(0) { $0 + $1.channels.count }
        try Terminal.output(
            "\(file) can be used: \(Self.number(configuration.rules.count, "rule")), "
                + "\(Self.number(configuration.metrics.count, "metric")), "
                + "\(Self.number(configuration.receivers.count, "receiver")) with "
                + "\(Self.number(channels, "channel"))\n")
    }

    private static func number(_ count: Int, _ what: String) -> String {
        "\(count) \(what)\(count == 1 ? "" : "s")"
    }
}
