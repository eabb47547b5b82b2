import Foundation
import TestSupport
import Testing

/// The tests that a page names are there.
@Suite struct NamedTestsTests {
    private static let page = "Sources/LogAlerting/LogAlerting.docc/FiveSystems.md"

    /// The names in the last column of the tables, in backticks: `Suite` or `Suite.test`.
    static func names(_ text: String) -> [(line: Int, name: String)] {
        var result: [(Int, String)] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        where line.hasPrefix("| C |") || line.hasPrefix("| A |") || line.hasPrefix("| O |") {
            // A bar in a cell is escaped.
            let cells = line.replacing("\\|", with: "/").split(
                separator: "|", omittingEmptySubsequences: false)
            guard cells.count == 6 else {
                result.append((number + 1, "a row with five bars"))
                continue
            }
            for (index, part) in cells[4].split(
                separator: "`", omittingEmptySubsequences: false
            ).enumerated() where index % 2 == 1 {
                result.append((number + 1, String(part)))
            }
        }
        return result
    }

    /// Whether one of `files` has the suite, and the test in it.
    static func exists(_ name: String, in files: [String]) -> Bool {
        let parts = name.split(separator: ".")
        return files.contains { text in
            guard text.contains("struct \(parts[0]) {") || text.contains("class \(parts[0]) {")
            else { return false }
            return parts.count == 1 || text.contains("func \(parts[1])(")
        }
    }

    private static func testFiles() throws -> [String] {
        let folder = Checkout.root.appending(path: "Tests")
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var files: [String] = []
        while let file = found?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            files.append(try String(contentsOf: file, encoding: .utf8))
        }
        return files
    }

    @Test func everyTestThatThePageNamesExists() throws {
        let files = try Self.testFiles()
        let names = Self.names(try Checkout.text(Self.page))
        #expect(names.count > 60)
        for (line, name) in names where !Self.exists(name, in: files) {
            Issue.record("\(Self.page):\(line) names `\(name)`, and there is no such test")
        }
    }

    @Test func aNameThatIsNoTestIsFound() {
        let files = ["@Suite struct ATests {\n    @Test func one() {}\n}\n"]
        let names = Self.names("| C | a | `b` \\| c | `ATests.one`, `ATests`, `ATests.two` |\n")
        #expect(names.map(\.name) == ["ATests.one", "ATests", "ATests.two"])
        #expect(names.map { Self.exists($0.name, in: files) } == [true, true, false])
        #expect(!Self.exists("BTests", in: files))
    }
}
