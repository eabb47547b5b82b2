internal import ArgumentParser
internal import LogBytes
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// `weir keys`: who may send and search lines over the network.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", _superCommandName: "weir",
        abstract: "Makes, lists and revokes the keys of a data directory.",
        discussion: """
            As soon as there is a key, whoever sends lines over HTTP has to show
            one: `Authorization: Bearer KEY`, the key as Basic password, or
            `X-API-Key: KEY`. A running weir takes note within a second.

            EXAMPLES
              weir keys add shipper --scope ingest
              weir keys add grafana --scope query
              weir keys list
              weir keys revoke shipper
            """,
        subcommands: [Add.self, List.self, Revoke.self])

    /// `weir keys add NAME`.
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Makes a key and prints it, once: weir keeps only its digest.")

        @OptionGroup var data: DataOption

        @Option(help: "What it is good for: ingest, query, admin; several with commas.")
        var scope = "ingest"

        @Argument(help: "What the key is called, e.g. who has it.")
        var name: String

        func run() throws {
            var scopes: Set<AccessScope> = []
            for word in scope.split(separator: ",") {
                guard let known = AccessScope(rawValue: String(word)) else {
                    throw CommandFailure(
                        "`\(word)` is no scope; scopes are ingest, query and admin")
                }
                scopes.insert(known)
            }
            do {
                let secret = try AccessKeys.change(directory: data.directory) {
                    (keys) throws(AccessError) in
                    var generator = SystemRandomNumberGenerator()
                    return try keys.add(
                        name: name, scopes: scopes,
                        now: Timestamp.text(SystemClock().now(), digits: 0), using: &generator)
                }
                try Terminal.output(secret + "\n")
            } catch let error as AccessError {
                throw CommandFailure("\(error)")
            }
            Terminal.note("weir: this is the only time that the key is shown")
        }
    }

    /// `weir keys list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Lists the keys: id, name, scopes, when made.")

        @OptionGroup var data: DataOption

        func run() throws {
            do {
                let keys = try AccessKeys(directory: data.directory).keys
                for key in keys {
                    let scopes = AccessScope.allCases.filter(key.scopes.contains)
                    let names = scopes.map(\.rawValue).joined(separator: ",")
                    try Terminal.output("\(key.id)  \(key.name)  \(names)  \(key.created)\n")
                }
                if keys.isEmpty { Terminal.note("weir: there are no keys") }
            } catch let error as AccessError {
                throw CommandFailure("\(error)")
            }
        }
    }

    /// `weir keys revoke NAME`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Makes a key useless, at once.")

        @OptionGroup var data: DataOption

        @Argument(help: "The key's name, or its id.")
        var name: String

        func run() throws {
            do {
                // A name that is not there must not put keys in force where there are none.
                guard try AccessKeys(directory: data.directory).has(name) else {
                    throw CommandFailure("there is no key `\(name)`; `weir keys list` shows all")
                }
                let isLast = try AccessKeys.change(directory: data.directory) { keys in
                    _ = keys.revoke(name)
                    return keys.keys.isEmpty
                }
                if isLast {
                    Terminal.note(
                        "weir: that was the last key: nobody can send lines over HTTP now; remove "
                            + "state/keys from the data directory to let everybody")
                }
            } catch let error as AccessError {
                throw CommandFailure("\(error)")
            }
        }
    }
}
