internal import LogBytes

/// Gathers lines that are made or taken one by one, and hands them to a sink in slices.
///
/// A slice's position is that behind its last line, so that no crash can fall between a line and its position. Lines that an
/// earlier request with the same key brought are left out. One task uses it.
final class LineOutbox: @unchecked Sendable {
    private let sink: LineSink
    private var slice = ByteWriter(capacity: 1 << 12)
    private var count = 0
    private var offset: UInt64 = 0
    /// Lines that were too long and were cut.
    private(set) var cutLines = 0

    init(_ sink: LineSink) { self.sink = sink }

    /// Adds a line without its newline; `offset` is how much of the body has been taken with it, `cutBytes` what of it was
    /// dropped already. A line that is too long keeps its start.
    func add(
        _ line: ByteView, offset: UInt64, cutBytes: Int = 0
    ) async throws(HTTPFailure) {
        guard offset > sink.resumeOffset else { return }
        let kept = line.prefix(sink.lineBytesMax)
        let dropped = cutBytes + line.count - kept.count
        if dropped > 0 {
            try await flush()
            cutLines += 1
            append(kept, offset)
            try await flush(cutBytes: dropped)
            return
        }
        if slice.count + kept.count > min(LineCutter.sliceBytes, sink.lineBytesMax) {
            try await flush()
        }
        append(kept, offset)
    }

    private func append(_ line: ByteView, _ offset: UInt64) {
        slice.append(line)
        slice.append(ASCII.newline)
        count += 1
        self.offset = offset
    }

    /// Hands on what is held.
    func flush(isLast: Bool = false, cutBytes: Int = 0) async throws(HTTPFailure) {
        try await sink.gather(
            slice.view, count: count, offset: offset, isLast: isLast, cutBytes: cutBytes)
        slice.removeAll()
        count = 0
    }
}
