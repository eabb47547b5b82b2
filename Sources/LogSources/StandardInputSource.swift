/// The lines of standard input, up to its end.
public struct StandardInputSource: LineSource {
    private let reader: DescriptorReader

    /// Standard input.
    ///
    /// - Parameter tee: whether what it brings is passed on to standard output, byte for byte.
    public init(tee: Bool = false) throws {
        reader = try DescriptorReader(
            descriptor: 0, name: "standard input", source: "stdin",
            tee: tee ? Tee(descriptor: 1) : nil)
    }

    /// `-` on the command line, and what is read when no source is named.
    static let kind = LineSourceKind(
        option: "stdin", help: "Lines from standard input, up to its end."
    ) { _ in try StandardInputSource() }

    /// `stdin`.
    public var name: String { "stdin" }

    /// Reads until the last writer has closed it.
    public func run(in context: SourceContext) throws {
        try reader.run(in: context)
    }

    /// Ends `run` after the read that it is in.
    public func stop() { reader.stop() }
}
