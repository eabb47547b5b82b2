internal import ArgumentParser
internal import LogRecords
internal import LogSegments
internal import LogSystem

/// `weir stats`: what is stored.
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is stored: lines, bytes and compression by class and day.",
        discussion: """
            EXAMPLES
              weir stats
              weir stats --data /var/lib/weir
            """)

    @OptionGroup var data: DataOption

    func run() throws {
        let store: SegmentStore
        let journal: (lines: Int, storedBytes: Int)
        do {
            store = try SegmentStore(directory: data.directory)
            journal = try store.journalStatistics()
        } catch {
            throw CommandFailure("\(error)")
        }
        let (segments, faults) = store.statistics()
        var table = TextTable([
            .text("class"), .text("day"), .number("segments"), .number("lines"), .number("raw"),
            .number("stored"), .number("ratio"), .text("first"), .text("last"),
        ])
        let partitions = Dictionary(grouping: segments, by: \.key).sorted { $0.key < $1.key }
        for (key, segments) in partitions { table.add(row(key, segments)) }
        for line in table.lines(indent: 0) { try Terminal.output(line + "\n") }
        let lines = segments.reduce(0) { $0 + $1.lines }
        let raw = segments.reduce(0) { $0 + $1.rawBytes }
        let stored = segments.reduce(0) { $0 + $1.storedBytes }
        try Terminal.output(
            """
            \(Figure.count(lines)) lines in \(segments.count) segments: \(Figure.bytes(raw)) raw, \
            \(Figure.bytes(stored)) stored (\(Figure.ratio(raw: raw, stored: stored)))
            \(Figure.count(journal.lines)) lines in the journal: \
            \(Figure.bytes(journal.storedBytes)) stored

            """)
        Terminal.note(faults)
        if !faults.isEmpty { throw CommandFailure(status: 2) }
    }

    private func row(_ key: PartitionKey, _ segments: [SegmentStatistics]) -> [String] {
        let raw = segments.reduce(0) { $0 + $1.rawBytes }
        let stored = segments.reduce(0) { $0 + $1.storedBytes }
        return [
            key.className, "\(key.day)", "\(segments.count)",
            Figure.count(segments.reduce(0) { $0 + $1.lines }), Figure.bytes(raw),
            Figure.bytes(stored), Figure.ratio(raw: raw, stored: stored),
            clockTime(segments.map(\.firstTime).min()), clockTime(segments.map(\.lastTime).max()),
        ]
    }

    /// The time of day, `12:00:00.000`.
    private func clockTime(_ time: Int64?) -> String {
        time.map { String(Timestamp.text($0).dropFirst(11).dropLast()) } ?? "-"
    }
}
