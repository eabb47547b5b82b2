import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Debian's own `logrotate`, a writer of numbered lines, and a weir that is killed again and again.
@Suite struct LogrotateTests {
    private static func tool(_ name: String) -> String? {
        ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].map { $0 + name }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private static var hasLogrotate: Bool { tool("logrotate") != nil }

    /// Runs a tool to its end; its status.
    @discardableResult
    private static func run(_ name: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(tool(name)))
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// How logrotate makes room.
    enum Mode: String, CaseIterable, Sendable {
        case create = "create\n    compress\n    delaycompress"
        case atOnce = "create\n    compress"
        case copytruncate = "copytruncate\n    compress"
    }

    /// A directory with a log, and all that happens to it.
    private final class Log {
        let directory: String
        let scratch: Scratch
        let mode: Mode
        private var random: SeededGenerator
        private var descriptor: Int32 = -1
        private(set) var written = 0
        private(set) var kills = 0

        init(_ directory: String, _ mode: Mode, seed: UInt64) throws {
            self.directory = directory
            self.mode = mode
            scratch = try Scratch()
            random = SeededGenerator(seed: seed)
            try reopen()
            try Data(
                "\(directory)/app.log {\n    rotate 1000\n    su root root\n    \(mode.rawValue)\n}\n"
                    .utf8
            ).write(to: URL(fileURLWithPath: directory + "/rotate.conf"))
            chmod(directory + "/rotate.conf", 0o644)
            chmod(directory, 0o755)
        }

        deinit { close(descriptor) }

        private func reopen() throws {
            if descriptor >= 0 { close(descriptor) }
            descriptor = open(
                directory + "/app.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            try #require(descriptor >= 0)
        }

        private func write() {
            var text = ""
            for _ in 0...random.below(40) {
                text +=
                    "{\"n\":\(written),\"pad\":\"\(String(repeating: "x", count: random.below(200)))\"}\n"
                written += 1
            }
            // In pieces: a reader sees half lines.
            let bytes = Array(text.utf8)
            let cut = random.below(bytes.count)
            for part in [bytes[..<cut], bytes[cut...]] {
                _ = Array(part).withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
            }
        }

        private func rotate() throws {
            let status = try LogrotateTests.run(
                "logrotate", "-f", "-s", directory + "/state", directory + "/rotate.conf")
            #expect(status == 0)
            // The writer goes on in the old file until it is told.
            if mode == .create, random.below(2) == 0 { write() }
            if mode != .copytruncate { try reopen() }
        }

        private func start() throws -> KilledProcess {
            try KilledProcess(
                [
                    "ingest", "--data", scratch.data, "-q", "--commit-interval", "5", "--file",
                    directory + "/app.log",
                ], log: scratch.url.appendingPathComponent("log").path)
        }

        /// So many kills, with writing and rotation between; then all lines must be there once.
        func live(kills count: Int) throws {
            // It must have read of a file before that is rotated away and packed where it does not look.
            write()
            for _ in 0..<count {
                let weir = try start()
                try waitUntilStored()
                for _ in 0...random.below(6) {
                    write()
                    usleep(useconds_t(random.below(40_000)))
                    if random.below(3) == 0 {
                        try waitUntilStored()
                        // Everything it has read; the rest is in the rotated file.
                        write()
                        try rotate()
                        write()
                    }
                }
                if random.below(3) == 0 { try waitUntilStored() }
                if weir.end(SIGKILL) == 128 + SIGKILL { kills += 1 }
                write()
            }
            let weir = try start()
            try waitUntilStored()
            #expect(weir.end(SIGTERM) == 0)
            #expect(try stored() == Array(0..<written))
        }

        private func stored() throws -> [Int] {
            guard FileManager.default.fileExists(atPath: scratch.data + "/journal") else {
                return []
            }
            let result = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
            return result.output.split(separator: 10).compactMap { line in
                Int(String(decoding: line.dropFirst(5).prefix { $0 != 0x2c }, as: UTF8.self))
            }.sorted()
        }

        /// Waits until every line that is written is stored; the limit only ends a test that has failed.
        private func waitUntilStored() throws {
            for _ in 0..<600 {
                let numbers = try stored()
                try #require(Set(numbers).count == numbers.count, "a line is there twice")
                if numbers.count == written { return }
                usleep(20_000)
            }
            let missing = Set(0..<written).subtracting(try stored()).sorted()
            let log = try String(
                contentsOf: scratch.url.appendingPathComponent("log"), encoding: .utf8)
            Issue.record("missing: \(missing.prefix(20)) of \(written); \(log)")
            throw WeirProcess.Unmet(what: "all lines", errors: log)
        }
    }

    private static let kills =
        ProcessInfo.processInfo.environment["WEIR_ROTATION_KILLS"].flatMap { Int($0) } ?? 6

    @Test(
        .enabled(if: hasLogrotate && getuid() == 0, "logrotate is not installed, or not root"),
        arguments: Mode.allCases)
    func everyLineIsThereOnceInMemory(mode: Mode) throws {
        let directory = try TemporaryDirectory()
        try Log(directory.path, mode, seed: 1).live(kills: Self.kills)
    }

    /// ext4 gives an inode that is free to the next file at once.
    @Test(
        .enabled(if: LoopDisk.isPossible, "no loop device can be mounted here"),
        .enabled(if: hasLogrotate, "logrotate is not installed"), arguments: Mode.allCases)
    func everyLineIsThereOnceOnExt4(mode: Mode) throws {
        let disk = try LoopDisk()
        try Log(disk.path, mode, seed: 2).live(kills: Self.kills)
    }

    /// An ext4 file system in a file, for as long as it is held.
    private final class LoopDisk {
        let path: String
        private let directory: TemporaryDirectory

        static let isPossible = (try? LoopDisk()) != nil

        init() throws {
            directory = try TemporaryDirectory(inMemory: false)
            path = directory.file("mounted")
            let image = directory.file("image")
            let isMade =
                getuid() == 0 && LogrotateTests.tool("mkfs.ext4") != nil
                && FileManager.default.createFile(atPath: image, contents: nil)
                && truncate(image, 64 << 20) == 0 && mkdir(path, 0o755) == 0
            guard isMade, try LogrotateTests.run("mkfs.ext4", "-q", image) == 0,
                try LogrotateTests.run("mount", "-o", "loop", image, path) == 0
            else { throw CocoaError(.fileWriteUnknown) }
            mkdir(path + "/log", 0o755)
        }

        deinit { _ = try? LogrotateTests.run("umount", path) }
    }
}
