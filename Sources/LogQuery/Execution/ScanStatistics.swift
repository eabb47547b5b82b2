/// What a scan looked at and what it could leave out, and why.
public struct ScanStatistics: Sendable, Equatable {
    /// Things of one kind: how many there were, and what became of them.
    public struct Tally: Sendable, Equatable {
        /// Looked into.
        public var read = 0
        /// Left out because no line can be in the range of time.
        public var skippedByTime = 0
        /// Left out because of their class.
        public var skippedByClass = 0
        /// Left out because the smallest and largest values, or the distinct ones, tell that no line matches.
        public var skippedByStatistics = 0
        /// Left out because the words or pieces of text that a match needs do not occur.
        public var skippedByTokens = 0
        /// Not read: the answer was complete before. While a scan runs, what it has still to do.
        public var skippedByLimit = 0

        /// A tally of nothing.
        public init() {}

        /// All of them.
        public var total: Int {
            read + skippedByTime + skippedByClass + skippedByStatistics + skippedByTokens
                + skippedByLimit
        }
    }

    /// Classes and days.
    public var partitions = Tally()
    /// Blocks of segments.
    public var blocks = Tally()
    /// Frames of the journal.
    public var frames = Tally()
    /// The stored bytes of the blocks and frames. Of a block that is looked into all bytes count as read, though columns that
    /// nobody asks for stay on the disk.
    public var bytes = Tally()
    /// The bytes of the indexes of segments, which were read to know their blocks.
    public var footerBytes = 0
    /// The bytes of those columns that were read, where the store tells; nil where it does not.
    public var columnBytesRead: Int?
    /// Rows in the blocks that were given.
    public var rows = 0

    /// Statistics of nothing.
    public init() {}
}

/// Where the time of a query went.
public enum QueryPhase: String, CaseIterable, Sendable {
    /// Looking at the directory and opening files.
    case open
    /// The store: finding, reading and unpacking what is asked for.
    case store
    /// Asking the filters, with the columns that they need.
    case filter
    /// Loading what the rows that match need besides.
    case load
    /// Pipes, ordering, and making the output.
    case pipes
    /// Writing the output.
    case output
}

/// Takes down what a query does, for `--explain`, `--stats-time` and the progress line. Used by the thread that runs the query;
/// others only read its clock.
public final class ScanRecorder: @unchecked Sendable {
    /// What was read and left out.
    public var statistics = ScanStatistics()
    /// Rows that matched so far.
    public var rowsMatched = 0
    private var nanoseconds: [QueryPhase: Int64] = [:]
    private var open: [(phase: QueryPhase, since: Int64)] = []
    private let clock: @Sendable () -> Int64
    private let step: (ScanRecorder) throws -> Void

    /// A recorder that reads `clock`, in nanoseconds of any origin, and calls `step` for each block; what `step` throws ends the
    /// query.
    public init(
        clock: @escaping @Sendable () -> Int64,
        step: @escaping (ScanRecorder) throws -> Void = { _ in }
    ) {
        self.clock = clock
        self.step = step
    }

    /// The time that went into `phase`, without the phases inside it; that of all threads, one added to the other.
    public func time(of phase: QueryPhase) -> Int64 { nanoseconds[phase] ?? 0 }

    /// Runs `body`, whose time belongs to `phase` and not to the phase around it.
    public func measure<Result>(
        _ phase: QueryPhase, _ body: () throws -> Result
    ) rethrows -> Result {
        turn()
        open.append((phase, clock()))
        defer {
            turn()
            open.removeLast()
            if !open.isEmpty { open[open.count - 1].since = clock() }
        }
        return try body()
    }

    /// Counts the time since the last turn for the innermost phase.
    private func turn() {
        guard let (phase, since) = open.last else { return }
        nanoseconds[phase, default: 0] += clock() - since
    }

    /// The time by the recorder's clock.
    var now: Int64 { clock() }

    /// A part is about to be looked at, or time goes by.
    func beginPart() throws { try step(self) }

    /// Counts all parts as left out, until they are read.
    func begin(_ parts: [any ScanPart]) {
        for part in parts {
            statistics[keyPath: part.tally].skippedByLimit += 1
            statistics.bytes.skippedByLimit += part.storedBytes
        }
    }

    /// Counts `part` as read, and what scanning it told.
    func add(_ part: any ScanPart, _ scanned: ScannedPart) {
        addRead(part)
        statistics.rows += scanned.report.rowsRead
        rowsMatched += scanned.report.rowsMatched
        add(scanned.filterTime, to: .filter)
        add(scanned.loadTime, to: .load)
    }

    /// Counts `part` as read.
    func addRead(_ part: any ScanPart) {
        statistics[keyPath: part.tally].skippedByLimit -= 1
        statistics[keyPath: part.tally].read += 1
        statistics.bytes.skippedByLimit -= part.storedBytes
        statistics.bytes.read += part.storedBytes
    }

    /// Adds time that some thread spent.
    func add(_ time: Int64, to phase: QueryPhase) { nanoseconds[phase, default: 0] += time }
}

extension ScanPart {
    /// Where the part is counted.
    fileprivate var tally: WritableKeyPath<ScanStatistics, ScanStatistics.Tally> {
        isJournal ? \.frames : \.blocks
    }
}

extension Optional where Wrapped == ScanRecorder {
    /// Runs `body`, taking down its time if anybody asks.
    func measure<Result>(
        _ phase: QueryPhase, _ body: () throws -> Result
    ) rethrows -> Result {
        guard let self else { return try body() }
        return try self.measure(phase, body)
    }
}
