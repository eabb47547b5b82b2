import Foundation
import TestSupport
import Testing

/// One file of the checkout.
struct SourceFile {
    /// The path from the package's folder, `Sources/LogBytes/Hex.swift`.
    let path: String
    /// The whole text.
    let text: String

    /// Every Swift file below `folder`.
    static func all(in folder: String) throws -> [SourceFile] {
        let base = Checkout.root.appending(path: folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path)
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            try file("\(folder)/\(path)")
        }
    }

    /// The file at `path`.
    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try Checkout.text(path))
    }

    /// The target that the file belongs to: the folder below `Sources` or `Tests`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// Whether the file belongs to a library, which never prints or exits.
    var isLibrary: Bool { path.hasPrefix("Sources/") && !Self.programs.contains(target) }

    private static let programs: Set = ["weir", "weir-samples"]

    /// The lines without their comments. Strings stay, so that a message can be looked at.
    var code: [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var isInString = false
            var before: Character = " "
            for index in line.indices {
                let character = line[index]
                if character == "\"", before != "\\" { isInString.toggle() }
                if !isInString, line[index...].hasPrefix("//") { return line[..<index] }
                before = character
            }
            return line
        }
    }

    /// The lines without comments and without what stands in strings.
    var bareCode: [String] {
        code.map { String($0.replacing(/"(\\.|[^"\\])*"/, with: "\"\"")) }
    }
}

/// Something that breaks a rule, and where.
struct Finding: Hashable, CustomStringConvertible {
    let path: String
    /// The line, counted from 1; 0 for the whole file.
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

/// Records each finding as an issue of its own, so that all can be fixed in one go.
func expectNone(_ findings: [Finding], location: SourceLocation = #_sourceLocation) {
    for finding in findings { Issue.record("\(finding)", sourceLocation: location) }
}
