import Foundation
import Testing

/// What goes wrong in practice: each has a clear message, a counter, and loses nothing.
@Suite struct BadInputTests {
    @Test func whatIsNoJSONObjectIsKeptFoundAndCounted() throws {
        let scratch = try Scratch()
        var input = Data(
            "plain words here\n{\"broken\": \n[1,2]\n\n{\"a\":1} trailing\n{\"ok\":true}\n\"s\""
                .utf8)
        input += Data([10, 0, 1, 2, 0xFF, 0xFE, 10, 0xC3, 10])
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
        #expect(result.errors.contains("read: 9 lines"))
        #expect(result.errors.contains("kept as text: 8"))
        #expect(result.errors.contains("json_not_an_object 2"))
        let query = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        #expect(sortedLines(query.output) == sortedLines(input))
        let word = try WeirProcess.run("query", "--data", scratch.data, "words", in: scratch)
        #expect(word.text == "plain words here\n")
        let broken = try WeirProcess.run("query", "--data", scratch.data, "broken", in: scratch)
        #expect(broken.text == "{\"broken\": \n")
    }

    @Test func aLineOf20MegabytesIsCutAndItsNeighboursStay() throws {
        let scratch = try Scratch()
        let long = Data(repeating: UInt8(ascii: "x"), count: 20 << 20)
        let input = Data("before\n".utf8) + long + Data("\nafter\n".utf8)
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: input)
        #expect(result.status == 0)
        #expect(result.errors.contains("cut at --max-line-bytes: 1 lines, 19.9 MB dropped"))
        let query = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        let lines = sortedLines(query.output)
        #expect(lines.map(\.count) == [5, 6, 1 << 20])
        #expect(lines.first == Data("after".utf8))

        let whole = try Scratch()
        _ = try WeirProcess.run(
            "ingest", "--data", whole.data, "--max-line-bytes", "33554432", in: whole, input: input)
        let all = try WeirProcess.run("query", "--data", whole.data, "*", in: whole)
        #expect(sortedLines(all.output) == sortedLines(input))
    }

    @Test func emptyInputIsNoError() throws {
        let scratch = try Scratch()
        let file = try scratch.write("empty.log", "")
        for arguments in [["ingest"], ["ingest", "--no-follow", "--file", file]] {
            let running = try WeirProcess.Running(
                arguments + ["--data", scratch.data], in: scratch)
            let result = try running.wait()
            #expect(result.status == 0)
            #expect(result.errors.contains("read: 0 lines"))
        }
        let query = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        #expect(query.status == 1)
    }

    /// It was taken for the root of the file system.
    @Test func anEmptyDataDirectoryIsRefused() throws {
        let scratch = try Scratch()
        let result = try WeirProcess.run("query", "--data", "", "*", in: scratch)
        #expect(result.status == 2)
        #expect(result.errors.contains("--data names no directory"))
    }

    /// Six files at once share four chunks; nobody may wait for ever.
    @Test func manyFilesAtOnceComeInWhole() throws {
        let scratch = try Scratch()
        var arguments = [
            "ingest", "--no-follow", "--data", scratch.data, "--max-line-bytes", "4096",
        ]
        var want: [Data] = []
        for file in 0..<6 {
            let lines = (0..<2_000).map { #"{"file":\#(file),"line":\#($0)}"# }
            want += lines.map { Data($0.utf8) }
            let path = try scratch.write("many-\(file)", lines.joined(separator: "\n") + "\n")
            let empty = try scratch.write("empty-\(file)", "")
            arguments += ["--file", path, "--file", empty]
        }
        #expect(try WeirProcess.Running(arguments, in: scratch).wait().status == 0)
        let query = try WeirProcess.run(
            "query", "--data", scratch.data, "-o", "raw", "*", in: scratch)
        #expect(sortedLines(query.output) == want.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func filesAreReadToTheirEndAndWrongOnesNamed() throws {
        let scratch = try Scratch()
        let first = try scratch.write("a.log", "one\ntwo\n")
        let second = try scratch.write("b.log", "three")
        let result = try WeirProcess.run(
            "ingest", "--no-follow", "--data", scratch.data, "--file", first, "--file", second,
            in: scratch)
        #expect(result.status == 0)
        let query = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        #expect(sortedLines(query.output) == sortedLines(Data("one\ntwo\nthree\n".utf8)))

        let missing = try WeirProcess.run(
            "ingest", "--no-follow", "--data", scratch.data, "--file", "no/such.log", in: scratch)
        #expect(missing.status == 2)
        #expect(missing.errors.contains("cannot open no/such.log: No such file or directory"))
        let directory = try WeirProcess.run(
            "ingest", "--data", scratch.data, "--file", scratch.url.path, in: scratch)
        #expect(directory.status == 2)
        #expect(directory.errors.contains("Is a directory"))
    }

    @Test func aBrokenRetentionFileIsNamedWithItsLine() throws {
        let scratch = try Scratch()
        func message(_ text: String) throws -> String {
            let file = try scratch.write("retention.conf", text)
            let result = try WeirProcess.run(
                "ingest", "--data", scratch.data, "--retention", file, in: scratch)
            #expect(result.status == 2)
            return result.errors
        }
        #expect(
            try message("# x\naudit 3 eons *\n").contains("retention.conf:2: `eons` is no unit"))
        #expect(try message("a b\n").contains("retention.conf:1: `b` is no time to keep"))
        #expect(try message("A 1 day *\n").contains("retention.conf:1: `A` is no class name"))
        #expect(try message("a 1 day (level:x\n").contains("retention.conf:1: in the filter"))
        #expect(
            try message("a 1 day *\nb 1 day x\n").contains("retention.conf:2: class b can match"))
        #expect(try message("a 1 day x\n").contains("the last class must match `*`"))
        #expect(!FileManager.default.fileExists(atPath: scratch.data))
    }

    @Test func aDataDirectoryInUseIsRefused() throws {
        let scratch = try Scratch()
        let pipe = Pipe()
        let first = try WeirProcess.Running(
            ["ingest", "--data", scratch.data], in: scratch, input: pipe)
        try first.waitUntil("the first ingester has the directory") {
            FileManager.default.fileExists(atPath: scratch.data + "/state/clock")
        }
        let second = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: Data("x\n".utf8))
        #expect(second.status == 2)
        #expect(second.errors.contains("is in use by another weir"))
        try pipe.fileHandleForWriting.close()
        #expect(try first.wait().status == 0)
    }

    @Test func brokenQueriesShowThePlace() throws {
        let scratch = try Scratch()
        _ = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: Data("x\n".utf8))
        func errors(_ query: String) throws -> String {
            let result = try WeirProcess.run("query", "--data", scratch.data, query, in: scratch)
            #expect(result.status == 2)
            #expect(result.output.isEmpty)
            return result.errors
        }
        #expect(try errors("level:(a").contains("^"))
        #expect(try errors("* | stat count()").contains("stats"))
        #expect(try errors("x:~\"(\"").contains("^"))
        let nowhere = try WeirProcess.run("query", "--data", "nowhere", "*", in: scratch)
        #expect(nowhere.status == 2)
        #expect(nowhere.errors.contains("there is no data directory nowhere"))
        let output = try WeirProcess.run(
            "query", "--data", scratch.data, "-o", "jsn", "*", in: scratch)
        #expect(output.status == 2)
        #expect(output.errors.contains("did you mean `json`?"))
    }
}
