import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// A store whose writer, retention and clocks are driven step by step, and what was written when by the true time.
///
/// The clock's monotonic time is the true time of the day; its leaps are what the machine's clock is off.
final class RetentionBench {
    static let directory = "/data"
    /// 2026-01-01T12:00:00Z.
    static let start: Int64 = 1_767_268_800 * Timestamp.second
    static let day = Timestamp.day
    static let hour = 3_600 * Timestamp.second

    let disk = MemoryDisk()
    private(set) var process: MemoryFileSystem
    let clock: ManualClock
    let policy: RetentionPolicy
    private(set) var writer: StoreWriter
    /// For each line its number, class and the true time at which it was written.
    private(set) var written: [(number: Int, className: String, time: Int64)] = []
    private var table = ShapeTable()

    init(policy: String = "debug 7 days level:DEBUG\nproduction 30 days *\n") throws {
        self.policy = try testPolicy(policy)
        clock = ManualClock(Self.start)
        process = MemoryFileSystem(disk)
        writer = try StoreWriter(
            directory: Self.directory, policy: self.policy, fileSystem: process, clock: clock)
    }

    /// The true time.
    var time: Int64 { clock.monotonic() }

    /// How far the machine's clock is off.
    var offset: Int64 {
        get { clock.now() - clock.monotonic() }
        set { clock.leap(newValue - (clock.now() - clock.monotonic())) }
    }

    var retention: StoreRetention { retention(maxDiskBytes: nil) }

    func retention(maxDiskBytes: Int?) -> StoreRetention {
        StoreRetention(
            directory: Self.directory, policy: policy, fileSystem: process,
            clock: writer.trustedClock, maxDiskBytes: maxDiskBytes)
    }

    // MARK: Steps

    /// Stores a line as an ingester does, with the time `own` in it where there is one, in a segment of its own.
    func write(_ level: String = "INFO", own: Int64?) throws {
        let number = written.count
        let stamp = own.map { "\"timestamp\":\"\(Timestamp.text($0, digits: 9))\"," } ?? ""
        let line = "{\(stamp)\"level\":\"\(level)\",\"id\":\"#\(number)#\"}"
        try store([line])
        written.append((number, level == "DEBUG" ? "debug" : "production", own ?? time))
    }

    /// Stores lines that came in now.
    func store(_ lines: [String]) throws {
        let batch = LineBatch(
            lines, policy: policy, table: table, arrival: writer.trustedClock.arrivalTime())
        try writer.append([batch.batch])
        _ = try writer.seal()
    }

    /// Ends the writer well and starts the next one, under a clock that is off by `offset`.
    func restart(offset: Int64 = 0, after downtime: Int64 = 0) throws {
        _ = try writer.close()
        process.kill()
        process = MemoryFileSystem(disk)
        clock.advance(downtime)
        self.offset = offset
        table = ShapeTable()
        writer = try StoreWriter(
            directory: Self.directory, policy: policy, fileSystem: process, clock: clock)
    }

    // MARK: What is there

    /// The class and the day of each partition.
    func partitions() throws -> [String] {
        let root = Self.directory + "/segments"
        return try process.list(root).flatMap { entry in
            try process.list(root + "/" + entry.name).map { "\(entry.name)/\($0.name)" }
        }
    }

    func numbers() throws -> Set<Int> {
        let stored = try storedLines(Self.directory, fileSystem: process)
        #expect(stored.faults.isEmpty)
        return Set(try RecordedStore.numbers(of: stored.lines))
    }

    /// By how much the line was deleted too early that was hit worst: nil when none was.
    func earliest() throws -> Int64? {
        let found = try numbers()
        let keep = Dictionary(uniqueKeysWithValues: policy.classes.map { ($0.name, $0.keep) })
        return written.filter { !found.contains($0.number) }
            .map { $0.time + (keep[$0.className] ?? 0) - time }
            .filter { $0 >= 0 }.max()
    }

    /// Files of a partition such as `debug/2026-01-01`.
    func files(_ partition: String) throws -> [String] {
        try process.list(Self.directory + "/segments/" + partition).map(\.name)
    }
}

extension RetentionEvent {
    /// The class and day that went.
    var deleted: String? {
        guard case .deleted(let removal, _) = self else { return nil }
        return "\(removal.fate.key.className)/\(removal.fate.key.dayName)"
    }
}
