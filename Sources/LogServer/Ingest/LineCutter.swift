internal import LogBytes

/// Cuts a body into whole lines, whatever pieces it comes in; a line that is too long keeps its start.
///
/// One task uses it.
struct LineCutter {
    /// Some whole lines.
    struct Lines {
        /// The lines with their newlines; valid until the body moves on.
        let view: ByteView
        /// The bytes of the body that they take.
        let bodyBytes: Int
        /// Bytes that were dropped behind a line that was too long, the only one in `view`.
        var cutBytes = 0
    }

    private let body: BodyReader
    private let lineBytesMax: Int
    private let sliceBytesMax: Int
    /// A line that the body does not end with a newline, or that was cut.
    private let mended = Scratch()
    /// Bytes dropped of the line that is being skipped; nil when none is.
    private var skipped: Int?

    private final class Scratch {
        var bytes = ByteWriter()
    }

    /// Lines are handed on in slices of this size: enough to make the lock and the receipt cheap, and small beside a chunk,
    /// which several writers fill.
    static let sliceBytes = 1 << 17

    init(_ body: BodyReader, lineBytesMax: Int) {
        self.body = body
        self.lineBytesMax = lineBytesMax
        sliceBytesMax = max(min(Self.sliceBytes, lineBytesMax + 1), 1)
    }

    /// The next lines, at most a slice, or one line that is longer; nil at the end. `body.consume` their bytes before the
    /// next call.
    mutating func next(oneLine: Bool = false) async throws(HTTPFailure) -> Lines? {
        while true {
            if skipped != nil {
                if let line = try await skip() { return line }
                continue
            }
            let view = body.view
            if let end = end(of: view, oneLine: oneLine) {
                return Lines(view: view.prefix(end), bodyBytes: end)
            }
            if view.count > lineBytesMax {
                keep(view.prefix(lineBytesMax))
                body.consume(lineBytesMax)
                skipped = 0
                continue
            }
            if try await body.read() { continue }
            let rest = body.view
            guard !rest.isEmpty else { return nil }
            keep(rest)
            return Lines(view: mended.bytes.view, bodyBytes: rest.count)
        }
    }

    /// Where the lines at the start of `view` end that go together; nil when not even one does.
    private func end(of view: ByteView, oneLine: Bool) -> Int? {
        if !oneLine, let last = view.prefix(sliceBytesMax).lastIndex(of: ASCII.newline) {
            return last + 1
        }
        guard let first = view.prefix(lineBytesMax + 1).firstIndex(of: ASCII.newline) else {
            return nil
        }
        return first + 1
    }

    /// Drops the rest of a line that is too long.
    private mutating func skip() async throws(HTTPFailure) -> Lines? {
        let view = body.view
        let cut = skipped ?? 0
        if let newline = view.firstIndex(of: ASCII.newline) {
            skipped = nil
            return Lines(
                view: mended.bytes.view, bodyBytes: newline + 1, cutBytes: cut + newline)
        }
        skipped = cut + view.count
        body.consume(view.count)
        if try await body.read() { return nil }
        skipped = nil
        return Lines(view: mended.bytes.view, bodyBytes: 0, cutBytes: cut + view.count)
    }

    private func keep(_ line: ByteView) {
        mended.bytes.removeAll()
        mended.bytes.append(line)
        mended.bytes.append(ASCII.newline)
    }
}
