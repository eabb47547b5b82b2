internal import LogBytes
internal import LogRecords

/// How lines look on a terminal.
public struct OutputStyle: Sendable {
    /// Whether control characters, and others that would change how a terminal shows the rest, are written as escapes.
    public var escapes = false
    /// What stands out, coloured with the lines' levels; nil for no colours.
    public var highlights: Highlights?

    /// The very bytes.
    public init() {}

    /// Whether lines go out as they are.
    var isPlain: Bool { !escapes && highlights == nil }
}

/// Writes lines as a terminal is to show them: coloured by level, matches standing out, nothing in them obeyed.
struct LinePainter {
    private let style: OutputStyle

    init(_ style: OutputStyle) { self.style = style }

    var isPlain: Bool { style.isPlain }
    var wantsLevel: Bool { style.highlights != nil }

    /// Appends `line`, of a record of `level`.
    func append(_ line: ByteView, level: LogLevel, into out: inout ByteWriter) {
        guard let highlights = style.highlights else { return appendText(line, into: &out) }
        let colour = Self.colour(of: level)
        var done = 0
        if let colour { out.append(colour) }
        for range in highlights.ranges(in: line) {
            appendText(line.slice(done..<range.lowerBound), into: &out)
            out.append(Self.match)
            appendText(line.slice(range), into: &out)
            out.append(Self.reset)
            if let colour { out.append(colour) }
            done = range.upperBound
        }
        appendText(line.dropFirst(done), into: &out)
        if colour != nil { out.append(Self.reset) }
    }

    private func appendText(_ text: ByteView, into out: inout ByteWriter) {
        if style.escapes {
            TerminalText.append(text, into: &out)
        } else {
            out.append(text)
        }
    }

    private static let match = ByteView("\u{1B}[1;7m")
    private static let reset = ByteView("\u{1B}[0m")

    private static func colour(of level: LogLevel) -> ByteView? {
        switch level {
        case .unknown, .info, .notice: nil
        case .trace, .debug: ByteView("\u{1B}[2m")
        case .warn: ByteView("\u{1B}[33m")
        case .error: ByteView("\u{1B}[31m")
        case .critical, .alert, .emerg: ByteView("\u{1B}[1;31m")
        }
    }
}
