import LogBytes
import LogSystem
import TestSupport
import Testing

@testable import LogSegments

/// Commands that wait for a running weir.
@Suite struct CommandSpoolTests {
    private let files = MemoryFileSystem()
    private let spool: CommandSpool

    init() throws {
        try files.makeDirectories("/d/state")
        spool = CommandSpool(directory: "/d", fileSystem: files)
    }

    @Test func commandsComeInOrderAndGo() throws {
        #expect(try spool.entries().isEmpty)
        try spool.put("second", id: "2-b")
        try spool.put("first", id: "1-a")
        #expect(try spool.entries().map(\.line) == ["first", "second"])
        try spool.remove("1-a")
        try spool.remove("1-a")
        #expect(try spool.entries().map(\.id) == ["2-b"])
    }

    @Test func aDamagedOneIsNotCarriedOut() throws {
        try spool.put("silence everything for a day", id: "1")
        let file = try files.open("/d/state/commands/1.command", .readWrite)
        try [UInt8(ascii: "9")].withView { view throws(FileError) in try file.write(view, at: 25) }
        #expect(try spool.entries() == [CommandSpool.Entry(id: "1", line: nil)])
    }
}
