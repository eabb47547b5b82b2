import LogBytes
import LogRecords
import LogSegments
import LogSystem
import TestSupport

/// A data directory with lines in it, and ways to spoil it.
final class StoredSample {
    let directory = try? TemporaryDirectory()
    let lines: [String]
    let policy: RetentionPolicy
    private let disk = DiskFileSystem()

    var path: String { directory?.path ?? "" }

    /// Stores `lines` in as many seals as there are groups; the last group stays in the journal when `sealsLast` is not set.
    init(_ groups: [[String]], sealsLast: Bool = true, framesOf frameLines: Int = 500) throws {
        lines = groups.flatMap { $0 }
        policy = try testPolicy()
        let writer = try StoreWriter(directory: path, policy: policy)
        let table = ShapeTable()
        for (number, group) in groups.enumerated() {
            for start in stride(from: 0, to: group.count, by: frameLines) {
                let part = Array(group[start..<min(start + frameLines, group.count)])
                try writer.append([LineBatch(part, policy: policy, table: table).batch])
            }
            try writer.commit()
            if number < groups.count - 1 || sealsLast { _ = try writer.seal() }
        }
    }

    /// The paths of all files below `directory`, sorted.
    func files(_ below: String = "") throws -> [String] {
        let root = below.isEmpty ? path : path + "/" + below
        return try disk.list(root).flatMap { entry -> [String] in
            let name = below.isEmpty ? entry.name : below + "/" + entry.name
            return entry.isDirectory ? try files(name) : [path + "/" + name]
        }
    }

    /// The segments of a class, by path.
    func segments(of className: String) throws -> [String] {
        try files("segments/" + className).filter { $0.hasSuffix(".segment") }
    }

    func bytes(_ file: String) throws -> [UInt8] { try disk.readAll(file) }

    func write(_ file: String, _ bytes: [UInt8]) throws {
        let open = try disk.open(file, .readWrite)
        try open.truncate(to: 0)
        try bytes.withView { view throws(FileError) in try open.write(view, at: 0) }
    }

    /// Flips a bit of the byte at `offset`.
    func flip(_ file: String, _ offset: Int) throws {
        var bytes = try bytes(file)
        bytes[offset] ^= 0x10
        try write(file, bytes)
    }

    /// What a check finds, and its summary.
    func check(
        _ fileSystem: any FileSystem = DiskFileSystem()
    ) throws -> (findings: [CheckFinding], summary: CheckSummary) {
        var findings: [CheckFinding] = []
        let summary = try StoreCheck(directory: path, fileSystem: fileSystem).run {
            findings.append($0)
        }
        return (findings, summary)
    }

    /// What a check finds that makes it fail.
    func faults() throws -> [CheckFinding] {
        try check().findings.filter { $0.severity != .notice }
    }

    /// Repairs, and expects no further fault.
    func repair() throws -> RepairReport {
        try StoreRepair(directory: path).run { _ in }.report
    }

    /// All lines as an export gives them.
    func exported(
        _ request: ExportRequest = ExportRequest(), bufferBytesMax: Int = 1 << 20
    ) throws -> (lines: [String], report: ExportReport) {
        var lines: [String] = []
        let report = try LineExport(directory: path, bufferBytesMax: bufferBytesMax).run(request) {
            lines.append($0.text)
        }
        return (lines, report)
    }
}
