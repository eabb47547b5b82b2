import LogBytes
import LogQuery
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// A data directory in which some lines name a user who wants to be forgotten.
struct ErasureSample {
    static let victim = "user_456"
    static let directory = "/data"
    static let now: Int64 = 1_737_200_000 * Timestamp.second

    let disk: MemoryDisk
    let policy: RetentionPolicy
    private(set) var lines: [String] = []
    /// The next line's number, so that no two lines are alike.
    private var count = 0
    private let table = ShapeTable()

    init() throws {
        disk = MemoryDisk()
        policy = try testPolicy()
    }

    /// The same lines on another disk.
    init(_ sample: ErasureSample, on image: DiskImage) {
        disk = MemoryDisk(image)
        policy = sample.policy
        lines = sample.lines
    }

    /// The lines that an erasure leaves.
    var rest: [String] { lines.filter { !$0.contains(Self.victim) } }

    /// `count` lines of both classes and two days, each fifth of the victim.
    mutating func makeLines(_ count: Int) -> [String] {
        (0..<count).map { _ in
            self.count += 1
            let number = self.count
            let user = number % 5 == 0 ? Self.victim : "user_\(1_000 + number % 7)"
            let day = 17 + number % 2
            if number % 11 == 0 { return "{\"only\(number)\":{\"by\":\"\(user)\"}}" }
            let level = number % 3 == 0 ? "DEBUG" : "INFO"
            return
                "{\"timestamp\":\"2025-01-\(day)T12:00:00Z\",\"level\":\"\(level)\",\"user_id\":\"\(user)\",\"n\":\(number)}"
        }
    }

    /// A writer with blocks of a few rows.
    func writer(_ fileSystem: (any FileSystem)? = nil) throws -> StoreWriter {
        var options = StoreOptions()
        options.blockRowsMax = 16
        return try StoreWriter(
            directory: Self.directory, policy: policy,
            fileSystem: fileSystem ?? MemoryFileSystem(disk), clock: ManualClock(Self.now),
            options: options)
    }

    /// Stores `groups`, each in segments of its own; the last stays in the journal where `sealsLast` is not set.
    mutating func store(_ groups: [[String]], sealsLast: Bool = true) throws {
        let writer = try writer()
        for (number, group) in groups.enumerated() {
            lines += group
            try writer.append([LineBatch(group, policy: policy, table: table).batch])
            try writer.commit()
            if sealsLast || number < groups.count - 1 { _ = try writer.seal() }
        }
    }

    func compact() throws {
        let failures = try Compactor(
            directory: Self.directory, fileSystem: MemoryFileSystem(disk),
            clock: ManualClock(Self.now)
        ).run(everything: true)
        #expect(failures.isEmpty)
    }

    static func request(
        _ filter: String = "user_id:=user_456",
        classes: Set<String> = ["debug", "production"], range: TimeRange = .all
    ) throws -> EraseRequest {
        EraseRequest(
            classes: classes, timeRange: range,
            filter: try QueryParser.parseFilter(filter, now: now))
    }

    /// Lines that name the victim in whatever place.
    static func anywhere() throws -> EraseRequest {
        try request("user_id:=user_456 or by:~user_456 or _msg:~user_456 or \(nested)")
    }

    /// The fields under keys of which each stands in one line: see `makeLines`.
    private static let nested = stride(from: 55, through: 550, by: 55)
        .map { "only\($0).by:=user_456" }.joined(separator: " or ")

    static let anna = EraseOperator(user: "anna", host: "web-1", tool: "weir test")

    func eraser(_ fileSystem: (any FileSystem)? = nil) -> StoreEraser {
        StoreEraser(
            directory: Self.directory, fileSystem: fileSystem ?? MemoryFileSystem(disk),
            clock: ManualClock(Self.now))
    }

    func erase(
        _ request: EraseRequest? = nil, _ fileSystem: (any FileSystem)? = nil
    ) throws -> EraseReport {
        try eraser(fileSystem).run(try request ?? Self.anywhere(), by: Self.anna)
    }

    func stored() throws -> (lines: [String], sequences: [UInt64], faults: [ScanFault]) {
        try storedLines(Self.directory, fileSystem: MemoryFileSystem(disk))
    }

    /// The records of erasures, in their order.
    func auditLines() throws -> [String] {
        var lines: [String] = []
        _ = try LineExport(directory: Self.directory, fileSystem: MemoryFileSystem(disk)).run(
            ExportRequest(classes: [RetentionPolicy.auditClass])
        ) { lines.append($0.text) }
        return lines
    }

    /// The files in which `text` stands, in their bytes or in what can be decoded from them.
    func files(with text: String) throws -> [String] {
        let needle = Array(text.utf8)
        return try disk.image.files.filter { path, bytes in
            let texts = [bytes] + (path.hasSuffix(".segment") ? try Self.decoded(path, disk) : [])
            return texts.contains { bytes in
                bytes.withView { view in
                    needle.withView { view.firstIndex(of: $0) != nil }
                }
            }
        }.map(\.path)
    }

    /// All that a segment says: paths, pieces of its shapes, values of its columns.
    private static func decoded(_ path: String, _ disk: MemoryDisk) throws -> [[UInt8]] {
        let reader = try SegmentReader(path: path, fileSystem: MemoryFileSystem(disk))
        var texts = reader.footer.columns.map { Array($0.path.utf8) }
        texts += reader.footer.shapes.map(\.shape.pieceBytes)
        for entry in reader.footer.blocks {
            let block = SegmentBlock(reader: reader, entry: entry)
            for number in block.storedColumns {
                let column = try block.storedColumn(number)
                for value in 0..<column.valueCount {
                    column.withValue(value) { texts.append(Array($0)) }
                }
            }
            for row in 0..<block.rowCount {
                var line = ByteWriter(capacity: 256)
                try block.appendLine(row: row, into: &line)
                texts.append(Array(line.view))
            }
        }
        return texts
    }

    /// The segments, by path.
    var segments: [String] { disk.image.files.map(\.path).filter { $0.hasSuffix(".segment") } }
}
