public import LogSystem

/// Tells the operator of what may happen thousands of times a second, once a minute at most.
///
/// One thread uses it.
public final class RepeatedReport {
    private struct Entry {
        var unreported = 0
        var due: Int64
    }

    private let clock: any WallClock
    private let report: @Sendable (String) -> Void
    private var entries: [String: Entry] = [:]

    /// At most so often each reason is told (nanoseconds).
    static let interval: Int64 = 60_000_000_000

    /// Different sentences that are kept at a time; when there are more, all begin anew.
    private static let entriesMax = 64

    /// Reports through `report`.
    public init(clock: any WallClock, report: @escaping @Sendable (String) -> Void) {
        self.clock = clock
        self.report = report
    }

    /// Says `sentence` now, or counts it until it is said again.
    public func note(_ sentence: String, count: Int = 1) {
        let now = clock.monotonic()
        var entry = entries[sentence] ?? Entry(due: now)
        entry.unreported += count
        if now >= entry.due {
            tell(sentence, entry.unreported)
            entry = Entry(due: now + Self.interval)
        }
        if entries.count >= Self.entriesMax, entries[sentence] == nil { finish() }
        entries[sentence] = entry
    }

    /// Says what has been counted since and not been said.
    public func finish() {
        for (sentence, entry) in entries.sorted(by: { $0.key < $1.key }) where entry.unreported > 0
        {
            tell(sentence, entry.unreported)
        }
        entries.removeAll()
    }

    private func tell(_ sentence: String, _ count: Int) {
        report(count == 1 ? sentence : "\(sentence) (\(count) times)")
    }
}
