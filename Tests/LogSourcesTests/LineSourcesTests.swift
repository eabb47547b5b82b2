import Foundation
import Glibc
import LogSources
import LogSystem
import TestSupport
import Testing

@Suite struct LineSourcesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func made(_ bytes: [UInt8]) throws -> String {
        let path = directory.file("input")
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    private func read(_ bytes: [UInt8], chunkBytes: Int = 1 << 10) throws -> Received {
        let source = try FileSource(path: try made(bytes))
        let outlet = ChunkOutlet(chunkCount: 3, chunkBytes: chunkBytes)
        let (received, errors) = try outlet.run([source])
        #expect(errors == [])
        return received
    }

    private func error(_ path: String) -> String? {
        do {
            _ = try FileSource(path: path)
            return nil
        } catch {
            return "\(error)".replacing(directory.path, with: "*")
        }
    }

    @Test func aFileIsReadToItsEnd() throws {
        #expect(try read([]).chunks == [])
        #expect(try read(Array("a\nb\n".utf8)).texts == ["a", "b"])
        #expect(try read(Array("a\r\n\nno newline".utf8)).texts == ["a\r", "", "no newline"])
        #expect(try read([0, 10, 0xFF, 0xFE]).lines == [[0], [0xFF, 0xFE]])
        var random = SeededGenerator(seed: 1)
        let large = random.bytes(300_000).map { $0 % 61 == 0 ? 10 : $0 }
        let received = try read(large, chunkBytes: 4_096)
        #expect(received.bytes == large)
        #expect(received.lines == Received.lines(large))
    }

    @Test func whatIsNoReadableFileIsToldAtOnce() throws {
        #expect(error(directory.file("no")) == "cannot open */no: No such file or directory")
        #expect(error("") == "cannot open : No such file or directory")
        #expect(error(directory.path) == "cannot read lines from *: Is a directory")
        let file = try made([])
        #expect(error(file + "/inner") == "cannot open */input/inner: Not a directory")
        #expect(error(file) == nil)
    }

    @Test func aStoppedFileSourceReadsNothing() throws {
        let source = try FileSource(path: try made(Array("a\nb\n".utf8)))
        #expect(source.name == directory.file("input"))
        source.stop()
        let (received, _) = try ChunkOutlet(chunkCount: 1, chunkBytes: 8).run([source])
        #expect(received == Received())
    }

    /// Users give a path of their own: links are followed, unlike in the data directory.
    @Test func linksAndPipesAreFiles() throws {
        let link = directory.file("link")
        try #require(symlink(try made(Array("a\n".utf8)), link) == 0)
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 32)
        let pipe = directory.file("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let writing = Background {
            let writer = open(pipe, O_WRONLY | O_CLOEXEC)
            defer { close(writer) }
            return write(writer, "through a pipe\n", 15) == 15
        }
        let sources = [try FileSource(path: link), try FileSource(path: pipe)]
        #expect(try outlet.run(sources).received.texts.sorted() == ["a", "through a pipe"])
        #expect(try writing.result())
    }

    @Test func standardInputIsReadToItsEnd() throws {
        let pipe = try TestPipe()
        let saved = dup(0)
        try #require(dup2(pipe.reader, 0) == 0)
        defer {
            if saved >= 0 { dup2(saved, 0) }
            close(saved)
        }
        pipe.write("one\ntwo")
        pipe.end()
        let source = try StandardInputSource()
        #expect(source.name == "stdin")
        let (received, errors) = try ChunkOutlet(chunkCount: 1, chunkBytes: 32).run([source])
        #expect(received.texts == ["one", "two"])
        #expect(errors == [])
    }

    @Test func theRegistryMakesEachKind() throws {
        #expect(
            LineSources.all.map(\.option)
                == ["stdin", "file", "host-metrics", "probe"])
        #expect(LineSources.kind("tcp") == nil)
        let path = try made([])
        #expect(try LineSources.kind("file")?.make(path).name == "files")
        #expect(try LineSources.kind("stdin")?.make("-").name == "stdin")
        #expect(throws: FileError.self) { try LineSources.kind("file")?.make(path + "/no") }
    }
}
