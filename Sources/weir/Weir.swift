internal import ArgumentParser
internal import Glibc
internal import LogPipeline
internal import LogQuery

/// The command line: `weir SUBCOMMAND …`. Each subcommand is a file of its own.
@main
struct Weir: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "Measures, alerts on, keeps and finds streams of log lines.",
        discussion: """
            EXAMPLES
              myapp | weir ingest             store and measure a program's lines
              weir query 'level:ERROR endpoint:="/login"'            find them again
              weir query '* | stats by (endpoint) count() as n'      add them up
              weir query -C 3 -g 'time(out|d out)'                   as grep, with context
              weir tail 'level:>=warn'        watch lines arrive
              weir fields                     which fields there are
              weir stats                      what is stored, by class and day
              weir stats --columns            what takes the most room
              weir check                      is every byte what was written?
              weir export -o all.ndjson       all lines, in the order they came
              weir alerts                     what fires now
              weir retention --dry-run        what would be deleted, and when
              weir erase --class C 'user_id:="user_456"'             take lines out for good

            The data directory is --data, else $WEIR_DATA, else ./weir-data. Completion for
            your shell: weir --generate-completion-script bash (or zsh, fish).
            """,
        version: "weir \(WeirVersion.text)",
        subcommands: [
            Ingest.self, QueryCommand.self, TailCommand.self, FieldsCommand.self,
            ExportCommand.self, Stats.self, CheckCommand.self,
            Compact.self, Retention.self, EraseCommand.self, AlertsCommand.self, KeysCommand.self,
            Parse.self,
        ])

    static func main() {
        Terminal.prepare()
        do {
            var command = try parsed(Array(CommandLine.arguments.dropFirst()))
            try command.run()
        } catch let failure as CommandFailure {
            if !failure.message.isEmpty { Terminal.note("weir: \(failure.message)") }
            Glibc.exit(failure.status)
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code == .success {
                do {
                    try Terminal.output(message + "\n")
                    Glibc.exit(0)
                } catch {
                    Terminal.note("weir: \(error)")
                    Glibc.exit(2)
                }
            }
            if !message.isEmpty { Terminal.note(message) }
            // 1 means "nothing found", as grep has it; a wrong command line is an error.
            Glibc.exit(2)
        }
    }
}

extension Weir {
    /// The command that `arguments` ask for.
    ///
    /// A subcommand that is named and has nothing wrong is parsed alone: a query takes 10 ms, and asking the types of all
    /// other commands would be one of them. What is left, help and mistakes among it, needs the whole tree.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        let named = configuration.subcommands.first {
            $0.configuration.commandName == arguments.first
        }
        if let named, let command = try? named.parseAsRoot(Array(arguments.dropFirst())),
            ([named] + named.configuration.subcommands).contains(where: {
                $0 == type(of: command)
            })
        {
            return command
        }
        return try parseAsRoot(arguments)
    }
}

/// The end of a command that did not do what it was asked.
struct CommandFailure: Error {
    /// What happened; empty when it has been said already.
    let message: String
    /// The exit status: 1 nothing found, 2 error.
    let status: Int32

    /// An error with exit status 2.
    init(_ message: String) {
        self.message = message
        status = 2
    }

    /// An end without words.
    init(status: Int32) {
        message = ""
        self.status = status
    }
}

/// The option that every subcommand has.
struct DataOption: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: "The data directory (default: $WEIR_DATA, else ./weir-data).")
    var path: String?

    /// An empty name, as of a variable that a script forgot to set, would be the root of the file system.
    func validate() throws {
        guard path?.isEmpty != true else { throw ValidationError("--data names no directory") }
    }

    /// The data directory.
    var directory: String { path ?? standard }

    /// The data directory where none is named.
    var standard: String {
        if let value = getenv("WEIR_DATA") {
            let text = String(cString: value)
            if !text.isEmpty { return text }
        }
        return "weir-data"
    }
}
