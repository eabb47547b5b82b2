/// The lines of standard input, up to its end.
public struct StandardInputSource: LineSource {
    private let reader: DescriptorReader

    /// Standard input.
    public init() throws { reader = try DescriptorReader(descriptor: 0, name: "standard input") }

    /// `-` on the command line, and what is read when no source is named.
    static let kind = LineSourceKind(
        option: "stdin", help: "Lines from standard input, up to its end."
    ) { _ in try StandardInputSource() }

    /// `stdin`.
    public var name: String { "stdin" }

    /// Reads until the last writer has closed it.
    public func run(in context: SourceContext) throws {
        try reader.run(into: context.outlet)
    }

    /// Ends `run` after the read that it is in.
    public func stop() { reader.stop() }
}
