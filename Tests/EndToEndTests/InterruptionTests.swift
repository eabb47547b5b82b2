import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Ends of a query that its user brings about: Ctrl-C, a reader that goes, ranges without sense.
@Suite struct InterruptionTests {
    /// A data directory with so many lines that a pipe cannot hold them.
    private func stored(_ scratch: Scratch) throws -> Data {
        let text = (0..<20_000).map {
            "{\"timestamp\":\"2025-01-18T12:00:00Z\",\"n\":\($0),\"message\":\"a line that is long enough\"}\n"
        }.joined()
        let result = try WeirProcess.run(
            "ingest", "--data", scratch.data, in: scratch, input: Data(text.utf8))
        #expect(result.status == 0)
        return Data(text.utf8)
    }

    /// A query whose output nobody reads yet.
    private func stalled(
        _ scratch: Scratch, _ arguments: [String]
    ) throws -> (Process, FileHandle) {
        let process = Process()
        process.executableURL = WeirProcess.products.appendingPathComponent("weir")
        process.arguments = arguments
        process.currentDirectoryURL = scratch.url
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // The write end stays open in this process otherwise, and the reader never sees the end.
        try? output.fileHandleForWriting.close()
        return (process, output.fileHandleForReading)
    }

    /// Waits until the process sleeps in a write to a full pipe.
    private func waitUntilBlocked(_ process: Process) throws {
        for _ in 0..<1_000 {
            let path = "/proc/\(process.processIdentifier)/wchan"
            let place = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let stat =
                (try? String(
                    contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8))
                ?? ""
            if place.contains("pipe") || stat.contains(") S ") { break }
            usleep(10_000)
        }
        usleep(200_000)
    }

    @Test(arguments: ["raw", "json", "csv"])
    func ctrlCEndsBehindAWholeLine(format: String) throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let (process, output) = try stalled(
            scratch, ["query", "--data", scratch.data, "-o", format])
        try waitUntilBlocked(process)
        kill(process.processIdentifier, SIGINT)
        let got = output.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(got.count > 10_000 && got.last == 10, "ends in the middle of a line")
        #expect(got.split(separator: 10).count < 20_000)
    }

    @Test func aReaderThatGoesEndsTheQueryInSilence() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        let running = try WeirProcess.Running(
            ["-c", "'\(WeirProcess.products.path)/weir' query --data data; echo $? >&2"],
            in: scratch, executable: "/bin/sh", output: FileHandle.nullDevice)
        #expect(try running.wait().errors == "0\n")
        let piped = try WeirProcess.Running(
            [
                "-c",
                "{ '\(WeirProcess.products.path)/weir' query --data data; echo $? >&2; } | head -n 1",
            ], in: scratch, executable: "/bin/sh")
        let result = try piped.wait()
        #expect(result.lines.count == 1)
        #expect(result.errors == "2\n" || result.errors == "141\n", "\(result.errors)")
    }

    @Test func rangesWithoutSense() throws {
        let scratch = try Scratch()
        _ = try stored(scratch)
        func run(_ arguments: String...) throws -> WeirProcess.Result {
            try WeirProcess.Running(
                ["query", "--data", scratch.data, "-c"] + arguments, in: scratch
            )
            .wait()
        }
        // Nobody means no time at all: two options that were taken one for the other are a mistake.
        let reversed = try run("--since", "2025-01-19", "--until", "2025-01-17")
        #expect(reversed.status == 2 && reversed.text.isEmpty)
        #expect(reversed.errors.contains("--since 2025-01-19 is not before --until 2025-01-17"))
        #expect(try run("--since", "2200-12-31").text == "0\n")
        #expect(try run("--since", "1800-01-01", "--until", "2200-12-31").text == "20000\n")
        let far = try run("--since", "9999-12-31")
        #expect(far.status == 2 && far.errors.contains("--since takes an age"))
        #expect(try run("n:range(Inf, -Inf)").text == "0\n")
        #expect(try run("_time:[2025-01-19, 2025-01-17]").text == "0\n")
        for broken in [
            "(a", "a or", "* | stats", "n:range(1", "_time:[x, y]", "\"a",
        ] {
            let result = try run(broken)
            #expect(
                result.status == 2 && result.errors.contains("^"), "\(broken): \(result.errors)")
        }
        #expect(try run("-n", "0").text == "0\n")
        #expect(try run("-n", "9223372036854775807").text == "20000\n")
    }
}
