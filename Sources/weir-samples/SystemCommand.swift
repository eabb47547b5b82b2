import ArgumentParser

/// Writes the log of one of the systems whose rules ship with weir.
struct SystemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "system",
        abstract:
            "Writes the log of a system whose rules ship with weir: usual traffic and an incident.",
        discussion: """
            The lines are those of sample-logs/NAME/lines.ndjson; times are fixed. Another seed gives \
            other users, durations and identifiers, and the same alerts.

            EXAMPLE
              weir-samples system brainops | weir ingest --alerts sample-logs/brainops/alerts.yaml
            """)

    @Argument(
        help: ArgumentHelp(
            "Which one: " + SystemSample.all.map(\.name).joined(separator: ", ") + "."))
    var name: String

    @Option(help: ArgumentHelp("The seed: another one gives other lines.", valueName: "s"))
    var seed: UInt64 = 42

    /// Refuses what cannot be meant, with a message for a person.
    func validate() throws {
        guard SystemSample.all.contains(where: { $0.name == name }) else {
            let names = SystemSample.all.map(\.name).joined(separator: ", ")
            throw ValidationError("There is no system `\(name)`; there are \(names).")
        }
    }

    /// Writes the lines.
    func run() throws {
        guard let sample = SystemSample.all.first(where: { $0.name == name }) else { return }
        for line in sample.lines(seed: seed) { try Output.standard.write(line) }
    }
}
