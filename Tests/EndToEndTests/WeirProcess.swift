import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// The real binary, run as a user would run it.
enum WeirProcess {
    /// What a run of the binary gave.
    struct Result {
        let status: Int32
        let output: Data
        let errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var lines: [Substring] { text.split(separator: "\n") }
    }

    /// The directory of the test bundle, where the build puts `weir` and `weir-samples`, too.
    static let products: URL = {
        let path =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: path).deletingLastPathComponent()
        if FileManager.default.isExecutableFile(atPath: beside.appendingPathComponent("weir").path)
        {
            return beside
        }
        // A test runner of the toolchain was started with the bundle as its argument.
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent()
    }()

    /// A process that is set up and not started: output and errors go to files, so that no pipe can fill.
    final class Running {
        let process = Process()
        private let outputFile: URL
        private let errorFile: URL

        init(
            _ arguments: [String], in directory: Scratch, tool: String = "weir",
            executable: String? = nil, input: Any? = FileHandle.nullDevice, output: Any? = nil,
            environment more: [String: String] = [:]
        ) throws {
            outputFile = directory.fresh("stdout")
            errorFile = directory.fresh("stderr")
            process.executableURL =
                executable.map { URL(fileURLWithPath: $0) }
                ?? WeirProcess.products.appendingPathComponent(tool)
            process.arguments = arguments
            process.currentDirectoryURL = directory.url
            var environment = ProcessInfo.processInfo.environment
            environment["WEIR_DATA"] = nil
            environment["NO_COLOR"] = nil
            environment["TERM"] = "xterm"
            environment.merge(more) { $1 }
            process.environment = environment
            process.standardInput = input
            for file in [outputFile, errorFile] {
                try Data().write(to: file)
            }
            process.standardOutput = try output ?? FileHandle(forWritingTo: outputFile)
            process.standardError = try FileHandle(forWritingTo: errorFile)
            try process.run()
        }

        /// What it has said on stderr so far.
        var errors: String {
            String(decoding: (try? Data(contentsOf: errorFile)) ?? Data(), as: UTF8.self)
        }

        /// What it has written to stdout so far.
        var output: Data { (try? Data(contentsOf: outputFile)) ?? Data() }

        func wait() throws -> Result {
            process.waitUntilExit()
            let status =
                process.terminationReason == .uncaughtSignal
                ? 128 + process.terminationStatus : process.terminationStatus
            return Result(
                status: status, output: try Data(contentsOf: outputFile), errors: errors)
        }

        /// Waits until `condition` holds; the limit only ends a test that has failed.
        func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
            for _ in 0..<3_000 {
                if try condition() { return }
                usleep(10_000)
            }
            process.terminate()
            throw Unmet(what: what, errors: errors)
        }
    }

    struct Unmet: Error {
        let what: String
        let errors: String
    }

    /// Runs the binary to its end with `input` on stdin.
    static func run(
        _ arguments: String..., in directory: Scratch, input: Data = Data(), tool: String = "weir"
    ) throws -> Result {
        let file = directory.fresh("stdin")
        try input.write(to: file)
        let running = try Running(
            arguments, in: directory, tool: tool, input: try FileHandle(forReadingFrom: file))
        return try running.wait()
    }
}

/// A directory of its own for one test, removed at the end.
final class Scratch {
    let url: URL
    private let directory: TemporaryDirectory
    private var count = 0

    init() throws {
        directory = try TemporaryDirectory(inMemory: false)
        url = URL(fileURLWithPath: directory.path)
    }

    var data: String { url.appendingPathComponent("data").path }

    func fresh(_ name: String) -> URL {
        count += 1
        return url.appendingPathComponent("\(name)-\(count)")
    }

    func write(_ name: String, _ text: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

/// Bytes as lines, without their newlines, sorted.
func sortedLines(_ data: Data) -> [Data] {
    var lines = data.split(separator: 10, omittingEmptySubsequences: false).map { Data($0) }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.sorted { $0.lexicographicallyPrecedes($1) }
}

/// The sample logs that the project ships.
func sampleLog(_ name: String) throws -> Data {
    Data(try Checkout.bytes("sample-logs/\(name).ndjson"))
}
