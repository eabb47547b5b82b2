import LogBytes
import LogRecords
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// Positions of sources: as durable as the lines that they stand with.
@Suite struct PositionTests {
    private let directory: TemporaryDirectory
    private let policy: RetentionPolicy

    init() throws {
        directory = try TemporaryDirectory()
        policy = try RetentionPolicy(text: "all 30 days *\n", file: "retention.conf")
    }

    private func writer(
        damaged: StoreOptions.DamagedPositions = .refuse
    ) throws -> StoreWriter {
        var options = StoreOptions()
        options.damagedPositions = damaged
        return try StoreWriter(
            directory: directory.file("data"), policy: policy, options: options)
    }

    private func append(
        _ line: String, _ position: SourcePosition, to writer: StoreWriter
    ) throws {
        let bytes = Array(line.utf8)
        let chunk = ByteChunk(capacity: bytes.count)
        bytes.withView { chunk.append($0) }
        let batch = RecordBatch()
        batch.reset(over: chunk, arrivalTime: SystemClock().now())
        batch.appendLines(of: chunk)
        try writer.append([batch], positions: [position])
    }

    private func at(_ offset: UInt64, _ key: String = "file:1:2") -> SourcePosition {
        SourcePosition(key: key, offset: offset, detail: "tab\there\nand \\ there")
    }

    private func positions(_ writer: StoreWriter) -> [SourcePosition] {
        writer.positions.sorted { $0.key < $1.key }
    }

    @Test func theJournalKeepsThemThroughACrash() throws {
        do {
            let writer = try writer()
            #expect(writer.positions == [])
            try append("a\n", at(2), to: writer)
            try append("b\n", at(4), to: writer)
            try append("c\n", at(9, "request:x"), to: writer)
            try writer.commit()
            // No close: the journal is all that is left.
        }
        for recovered in [3, 0] {
            // The first recovery has sealed the lines, and their positions have gone to the file.
            let next = try writer()
            #expect(next.recovery.lines == recovered)
            #expect(positions(next) == [at(4), at(9, "request:x")])
        }
    }

    @Test func sealingKeepsThemAndNewerFramesGoFirst() throws {
        do {
            let writer = try writer()
            try append("a\n", at(2), to: writer)
            #expect(try writer.seal().count == 1)
            try append("b\n", at(4), to: writer)
            try writer.commit()
        }
        do {
            let writer = try writer()
            #expect(writer.positions == [at(4)])
            var gone = at(4)
            gone.isForgotten = true
            try append("c\n", gone, to: writer)
            #expect(writer.positions == [])
            _ = try writer.close()
        }
        #expect(try writer().positions == [])
    }

    @Test func oneWithoutALineIsDurableAfterTheCommit() throws {
        do {
            let writer = try writer()
            try append("a\n", at(2), to: writer)
            try writer.append([], positions: [at(700, "file:9:9")])
            #expect(writer.hasUncommitted)
            try writer.commit()
            #expect(!writer.hasUncommitted)
        }
        #expect(positions(try writer()) == [at(2), at(700, "file:9:9")])
    }

    /// A bit flipped, a line cut off, nothing left, somebody's own words.
    @Test(arguments: ["flipped", "cut", "empty", "foreign"])
    func aDamagedFileIsRefusedOrToldAndTheJournalStillCounts(damage: String) throws {
        do {
            let writer = try writer()
            try append("a\n", at(2), to: writer)
            _ = try writer.seal()
            try append("b\n", at(9, "file:3:4"), to: writer)
            try writer.commit()
        }
        let data = directory.file("data")
        let path = DataDirectory.positionsFile(data)
        var bytes = try DiskFileSystem().readAll(path)
        switch damage {
        case "flipped": bytes[3] ^= 1
        case "cut": bytes.removeLast(20)
        case "empty": bytes = []
        default: bytes = Array("sequence 1\n".utf8)
        }
        try bytes.withView {
            try DiskFileSystem().replace(path, in: DataDirectory.state(data), with: $0)
        }
        let journals = try DirectoryListing.journals(data, DiskFileSystem()).map(\.number)
        for _ in 0..<2 {
            // Nobody has said what is right: nothing happens, and it is told again.
            do {
                _ = try writer()
                Issue.record("it was opened as if nothing were lost")
            } catch StoreError.positionsDamaged(let file) {
                #expect(file == path)
            }
            #expect(try DiskFileSystem().readAll(path) == bytes)
            #expect(
                try DirectoryListing.journals(data, DiskFileSystem()).map(\.number) == journals)
        }
        do {
            let next = try writer(damaged: .setAside)
            #expect(next.positions == [at(9, "file:3:4")])
            #expect(next.recovery.damages.count == 1)
            #expect(next.recovery.damages.first?.contains("\(path) is damaged and kept as") == true)
            #expect(try DiskFileSystem().readAll(path + ".damaged") == bytes)
            _ = try next.close()
        }
        // Said once, done once.
        let last = try writer()
        #expect(last.positions == [at(9, "file:3:4")])
        #expect(last.recovery.damages == [])
    }

    @Test func theOldestGoWhenThereAreTooMany() throws {
        var table = PositionTable()
        for number in 0...PositionTable.positionsMax {
            table.note(
                SourcePosition(key: "request:\(number)", offset: 1), sequence: UInt64(number))
        }
        table.note(SourcePosition(key: "file:1:1", offset: 1), sequence: 0)
        let text = table.text(sequence: 7)
        let kept = try #require(PositionTable.parse(text))
        #expect(kept.sequence == 7)
        #expect(kept.table.positions.count == PositionTable.positionsMax + 1)
        let keys = Set(kept.table.positions.map(\.key))
        #expect(!keys.contains("request:0"))
        #expect(keys.contains("request:1") && keys.contains("file:1:1"))
    }

    @Test func whatIsNoTableIsRefused() {
        for text in ["", "sequence\n", "sequence x\n", "sequence 1\n1\tkey\t2\n"] {
            #expect(PositionTable.parse(text) == nil, "\(text)")
        }
        #expect(PositionTable.parse("sequence 1\n1\tkey\t2\t\n")?.table.positions.count == 1)
    }
}
