import Foundation
import LogBytes
import LogQuery
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

#if canImport(Glibc)
    import Glibc
#endif

/// A data directory that was written once and is read for ever: what a release has stored, later ones must give back.
///
/// It lies in `Golden/v2` and `Golden/v3`, beside the lines that are in it. A change of a format gets a directory of its own:
/// `WEIR_WRITE_GOLDEN=1 swift test --filter GoldenTests` writes the one of the present format, if it is not there.
@Suite struct GoldenTests {
    private static let versions = ["v2", "v3"]
    private let disk = DiskFileSystem()

    private static func root(_ version: String) -> String {
        Checkout.root.appending(path: "Tests/LogSegmentsTests/Golden/" + version).path
    }

    /// Lines as they stand in the file beside: each behind its length.
    private func expected(_ version: String) throws -> [String] {
        let bytes = try disk.readAll(Self.root(version) + "/lines")
        return try bytes.withView { view in
            var reader = ByteReader(view)
            var lines: [String] = []
            while reader.remaining > 0 { lines.append(try reader.lengthPrefixed("line").text) }
            return lines
        }
    }

    /// The files below `path`, by their paths from there.
    private func files(_ path: String, _ prefix: String = "") throws -> [String] {
        try disk.list(path).flatMap { entry -> [String] in
            entry.isDirectory
                ? try files(path + "/" + entry.name, prefix + entry.name + "/")
                : [prefix + entry.name]
        }
    }

    private func write(_ path: String, _ bytes: [UInt8]) throws {
        let directory = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        try disk.makeDirectories(directory)
        let file = try disk.open(path, .readWrite)
        try file.truncate(to: 0)
        try bytes.withView { view throws(FileError) in try file.write(view, at: 0) }
    }

    private func copy(_ version: String) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = Self.root(version) + "/store"
        for file in try files(store) {
            try write(directory.path + "/" + file, try disk.readAll(store + "/" + file))
        }
        return directory
    }

    /// Cold and fresh segments, lines from the future, and a journal.
    @Test(.enabled(if: getenv("WEIR_WRITE_GOLDEN") != nil)) func write() throws {
        let root = Self.root("v\(SegmentFormat.version)")
        let store = root + "/store"
        guard (try? disk.list(store)) == nil else { return }
        let policy = try testPolicy()
        let parts = (0..<3).map { randomLines(120, seed: 900 + $0) }
        let future = ["{\"timestamp\":\"2031-01-01T00:00:00Z\",\"level\":\"INFO\",\"n\":1}"]
        for (number, lines) in (parts + [future]).enumerated() {
            let writer = try StoreWriter(directory: store, policy: policy)
            try writer.append([LineBatch(lines, policy: policy).batch])
            try writer.commit()
            if number < 2 { _ = try writer.close() }
            if number == 0 { _ = try Compactor(directory: store).run(everything: true) }
            // The last two writers die: the third one's lines are sealed by the fourth, whose own stay in the journal.
        }
        var out = ByteWriter()
        for line in parts.flatMap(\.self) + future {
            line.withView { out.append(lengthPrefixed: $0) }
        }
        try write(root + "/lines", Array(out.view))
    }

    @Test(arguments: versions) func whatWasStoredIsReadAndTakenOver(version: String) throws {
        let lines = try expected(version)
        #expect(lines.count == 361)
        let directory = try copy(version)
        let stored = try storedLines(directory.path)
        #expect(stored.lines == lines)
        #expect(stored.faults.isEmpty)
        let listed = try DirectoryListing.segments(directory.path, disk).files
        #expect(Set(listed.map(\.id.generation)) == [0, 1])
        let writer = try StoreWriter(directory: directory.path, policy: try testPolicy())
        #expect(writer.recovery.lines == 1)
        #expect(writer.recovery.damages.isEmpty)
        _ = try writer.close()
        #expect(try storedLines(directory.path).lines == lines)
        #expect(
            try DirectoryListing.segments(directory.path, disk).files.contains(
                where: \.key.isSkewed))
        _ = try Compactor(directory: directory.path).run(everything: true)
        #expect(try storedLines(directory.path).lines == lines)
    }
}
