/// One way in: bytes from somewhere, handed on as chunks of whole lines.
///
/// A source runs on a thread of its own until its input ends, `stop` is called or the outlet is closed. A new source is a
/// file of its own and a line in `LineSources.all`.
public protocol LineSource: Sendable {
    /// The name in messages and counters: `stdin`, a path, an address.
    var name: String { get }
    /// Reads until the end and sends everything to the context's outlet. On return, with or without an error, all that was
    /// read has been sent.
    func run(in context: SourceContext) throws
    /// Asks `run` to return soon; called from any thread.
    func stop()
    /// Reads again, from any thread, what the source has from files of the operator's: certificates. What is wrong with them is
    /// reported, and what was read before stays in use.
    func reload()
}

extension LineSource {
    /// Most sources have no such files.
    public func reload() {}
}

/// How the command line names a kind of source, and makes one.
public struct LineSourceKind: Sendable {
    /// The option: `file` for `--file PATH`.
    public let option: String
    /// One line for the help text.
    public let help: String
    /// Makes the source for the option's argument; throws when that names nothing readable.
    public let make: @Sendable (_ argument: String) throws -> any LineSource
}

/// All kinds of sources.
public enum LineSources {
    /// The registry: the command line and its errors know no other list.
    public static let all: [LineSourceKind] = [
        StandardInputSource.kind, FilesSource.kind, HostMetricsSource.kind, ProbeSource.kind,
    ]

    /// The kind that has this option.
    public static func kind(_ option: String) -> LineSourceKind? {
        all.first { $0.option == option }
    }
}
