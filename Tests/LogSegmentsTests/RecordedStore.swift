import LogBytes
import LogRecords
import LogSegments
import LogSystem
import TestSupport
import Testing

/// A store on a memory disk, driven step by step, with a record of what was promised when.
///
/// Lines carry their number, so that each can be told from all others and the order is known.
final class RecordedStore {
    static let directory = "/data"
    static let positionKey = "file:1:1"

    let disk: MemoryDisk
    private(set) var process: MemoryFileSystem
    private(set) var writer: StoreWriter?
    let policy: RetentionPolicy
    var random: SeededGenerator

    /// All lines that were ever handed to the writer.
    private(set) var lines: [String] = []
    /// The numbers of lines that the writer has taken and whose loss would be a breach once they are promised.
    private(set) var taken: [Int] = []
    /// The numbers of all lines that the store has ever had, ascending.
    private(set) var stored: [Int] = []
    /// What was promised, set after set; a note in the disk's trace says how many sets had been by then.
    private(set) var promises: [[Int]] = []

    private let wrap: (MemoryFileSystem) -> any FileSystem
    private let options: StoreOptions
    private let clock: any WallClock
    private var table = ShapeTable()

    init(
        seed: UInt64, on image: DiskImage = DiskImage(), options: StoreOptions = StoreOptions(),
        clock: any WallClock = ManualClock(1_737_200_000 * Timestamp.second),
        policy: String = "debug 7 days level:DEBUG\nproduction 30 days *\n",
        wrap: @escaping (MemoryFileSystem) -> any FileSystem = { $0 }
    ) throws {
        disk = MemoryDisk(image)
        process = MemoryFileSystem(disk)
        self.policy = try testPolicy(policy)
        self.options = options
        self.clock = clock
        self.wrap = wrap
        random = SeededGenerator(seed: seed)
    }

    /// Goes on with the lines and promises of another store, whose disk has lost power.
    func adopt(lines: [String], promised: [Int]) {
        self.lines = lines
        taken = promised
        promise()
    }

    /// Notes that all lines taken so far are safe.
    func promise() {
        promises.append(taken)
        disk.note(promises.count)
    }

    // MARK: Steps

    /// Opens the store; what it finds there is safe from then on.
    func open() throws {
        let writer = try StoreWriter(
            directory: Self.directory, policy: policy, fileSystem: wrap(process), clock: clock,
            options: options)
        self.writer = writer
        taken = try found()
        stored = Set(stored).union(taken).sorted()
        promise()
    }

    /// The numbers of the lines that a reader sees, in the order of their sequence numbers.
    func found() throws -> [Int] {
        try Self.numbers(of: storedLines(Self.directory, fileSystem: MemoryFileSystem(disk)).lines)
    }

    static func numbers(of lines: [String]) throws -> [Int] {
        try lines.map { line in
            let parts = line.utf8.split(separator: UInt8(ascii: "#"), maxSplits: 2)
            return try #require(
                parts.count == 3 ? Int(Substring(parts[1])) : nil, "a line of nobody: \(line)")
        }
    }

    /// Hands `count` new lines over, spread over `days` and both classes.
    func append(_ count: Int, days: Int = 2, bytes: Int = 60) throws {
        var batch: [String] = []
        var numbers: [Int] = []
        for _ in 0..<count {
            let day = 10 + random.below(days)
            let level = random.below(4) == 0 ? "DEBUG" : "INFO"
            var noise = ""
            while noise.utf8.count < bytes { noise += String(random.next(), radix: 36) }
            numbers.append(lines.count)
            let line =
                "{\"timestamp\":\"2025-01-\(day)T12:00:00Z\",\"level\":\"\(level)\",\"id\":\"#\(lines.count)#\(noise)\"}"
            lines.append(line)
            batch.append(line)
        }
        // As a source of lines that can be read again does.
        let position = SourcePosition(key: Self.positionKey, offset: UInt64(lines.count))
        try require().append(
            [LineBatch(batch, policy: policy, table: table).batch], positions: [position])
        stored += numbers
        taken += numbers
    }

    func commit() throws {
        try require().commit()
        promise()
    }

    func seal() throws {
        _ = try require().seal()
        promise()
    }

    /// Merges all segments that can be; what could not be merged is as it was.
    func compact() throws {
        let compactor = Compactor(
            directory: Self.directory, fileSystem: wrap(process), clock: clock)
        _ = try compactor.run(everything: true)
    }

    func close() throws {
        _ = try require().close()
        promise()
        writer = nil
    }

    /// `kill -9`: the process is gone, the disk's cache is not.
    func kill() {
        process.kill()
        writer = nil
        process = MemoryFileSystem(disk)
        table = ShapeTable()
    }

    /// Forgets the writer as if its process had ended by itself.
    func drop() { writer = nil }

    private func require() throws -> StoreWriter { try #require(writer, "no writer is open") }

    /// Lets the next call of that kind fail, once.
    func failNext(_ call: MemoryDisk.Call, _ fault: MemoryDisk.Fault) {
        let counter = CallCounter()
        disk.setFaults { kind, _ in kind == call && counter.next() == 0 ? fault : nil }
    }
}

/// Counts calls, from 0.
final class CallCounter: @unchecked Sendable {
    private var count = -1

    func next() -> Int {
        count += 1
        return count
    }
}
