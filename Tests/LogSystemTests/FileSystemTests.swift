import Foundation
import Glibc
import LogBytes
import LogSystem
import TestSupport
import Testing

/// What every file system can do by the operations of its own: replacing a file in one step.
@Suite struct FileSystemTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.file("state") }

    init() throws { directory = try TemporaryDirectory() }

    private func replace(_ text: String, on fileSystem: any FileSystem) throws(FileError) {
        try Array(text.utf8).withView { view throws(FileError) in
            try fileSystem.replace(path, in: directory.path, with: view)
        }
    }

    private var content: String {
        get throws { String(decoding: try DiskFileSystem().readAll(path), as: UTF8.self) }
    }

    private var names: [String] {
        get throws { try DiskFileSystem().list(directory.path).map(\.name) }
    }

    @Test func aReplacedFileHasTheNewContentAndNoNeighbours() throws {
        for text in ["first", "a longer second", "3", ""] {
            try replace(text, on: DiskFileSystem())
            #expect(try content == text)
            #expect(try names == ["state"])
        }
    }

    /// The order makes the step one: durable under another name before it gets its own.
    @Test func theContentIsDurableBeforeItGetsItsName() throws {
        let disk = FaultyFileSystem()
        try replace("new", on: disk)
        #expect(
            disk.trace.map { $0.replacing(directory.path, with: "*") } == [
                "open */state.tmp", "truncate */state.tmp", "write */state.tmp",
                "fsync */state.tmp", "rename */state.tmp", "fsync directory *",
            ])
    }

    @Test func whatACrashLeftBehindIsNotMixedIn() throws {
        try Data("left by a crash, and long".utf8).write(to: URL(filePath: path + ".tmp"))
        try replace("new", on: DiskFileSystem())
        #expect(try content == "new")
        #expect(try names == ["state"])
    }

    @Test func aFailureAnywhereLeavesTheOldOrTheNewFileWhole() throws {
        var failed = 0
        for number in 0... {
            try replace("the old content", on: DiskFileSystem())
            let disk = FaultyFileSystem(.forGood(ENOSPC), at: number)
            do {
                try replace("new", on: disk)
                #expect(!disk.hasStruck)
                break
            } catch {
                failed += 1
                #expect(error.isFull)
                #expect("\(error)".hasPrefix("cannot "))
                // Only the fsync of the directory comes after the rename.
                #expect(try content == (number < 5 ? "the old content" : "new"))
            }
        }
        #expect(failed == 6)
        #expect(try content == "new")
    }
}
