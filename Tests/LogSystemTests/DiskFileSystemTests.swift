import Foundation
import Glibc
import LogBytes
import LogSystem
import TestSupport
import Testing

@Suite struct DiskFileSystemTests {
    private let disk = DiskFileSystem()
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The file of that name with this content, written by somebody else.
    private func made(_ name: String, _ text: String = "") throws -> String {
        let path = directory.file(name)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    /// The content as somebody else reads it.
    private func content(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    private func write(_ text: String, at offset: Int, to file: any OpenFile) throws {
        try Array(text.utf8).withView { view throws(FileError) in try file.write(view, at: offset) }
    }

    /// Expects `body` to fail with this message, in which `*` stands for the test's directory.
    private func fails(
        _ want: String, location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) {
        do {
            try body()
            Issue.record("no error, but: \(want)", sourceLocation: location)
        } catch {
            let got = "\(error)".replacing(directory.path, with: "*")
            #expect(got == want, sourceLocation: location)
            #expect(error is FileError, sourceLocation: location)
        }
    }

    private func mode(_ path: String) throws -> UInt32 {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    // MARK: Files

    @Test func bytesAreWrittenWhereTheyBelong() throws {
        let file = try disk.open(directory.file("a"), .createNew)
        #expect(file.path == directory.file("a"))
        try write("hello", at: 0, to: file)
        try write(" world", at: 5, to: file)
        try write("J", at: 0, to: file)
        try write("", at: 3, to: file)
        #expect(try content(file.path) == "Jello world")
        #expect(try file.size() == 11)
        try write("!", at: 12, to: file)
        #expect(try content(file.path) == "Jello world\u{0}!")
        #expect(try file.readBytes(at: 6, count: 5) == Array("world".utf8))
    }

    @Test func readingEndsWhereTheFileEnds() throws {
        let file = try disk.open(try made("a", "0123456789"), .read)
        func check(_ offset: Int, _ count: Int, _ want: String) throws {
            #expect(try file.readBytes(at: offset, count: count) == Array(want.utf8))
        }
        try check(0, 10, "0123456789")
        try check(8, 10, "89")
        try check(10, 1, "")
        try check(500, 1, "")
        try check(3, 0, "")
        try check(3, -1, "")
        #expect(try disk.readAll(file.path) == Array("0123456789".utf8))
    }

    @Test func aLargeFileComesBack() throws {
        var random = SeededGenerator(seed: 1)
        let bytes = random.bytes(3_000_001)
        let file = try disk.open(directory.file("large"), .createNew)
        try bytes.withView { view throws(FileError) in try file.write(view, at: 0) }
        #expect(try disk.readAll(file.path) == bytes)
    }

    /// Pieces of all sizes, one behind the other, as a journal grows: large ones go past the page cache in whole blocks, and what is
    /// read in between is what was written. `inBlocks`: pieces stand in memory as they do in the blocks of the file.
    @Test(arguments: [false, true], [false, true])
    func aLogComesBack(inMemory: Bool, inBlocks: Bool) throws {
        let directory = try TemporaryDirectory(inMemory: inMemory)
        var random = SeededGenerator(seed: 2)
        let file = try disk.open(directory.file("log"), .createLog)
        #expect(throws: FileError.self) { _ = try disk.open(file.path, .createLog) }
        func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
            let room = UnsafeMutableRawPointer.allocate(
                byteCount: bytes.count + 2 * OpenMode.blockBytes, alignment: OpenMode.blockBytes)
            defer { room.deallocate() }
            let start = room + (inBlocks ? offset % OpenMode.blockBytes : offset % 4_095 + 1)
            start.copyMemory(from: bytes, byteCount: bytes.count)
            let view = ByteView(start.assumingMemoryBound(to: UInt8.self), bytes.count)
            try file.write(view, at: offset)
        }
        var all: [UInt8] = []
        for size in [56, 300_000, 1, 4_096, 262_144, 7, 2_500_003, 262_143, 1_048_576, 100] {
            let bytes = random.bytes(size)
            try write(bytes, at: all.count)
            all += bytes
            #expect(try disk.readAll(file.path) == all)
        }
        // Over what is there, from a block's beginning and from its middle.
        for offset in [8_192, 12_345] {
            let bytes = random.bytes(400_000)
            try write(bytes, at: offset)
            all.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            #expect(try disk.readAll(file.path) == all)
        }
        try file.synchronize()
        try file.truncate(to: 1_000_001)
        #expect(try file.size() == 1_000_001)
    }

    @Test func modesOfOpening() throws {
        let old = try made("old", "content")
        fails("cannot open */old: File exists") { _ = try disk.open(old, .createNew) }
        fails("cannot open */new: No such file or directory") {
            _ = try disk.open(directory.file("new"), .read)
        }
        fails("cannot open */new: No such file or directory") {
            _ = try disk.open(directory.file("new"), .readAnywhere)
        }
        fails("cannot open */no/new: No such file or directory") {
            _ = try disk.open(directory.file("no/new"), .readWrite)
        }
        fails("cannot open */old/new: Not a directory") {
            _ = try disk.open(old + "/new", .createNew)
        }
        for mode in [OpenMode.readWrite, .readWriteShared] {
            try write("C", at: 0, to: disk.open(old, mode))
            #expect(try content(old) == "Content")
        }
        let reader = try disk.open(old, .read)
        fails("cannot write */old: Bad file descriptor") { try write("x", at: 0, to: reader) }
    }

    @Test func aDirectoryIsNoFile() throws {
        fails("cannot open *: Is a directory") { _ = try disk.open(directory.path, .readWrite) }
        fails("cannot read *: Is a directory") { _ = try disk.readAll(directory.path) }
        fails("cannot remove *: Is a directory") { try disk.remove(directory.path) }
    }

    /// Somebody who may write into the data directory must not make weir write elsewhere.
    @Test func symbolicLinksAreFollowedOnlyOutsideTheDataDirectory() throws {
        let target = try made("target", "theirs")
        let link = directory.file("link")
        try #require(symlink(target, link) == 0)
        let advice = "it is a symbolic link, which weir does not follow there"
        for mode in [OpenMode.read, .readWrite, .readWriteShared] {
            fails("cannot open */link: Too many levels of symbolic links; \(advice)") {
                _ = try disk.open(link, mode)
            }
        }
        fails("cannot open */link: File exists") { _ = try disk.open(link, .createNew) }
        #expect(try disk.readAll(link, .readAnywhere) == Array("theirs".utf8))
    }

    @Test func filesArePrivateUnlessTheyAreShared() throws {
        let mask = umask(0o022)
        umask(mask)
        func check(_ open: OpenMode, _ want: UInt32) throws {
            let file = try disk.open(directory.file("\(open)"), open)
            #expect(try mode(file.path) == want & ~mask)
        }
        try check(.createNew, 0o600)
        try check(.createLog, 0o600)
        try check(.readWrite, 0o600)
        try check(.readWriteShared, 0o644)
        try disk.makeDirectories(directory.file("d"))
        #expect(try mode(directory.file("d")) == 0o700 & ~mask)
    }

    @Test(.enabled(if: geteuid() != 0, "root may read and write everything"))
    func forbiddenPathsAreNamed() throws {
        let secret = try made("secret")
        try #require(chmod(secret, 0) == 0)
        let closed = directory.file("closed")
        try disk.makeDirectories(closed)
        try #require(chmod(closed, 0) == 0)
        defer { chmod(closed, 0o700) }
        let reason = "Permission denied; check its owner and mode"
        fails("cannot open */secret: \(reason)") { _ = try disk.open(secret, .read) }
        fails("cannot open */closed/a: \(reason)") {
            _ = try disk.open(closed + "/a", .createNew)
        }
        fails("cannot list */closed: \(reason)") { _ = try disk.list(closed) }
        fails("cannot make directory */closed/a: \(reason)") {
            try disk.makeDirectories(closed + "/a")
        }
        fails("cannot open directory */closed: \(reason)") {
            try disk.synchronizeDirectory(closed)
        }
    }

    @Test func truncatingCutsAndExtends() throws {
        let file = try disk.open(try made("a", "0123456789"), .readWrite)
        try file.truncate(to: 4)
        #expect(try content(file.path) == "0123")
        try file.truncate(to: 6)
        #expect(try content(file.path) == "0123\u{0}\u{0}")
        try file.truncate(to: 0)
        #expect(try file.size() == 0)
        fails("cannot truncate */a: Invalid argument") { try file.truncate(to: -1) }
    }

    /// A device that is always full, and one that holds nothing to make durable.
    @Test func failuresOfTheDeviceAreTold() throws {
        let full = try disk.open("/dev/full", .readWrite)
        fails("cannot write /dev/full: No space left on device; free space on that file system") {
            try write("x", at: 0, to: full)
        }
        let null = try disk.open("/dev/null", .readWrite)
        fails("cannot fsync /dev/null: Invalid argument") { try null.synchronize() }
        fails("cannot truncate /dev/null: Invalid argument") { try null.truncate(to: 0) }
    }

    @Test func whatIsSynchronizedIsThere() throws {
        let file = try disk.open(directory.file("a"), .createNew)
        try write("kept", at: 0, to: file)
        try file.synchronize()
        try disk.synchronizeDirectory(directory.path)
        #expect(try content(file.path) == "kept")
        fails("cannot open directory */no: No such file or directory") {
            try disk.synchronizeDirectory(directory.file("no"))
        }
        fails("cannot open directory */a: Not a directory") {
            try disk.synchronizeDirectory(directory.file("a"))
        }
    }

    @Test func oneHolderOfALockAtATime() throws {
        let path = try made("LOCK")
        var first: (any OpenFile)? = try disk.open(path, .readWrite)
        let second = try disk.open(path, .readWrite)
        #expect(try first?.tryLock() == true)
        #expect(try first?.tryLock() == true)
        #expect(try second.tryLock() == false)
        // Another process may have the descriptor for a moment, between fork and exec; the lock goes with its holder all the same.
        let copies = (0..<4_096 as Range<Int32>).filter { number in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)"))
                == path
        }.map { dup($0) }
        defer { for copy in copies { close(copy) } }
        #expect(copies.count == 2)
        first = nil
        #expect(try second.tryLock())
    }

    @Test func anOpenFileOutlivesItsName() throws {
        let path = try made("a", "still here")
        let file = try disk.open(path, .read)
        try disk.remove(path)
        #expect(try file.readBytes(at: 0, count: 100) == Array("still here".utf8))
        #expect(try disk.list(directory.path) == [])
    }

    // MARK: Names

    @Test func renamingReplacesWhatHadTheName() throws {
        let old = try made("old", "old")
        let new = try made("new", "new")
        try disk.rename(new, to: old)
        #expect(try content(old) == "new")
        #expect(try disk.list(directory.path).map(\.name) == ["old"])
        fails("cannot rename */new: No such file or directory") { try disk.rename(new, to: old) }
        try disk.makeDirectories(directory.file("d"))
        fails("cannot rename */old: Is a directory") {
            try disk.rename(old, to: directory.file("d"))
        }
    }

    @Test func listingIsSortedAndKnowsDirectories() throws {
        #expect(try disk.list(directory.path) == [])
        for name in ["b", "a", "c.tmp", ".hidden"] { _ = try made(name) }
        try disk.makeDirectories(directory.file("bb"))
        try #require(symlink(directory.path, directory.file("link")) == 0)
        #expect(
            try disk.list(directory.path) == [
                DirectoryEntry(name: ".hidden", isDirectory: false),
                DirectoryEntry(name: "a", isDirectory: false),
                DirectoryEntry(name: "b", isDirectory: false),
                DirectoryEntry(name: "bb", isDirectory: true),
                DirectoryEntry(name: "c.tmp", isDirectory: false),
                DirectoryEntry(name: "link", isDirectory: false),
            ])
        fails("cannot list */no: No such file or directory") {
            _ = try disk.list(directory.file("no"))
        }
        fails("cannot list */a: Not a directory") { _ = try disk.list(directory.file("a")) }
    }

