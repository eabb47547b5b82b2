internal import LogAlerting
internal import LogBytes
internal import LogQuery
internal import LogSegments
internal import LogSystem

/// The lines that an alert is about, read from the store beside its writer. Delivery threads use it.
struct StoredLines: Sendable {
    let directory: String

    /// Lines of one alert: what a message has room for.
    static let linesMax = 5
    /// Bytes of a line that a message shows.
    private static let bytesMax = 1_000
    /// How long is looked for them (nanoseconds): the message matters more.
    private static let timeMax: Int64 = 2_000_000_000

    private struct TooSlow: Error {}

    /// The newest lines of `alert`; none where there are none, or where that takes too long.
    func of(_ alert: AlertNotification.Alert) -> [String] {
        guard !alert.filter.isEmpty else { return [] }
        let clock = SystemClock()
        let end = clock.monotonic() + Self.timeMax
        let recorder = ScanRecorder(
            clock: { clock.monotonic() },
            step: { _ in if clock.monotonic() > end { throw TooSlow() } })
        var text = ByteWriter(capacity: 4_096)
        do {
            let query = try QueryParser.parse(alert.filter, now: clock.now())
            guard let format = OutputFormat.named("raw") else { return [] }
            let sink = format.makeSink(OutputOptions()) { text.append($0) }
            _ = try QueryExecutor.run(
                query, store: try SegmentStore(directory: directory), newest: Self.linesMax,
                threads: 1, recorder: recorder, into: sink)
        } catch {
            return []
        }
        return text.view.text.split(separator: "\n").prefix(Self.linesMax).map { line in
            line.utf8.count <= Self.bytesMax
                ? String(line)
                : String(decoding: line.utf8.prefix(Self.bytesMax), as: UTF8.self) + "…"
        }
    }
}
