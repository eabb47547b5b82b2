internal import ArgumentParser
internal import Glibc
internal import LogBytes
internal import LogQuery

/// How rows are shown, alike in every command that shows some.
struct ShowOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "raw, json, table or csv (default: raw; table for results on a terminal).",
        completion: .list(OutputFormat.all.map(\.name)))
    var output: String?

    @Option(
        name: [.customLong("color"), .customLong("colour")],
        help: """
            auto, always or never: levels in colours, matches marked (default: auto, on a \
            terminal unless NO_COLOR is set).
            """, completion: .list(["auto", "always", "never"]))
    var colour = "auto"

    /// The output that was asked for; without one, `standard`.
    func format(standard: String) throws -> OutputFormat {
        let name = output ?? standard
        if let format = OutputFormat.named(name) { return format }
        let names = OutputFormat.all.map(\.name).joined(separator: ", ")
        let hint = OutputFormat.nearest(to: name).map { "; did you mean `\($0)`?" } ?? ""
        throw CommandFailure("there is no output `\(name)`\(hint) (there are \(names))")
    }

    /// What the output of `query` has to know.
    func options(_ query: Query) throws -> OutputOptions {
        var options = OutputOptions(fields: query.outputFields, width: Terminal.width)
        options.style.escapes = Terminal.isInteractive
        let isColoured: Bool
        switch colour {
        case "always": isColoured = true
        case "never": isColoured = false
        case "auto": isColoured = Terminal.isInteractive && !Self.isColourUnwanted
        default:
            throw CommandFailure("--color takes auto, always or never, not `\(colour)`")
        }
        if isColoured { options.style.highlights = Highlights(query) }
        return options
    }

    /// <https://no-color.org>: any text but the empty one; and terminals that know no colours.
    private static var isColourUnwanted: Bool {
        if let value = getenv("NO_COLOR"), value[0] != 0 { return true }
        return getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? false
    }
}
