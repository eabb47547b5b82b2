import Foundation
import LogBytes
import LogQuery
import TestSupport

/// Debian's grep: what `-g` is held against.
struct GrepOracle {
    /// Lines without their newlines.
    let lines: [[UInt8]]
    private let file: URL
    private let directory: TemporaryDirectory

    init(lines: [[UInt8]]) throws {
        self.lines = lines
        directory = try TemporaryDirectory(inMemory: true)
        file = URL(fileURLWithPath: directory.path + "/lines")
        try Data(lines.flatMap { $0 + [10] }).write(to: file)
    }

    /// The numbers of the lines that grep finds, from 0; nil when it refuses the pattern.
    func matches(_ patterns: [String], _ options: RawFilter.Options) throws -> [Int]? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        var arguments = ["LC_ALL=C.UTF-8", "grep", "-an", options.isFixed ? "-F" : "-E"]
        if options.wholeWords { arguments.append("-w") }
        if options.ignoresCase { arguments.append("-i") }
        if options.isInverted { arguments.append("-v") }
        arguments += patterns.flatMap { ["-e", $0] }
        process.arguments = arguments + ["--", file.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus > 1 { return nil }
        return data.split(separator: 10).compactMap { line in
            line.firstIndex(of: UInt8(ascii: ":")).flatMap {
                Int(String(decoding: line[..<$0], as: UTF8.self)).map { $0 - 1 }
            }
        }
    }

    /// The numbers of the lines that a filter finds; nil when it refuses the pattern.
    func found(_ patterns: [String], _ options: RawFilter.Options) -> [Int]? {
        guard let filter = try? RawFilter(patterns, options: options) else { return nil }
        return lines.indices.filter { number in lines[number].withView { filter.matches($0) } }
    }

    /// How the filter's answer differs from grep's, shortly; empty when it does not.
    func difference(_ pattern: String, _ options: RawFilter.Options) throws -> String {
        func some(_ numbers: Set<Int>) -> String {
            numbers.sorted().prefix(6).map {
                "\($0):\(lines[$0].withView(\.text).debugDescription)"
            }
            .joined(separator: " ")
        }
        let want = try matches([pattern], options)
        let got = found([pattern], options)
        if got == want { return "" }
        guard let want else { return "grep refuses it" }
        guard let got else { return "it is refused" }
        return "too many: \(some(Set(got).subtracting(want))); "
            + "missing: \(some(Set(want).subtracting(got)))"
    }
}
