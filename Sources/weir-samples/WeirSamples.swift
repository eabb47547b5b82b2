import ArgumentParser

/// The command line of the sample generator: `weir-samples` writes log lines to standard output.
@main
struct WeirSamples: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-samples",
        abstract: "Writes log lines: made up, realistic, the same every time.",
        subcommands: [HouseCommand.self, SystemCommand.self], defaultSubcommand: HouseCommand.self)
}