    @Test func missingDirectoriesAreMade() throws {
        func check(_ name: String) throws {
            try disk.makeDirectories(directory.path + "/" + name)
            #expect(try disk.list(directory.path + "/" + name) == [])
        }
        try check("a/b/c")
        try check("a/b/c")
        try check("d/")
        try check("e//f/")
        try #require(symlink(directory.file("a/b"), directory.file("link")) == 0)
        try check("link/g")
        #expect(try disk.list(directory.file("a/b")).map(\.name) == ["c", "g"])
    }

    @Test func whatStandsInTheWayOfADirectoryIsTold() throws {
        let file = try made("file")
        try #require(symlink("nowhere", directory.file("dangling")) == 0)
        fails("cannot make directory */file: Not a directory") { try disk.makeDirectories(file) }
        fails("cannot make directory */file/a: Not a directory") {
            try disk.makeDirectories(file + "/a")
        }
        fails("cannot make directory */dangling: Not a directory") {
            try disk.makeDirectories(directory.file("dangling/a"))
        }
    }

    /// It tried for ever, until the stack was full.
    @Test func aPlaceWhereNothingCanBeMadeIsTold() throws {
        func check(_ path: String, _ named: String) {
            fails("cannot make directory \(named): No such file or directory") {
                try disk.makeDirectories(path)
            }
        }
        check("/proc/no", "/proc/no")
        check("/proc/no/such/place", "/proc/no")
        check("", "")
    }

    @Test func removingTakesOnlyWhatIsMeant() throws {
        let file = try made("file")
        try disk.makeDirectories(directory.file("d/inner"))
        fails("cannot remove directory */d: Directory not empty") {
            try disk.removeDirectory(directory.file("d"))
        }
        fails("cannot remove directory */file: Not a directory") { try disk.removeDirectory(file) }
        try disk.removeDirectory(directory.file("d/inner"))
        try disk.removeDirectory(directory.file("d"))
        try disk.remove(file)
        fails("cannot remove */file: No such file or directory") { try disk.remove(file) }
        #expect(try disk.list(directory.path) == [])
    }
}
