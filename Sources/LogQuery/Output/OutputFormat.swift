public import LogBytes

/// Where an output writes its bytes; it throws when they can go nowhere any more.
public typealias OutputWriter = (ByteView) throws -> Void

/// What an output has to know.
public struct OutputOptions: Sendable {
    /// The fields of the rows, where the query tells them (`Query.outputFields`).
    public var fields: [String]?
    /// The columns of characters that a table may take; nil for as many as it needs.
    public var width: Int?
    /// How lines are shown.
    public var style = OutputStyle()
    /// Whether rows are to be seen as soon as they come, and not when there are enough of them.
    public var isLive = false

    /// Options for rows of `fields`.
    public init(fields: [String]? = nil, width: Int? = nil) {
        self.fields = fields
        self.width = width
    }
}

/// A way to write rows: `raw`, `json`, `table`, `csv`.
///
/// A new one is a file beside this one and a line in `all`; the command line's help and hints know no other list.
public struct OutputFormat: Sendable {
    /// What it is called.
    public let name: String
    /// What it writes, in one line.
    public let summary: String
    private let make: @Sendable (OutputOptions, @escaping OutputWriter) -> any RowConsumer

    init(
        _ name: String, summary: String,
        make: @escaping @Sendable (OutputOptions, @escaping OutputWriter) -> any RowConsumer
    ) {
        self.name = name
        self.summary = summary
        self.make = make
    }

    /// Every output.
    public static let all: [OutputFormat] = [.raw, .json, .table, .csv]

    /// The output called `name`, or nil.
    public static func named(_ name: String) -> OutputFormat? { all.first { $0.name == name } }

    /// The output's name that `name` was probably meant to be.
    public static func nearest(to name: String) -> String? {
        Spelling.nearest(to: name, in: all.map(\.name))
    }

    /// An output that writes to `write`: some kilobytes at a time, the rest when it is finished.
    public func makeSink(
        _ options: OutputOptions, to write: @escaping OutputWriter
    ) -> any RowConsumer {
        make(options, write)
    }
}

/// Gathers what an output writes, so that not every row is a write of its own.
struct OutputBuffer: ~Copyable {
    /// The bytes that wait to be written.
    var bytes = ByteWriter(capacity: 1 << 16)
    private let write: OutputWriter

    /// Bytes at which the buffer is written: as much as a pipe holds.
    private static let flushBytes = 1 << 16

    init(_ write: @escaping OutputWriter) { self.write = write }

    /// Writes the buffer if it is full.
    mutating func flushIfFull() throws {
        if bytes.count >= Self.flushBytes { try flush() }
    }

    /// Writes the buffer.
    mutating func flush() throws {
        if bytes.isEmpty { return }
        try write(bytes.view)
        bytes.removeAll()
    }
}
