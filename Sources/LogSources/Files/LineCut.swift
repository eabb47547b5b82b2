internal import LogBytes
internal import LogRecords

/// What of the bytes that were read is taken now: whole lines, where there are any.
struct LineCut: Equatable {
    /// Bytes at the start that are dropped: the rest of a line that was too long, or the mark of the byte order.
    var dropped = 0
    /// Those of them that belong to a line that was too long.
    var cutBytes = 0
    /// Bytes behind them that are taken.
    var kept = 0
    /// They end in a line without its newline, which is taken all the same.
    var endsInHalfLine = false
    /// They are the start of a line that is too long; its rest is to be skipped.
    var startsSkipping = false
    /// The rest of a line that is too long goes on behind these bytes.
    var staysSkipping = false

    /// - Parameters:
    ///   - bytes: what stands behind the mark's offset.
    ///   - capacity: the bytes of a chunk: the longest line and its newline.
    ///   - takesHalfLine: a last line without newline is taken; nothing follows these bytes.
    init(_ bytes: ByteView, _ mark: FileMark, capacity: Int, takesHalfLine: Bool) {
        if mark.isSkipping {
            guard let newline = bytes.firstIndex(of: ASCII.newline) else {
                dropped = bytes.count
                cutBytes = bytes.count
                staysSkipping = true
                return
            }
            dropped = newline + 1
            cutBytes = newline
        } else if mark.offset == 0, bytes.hasPrefix(ByteView("\u{FEFF}")) {
            dropped = 3
        }
        let lines = bytes.dropFirst(dropped)
        let isWholeChunk = lines.count >= capacity
        kept = lines.lastIndex(of: ASCII.newline).map { $0 + 1 } ?? 0
        if takesHalfLine {
            endsInHalfLine = kept < lines.count
            kept = lines.count
        } else if kept > 0 {
            let start = Self.startOfParts(lines.prefix(kept))
            // Parts that fill a chunk cannot be waited for.
            if start > 0 || !isWholeChunk { kept = start }
        }
        if isWholeChunk, kept == 0 || endsInHalfLine && lines.firstIndex(of: ASCII.newline) == nil {
            kept = capacity - 1
            endsInHalfLine = false
            startsSkipping = true
        }
    }

    /// Where the parts of one line begin that `lines` end in, whose rest is to come; the end when they end in none.
    private static func startOfParts(_ lines: ByteView) -> Int {
        var start = lines.count
        while start > 0 {
            let before = lines.prefix(start - 1)
            let lineStart = before.lastIndex(of: ASCII.newline).map { $0 + 1 } ?? 0
            guard WrappedLine.isPart(before.dropFirst(lineStart)) else { break }
            start = lineStart
        }
        return start
    }
}
