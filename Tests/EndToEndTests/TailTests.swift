import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `weir tail` beside a real `weir ingest`: every line once, whatever happens to journal and segments.
@Suite(.serialized) struct TailTests {
    private func line(_ number: Int) -> String {
        "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"level\":\"\(number % 3 == 0 ? "WARN" : "INFO")\","
            + "\"n\":\(number),\"message\":\"line \(number)\"}"
    }

    private func ingester(_ data: String, _ scratch: Scratch, _ more: [String] = []) throws
        -> KilledProcess
    {
        try KilledProcess(
            ["ingest", "--data", data] + more,
            log: scratch.url.appendingPathComponent("ingest.log").path)
    }

    private func tail(_ arguments: [String], _ scratch: Scratch) throws -> WeirProcess.Running {
        try WeirProcess.Running(["tail"] + arguments, in: scratch)
    }

    private func feed(_ ingester: KilledProcess, _ numbers: Range<Int>) {
        ingester.feed(Array(numbers.map { line($0) + "\n" }.joined().utf8))
    }

    /// Waits until so many lines are stored; the limit only ends a test that has failed.
    private func waitForLines(_ count: Int, _ scratch: Scratch) throws {
        for _ in 0..<600 {
            let found = try WeirProcess.run("query", "--data", scratch.data, "-c", in: scratch)
            if found.text == "\(count)\n" { return }
            usleep(50_000)
        }
        Issue.record("\(count) lines are never stored")
    }

    private func end(_ running: WeirProcess.Running) throws -> WeirProcess.Result {
        kill(running.process.processIdentifier, SIGINT)
        return try running.wait()
    }

    private func seen(_ running: WeirProcess.Running) -> Int {
        running.output.split(separator: 10).count
    }

    @Test func thePastFirstThenWhatArrives() throws {
        let scratch = try Scratch()
        let writer = try ingester(scratch.data, scratch)
        feed(writer, 0..<20)
        try waitForLines(20, scratch)
        let all = try tail(["--data", scratch.data, "-n", "3"], scratch)
        let warnings = try tail(["--data", scratch.data, "-n", "0", "level:WARN"], scratch)
        let grep = try tail(["--data", scratch.data, "-n", "0", "-g", "line [0-9]*7\""], scratch)
        let shown = try tail(
            ["--data", scratch.data, "-n", "1", "_time:1h | fields n, level", "-o", "csv"], scratch)
        try all.waitUntil("the past is shown") { seen(all) == 3 }
        // The others show nothing of the past; time to look once is all they need.
        usleep(600_000)
        feed(writer, 20..<40)
        try all.waitUntil("new lines are shown") { seen(all) == 23 }
        try warnings.waitUntil("warnings are shown") { seen(warnings) == 7 }
        try grep.waitUntil("matches are shown") { seen(grep) == 2 }
        let result = try end(all)
        #expect(result.status == 130)
        #expect(result.text == (17..<40).map { line($0) + "\n" }.joined())
        let found = try end(warnings)
        #expect(found.text == (20..<40).filter { $0 % 3 == 0 }.map { line($0) + "\n" }.joined())
        #expect(try end(grep).text == [27, 37].map { line($0) + "\n" }.joined())
        // `_time:1h` goes on: the lines of 2025 are in no range that ends now, and none is shown.
        #expect(try end(shown).text == "")
        #expect(writer.finish() == 0)
    }

