internal import Glibc
internal import LogBytes
internal import LogQuery
internal import LogSegments

/// Stored lines first, then those that arrive, until Ctrl-C.
struct FollowRun {
    private let query: Query
    private let newest: Int?
    private let now: Int64

    /// How often the data directories are looked at: with an ingester that commits every 200 ms, a line shows within half
    /// a second.
    private static let periodMicroseconds: UInt32 = 150_000

    /// Follows `query`, after the newest so many stored lines; nil for all of them.
    init(query: Query, newest: Int?, now: Int64) {
        self.query = query
        self.newest = newest
        self.now = now
    }

    /// Writes lines as they come. Comes back only by an error, or when the reader of the output has gone.
    func follow(_ data: DataOptions, _ format: OutputFormat, _ options: OutputOptions) throws {
        if let pipe = LiveQuery.hindrance(query) {
            throw CommandFailure(
                "`| \(pipe)` wants all lines before it gives one, and lines that arrive have no "
                    + "end; follow without it")
        }
        Interruption.watch()
        var options = options
        options.isLive = true
        do {
            try run(data, format.makeSink(options) { try Terminal.output($0) })
        } catch {
            throw QueryRun.failure(error)
        }
    }

    private func run(_ data: DataOptions, _ sink: any RowConsumer) throws {
        let stores = try data.open()
        var told: [ScanFault] = []
        if newest != 0 {
            let report = try QueryExecutor.run(
                query, store: SegmentStores(stores), newest: newest, into: OpenEnded(sink))
            tell(report.faults, &told)
        }
        let live = try LiveQuery(
            query, store: SegmentStores(stores), now: now, byTime: stores.count > 1,
            hiddenClasses: RetentionPolicy.ownClasses, into: sink)
        let followers = zip(data.directories, stores).map { directory, store in
            StoreFollower(directory: directory, behind: store)
        }
        while true {
            try Interruption.check()
            var waiting: [RowSlice] = []
            for follower in followers {
                let faults = try follower.poll { slices in
                    // Lines of one directory come in their order already.
                    guard followers.count > 1 else { return try live.consume(slices) }
                    waiting += slices
                }
                tell(faults, &told)
            }
            if !waiting.isEmpty { try live.consume(waiting) }
            usleep(Self.periodMicroseconds)
        }
    }

    /// Says what could not be read, each fault once.
    private func tell(_ faults: [ScanFault], _ told: inout [ScanFault]) {
        for fault in faults where !told.contains(fault) {
            told.append(fault)
            Terminal.note([fault])
        }
    }
}

/// Hands rows on, and not the end: others follow.
private final class OpenEnded: RowConsumer {
    private let sink: any RowConsumer

    init(_ sink: any RowConsumer) { self.sink = sink }

    func consume(_ slice: RowSlice) throws -> ScanControl { try sink.consume(slice) }
    func finish() {}
}
