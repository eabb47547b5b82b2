import LogBytes
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// What stages leave for the next start.
struct StateSnapshotTests {
    private let snapshot = StateSnapshot(
        sequence: 1 << 40,
        sections: [
            .init(name: "metrics", bytes: [0, 1, 255]), .init(name: "rules", bytes: []),
        ])

    @Test func bytesComeBack() {
        #expect(StateSnapshot(snapshot.sealed) == snapshot)
        #expect(snapshot["metrics"] == [0, 1, 255])
        #expect(snapshot["alerts"] == nil)
    }

    @Test func everyFlippedBitAndEveryLengthIsFound() {
        let bytes = snapshot.sealed
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            #expect(StateSnapshot(damaged) == nil)
        }
        for length in 0..<bytes.count {
            #expect(StateSnapshot(Array(bytes.prefix(length))) == nil)
        }
    }

    /// As weir wrote it before lengths had a fixed size.
    @Test func theFirstVersionIsRead() {
        var out = ByteWriter()
        out.append("WEIRSNAP")
        out.append(fixed: UInt16(1))
        out.append(varint: snapshot.sequence)
        out.append(length: snapshot.sections.count)
        for section in snapshot.sections {
            section.name.withView { out.append(lengthPrefixed: $0) }
            section.bytes.withView { out.append(lengthPrefixed: $0) }
        }
        out.append(fixed: Checksum.crc32c(out.view))
        #expect(StateSnapshot(Array(out.view)) == snapshot)
    }

    @Test func filesAreReplacedAndRead() throws {
        let files = MemoryFileSystem()
        try files.makeDirectories("/d/state")
        #expect(try StateSnapshot.read(.alerts, directory: "/d", fileSystem: files) == nil)
        try snapshot.write(.alerts, directory: "/d", fileSystem: files)
        let next = StateSnapshot(sequence: 7, sections: [])
        try next.write(.alerts, directory: "/d", fileSystem: files)
        #expect(try StateSnapshot.read(.alerts, directory: "/d", fileSystem: files) == next)
        #expect(try StateSnapshot.read(.stream, directory: "/d", fileSystem: files) == nil)
    }

    @Test func damageAndLaterVersionsAreTold() throws {
        let files = MemoryFileSystem()
        try files.makeDirectories("/d/state")
        try snapshot.write(.stream, directory: "/d", fileSystem: files)
        let path = "/d/state/stream"
        let file = try files.open(path, .readWrite)
        try [UInt8(0)].withView { view throws(FileError) in try file.write(view, at: 15) }
        #expect(throws: StoreError.self) {
            _ = try StateSnapshot.read(.stream, directory: "/d", fileSystem: files)
        }
        #expect(StateSnapshot.fault(try files.readAll(path)) == "it is cut short or damaged")

        // As a later weir would write it: another version under a right checksum.
        var later = Array(snapshot.sealed.dropLast(4))
        later[8] = 3
        let sum = later.withView { Checksum.crc32c($0) }
        later += (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
        try later.withView { view throws(FileError) in
            try files.replace(path, in: "/d/state", with: view)
        }
        #expect {
            _ = try StateSnapshot.read(.stream, directory: "/d", fileSystem: files)
        } throws: { error in
            if case .unknownVersion(_, version: 3)? = error as? StoreError { true } else { false }
        }
    }
}