    /// Sealing, a death and another start, and merging, under a tail that sees every line once and in order.
    @Test func noLineIsLostOrDoubledAtAnySeam() throws {
        let scratch = try Scratch()
        var writer = try ingester(scratch.data, scratch)
        feed(writer, 0..<10)
        try waitForLines(10, scratch)
        let follower = try tail(["--data", scratch.data, "-n", "100"], scratch)
        try follower.waitUntil("the past is shown") { seen(follower) == 10 }
        var next = 10
        for round in 0..<4 {
            // A quiet death, and one in the middle of lines.
            feed(writer, next..<next + 50)
            next += 50
            try follower.waitUntil("round \(round)") { seen(follower) == next }
            _ = writer.end(SIGKILL)
            // Recovery seals what the dead one left; then more lines come and all of it is sealed again.
            writer = try ingester(scratch.data, scratch)
            feed(writer, next..<next + 50)
            next += 50
            #expect(writer.finish() == 0)
            try follower.waitUntil("sealed lines of round \(round)") { seen(follower) == next }
            _ = try WeirProcess.run("compact", "--data", scratch.data, in: scratch)
            writer = try ingester(scratch.data, scratch)
        }
        #expect(writer.finish() == 0)
        let result = try end(follower)
        #expect(result.text == (0..<next).map { line($0) + "\n" }.joined())
        #expect(result.errors.isEmpty)
    }

    /// A tail that is stopped meanwhile misses whole journal files, and finds their lines in segments.
    @Test func whatCameAndWentWhileItSleptIsShown() throws {
        let scratch = try Scratch()
        func ingest(_ numbers: Range<Int>) throws {
            let text = numbers.map { line($0) + "\n" }.joined()
            let result = try WeirProcess.run(
                "ingest", "--data", scratch.data, in: scratch, input: Data(text.utf8))
            #expect(result.status == 0)
        }
        try ingest(0..<10)
        let follower = try tail(["--data", scratch.data, "-n", "5"], scratch)
        try follower.waitUntil("the past is shown") { seen(follower) == 5 }
        kill(follower.process.processIdentifier, SIGSTOP)
        try ingest(10..<20)
        try ingest(20..<30)
        _ = try WeirProcess.run("compact", "--data", scratch.data, in: scratch)
        try ingest(30..<40)
        kill(follower.process.processIdentifier, SIGCONT)
        try follower.waitUntil("all lines are shown") { seen(follower) >= 35 }
        usleep(400_000)
        let result = try end(follower)
        #expect(result.text == (5..<40).map { line($0) + "\n" }.joined())
    }

    @Test func severalDirectories() throws {
        let scratch = try Scratch()
        let directories = ["a", "b"].map { scratch.url.appendingPathComponent($0).path }
        for (number, directory) in directories.enumerated() {
            let text = stride(from: number, to: 10, by: 2).map {
                "{\"time\":\"2025-01-18T12:00:0\($0)Z\",\"n\":\($0)}\n"
            }.joined()
            let result = try WeirProcess.run(
                "ingest", "--data", directory, in: scratch, input: Data(text.utf8))
            #expect(result.status == 0)
        }
        let data = directories.flatMap { ["--data", $0] }
        func run(_ arguments: [String]) throws -> WeirProcess.Result {
            try WeirProcess.Running(arguments, in: scratch).wait()
        }
        let all = try run(["query"] + data + ["* | fields n", "-o", "csv"])
        #expect(all.text == "n\r\n" + (0..<10).map { "\($0)\r\n" }.joined())
        let newest = try run(["query"] + data + ["-n", "3"])
        #expect(newest.lines.count == 3 && newest.lines.last?.hasSuffix("\"n\":9}") == true)
        #expect(try run(["query"] + data + data + ["-c"]).text == "10\n")
        let fields = try run(["fields"] + data + ["-o", "csv"])
        #expect(fields.text.contains("\r\nn,number,10,10,100.0%,"))
        let missing = try run(["query"] + data + ["--data", "none"])
        #expect(missing.status == 2 && missing.errors.contains("none"))
        let follower = try tail(data + ["-n", "2"], scratch)
        try follower.waitUntil("the past of both") { seen(follower) == 2 }
        for directory in directories {
            _ = try WeirProcess.run(
                "ingest", "--data", directory, in: scratch, input: Data("{\"n\":99}\n".utf8))
        }
        try follower.waitUntil("new lines of both") { seen(follower) == 4 }
        #expect(try end(follower).lines.suffix(2) == ["{\"n\":99}", "{\"n\":99}"])
    }
}
