import Foundation
import TestSupport
import Testing

@Suite struct TopLevelTests {
    /// What a reader meets first; a new name here is a decision.
    private static let agreed: Set = [
        "Package.swift", "Sources", "Tests", "Benchmarks", "sample-logs", "retention.conf",
        "alerts.yaml", "README.md", "Makefile", "LICENSE",
    ]

    private func strangers(_ paths: [String]) -> Set<String> {
        let names = paths.compactMap { $0.split(separator: "/").first.map(String.init) }
        return Set(names.filter { !$0.hasPrefix(".") }).subtracting(Self.agreed)
    }

    @Test func theTopLevelHoldsOnlyWhatWasAgreed() throws {
        guard let paths = try tracked() else {
            print("SKIPPED: git does not know this checkout")
            return
        }
        #expect(paths.count > 50)
        #expect(strangers(paths) == [])
    }

    @Test func strangersAreFound() {
        #expect(strangers(["notes.txt", "Sources/a.swift", ".ci/run"]) == ["notes.txt"])
        #expect(strangers(["docs/a/b.md", "Makefile"]) == ["docs"])
    }

    /// The paths under version control, or nil where git or its data is missing.
    private func tracked() throws -> [String]? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["git", "-C", Checkout.root.path, "ls-files"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
