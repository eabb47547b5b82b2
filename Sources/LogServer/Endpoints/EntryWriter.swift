internal import LogBytes

/// Turns a protocol's entries into lines, applies the request's parameters, and sends them on.
///
/// The measure of how much of the body has been taken is the number of entries: the same body gives the same ones again.
final class EntryWriter {
    let line = LineWriter()
    private let outbox: LineOutbox
    private let rewriter: FieldRewriter?
    /// Entries so far, good and bad.
    private(set) var entries: UInt64 = 0
    /// Those that could not be understood, and what was wrong with the first.
    private(set) var rejected = 0
    private(set) var reason = ""

    init(_ sink: LineSink, _ parameters: FieldParameters) {
        outbox = LineOutbox(sink)
        rewriter = parameters.mayChange ? FieldRewriter(parameters) : nil
        line.keepsMessages = parameters.keepsMessages
    }

    /// Lines that were too long and were cut.
    var cutLines: Int { outbox.cutLines }

    /// Sends the line that was written, from whose entry so many bytes were dropped.
    func send(cutBytes: Int = 0) async throws(HTTPFailure) {
        entries += 1
        let view = line.line.view
        try await outbox.add(
            rewriter?.rewrite(view) ?? view, offset: entries, cutBytes: cutBytes)
    }

    /// Hands on what is held.
    func flush() async throws(HTTPFailure) { try await outbox.flush() }

    /// Passes over an entry that cannot be understood.
    func reject(_ reason: String) {
        entries += 1
        rejected += 1
        if self.reason.isEmpty { self.reason = "entry \(entries): \(reason)" }
    }

    /// Sends what is held, and waits until all of it is on the disk.
    func finish(_ sink: LineSink) async throws(HTTPFailure) {
        try await outbox.flush(isLast: true)
        sink.markDone()
        sink.refuse("bad_entry", rejected)
        try await sink.finish()
    }
}
