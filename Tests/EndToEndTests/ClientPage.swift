import Foundation
import TestSupport
import Testing

/// The page that tells what to write into the configuration of clients: the tests run what it says.
struct ClientPage {
    private let sections: [String: String]

    init() throws {
        let text = try Checkout.text("Sources/LogSources/LogSources.docc/Clients.md")
        var sections: [String: String] = [:]
        for part in text.components(separatedBy: "\n## ").dropFirst() {
            let heading = part.prefix { $0 != "\n" }
            let pieces = part.components(separatedBy: "```")
            guard pieces.count == 3 else { continue }
            sections[String(heading)] = String(pieces[1].drop { $0 != "\n" }.dropFirst())
        }
        self.sections = sections
    }

    /// The headings of all blocks.
    var headings: Set<String> { Set(sections.keys) }

    /// The block under a heading, with the addresses of a test in the place of those of the page.
    func block(_ heading: String, _ replacements: [String: String]) throws -> String {
        var rest = try #require(sections[heading], "the page has no block `\(heading)`")[...]
        // In one go: the path of a temporary directory may have a port's digits in it.
        var text = ""
        while let first = rest.first {
            if let (old, new) = replacements.first(where: { rest.hasPrefix($0.key) }) {
                text += new
                rest = rest.dropFirst(old.count)
            } else {
                text.append(first)
                rest = rest.dropFirst()
            }
        }
        return text
    }
}

/// Programs that a machine may lack. A test that needs one is skipped, with a line that says so.
enum ClientProgram {
    static let python = Checkout.root.appending(path: ".build/clients/venv/bin/python").path
    static let syslogNG = Checkout.root.appending(path: ".build/clients/syslog-ng").path

    static func path(_ name: String) -> String? {
        ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].map { $0 + name }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Whether all of these are there.
    static func all(_ names: String...) -> Bool {
        names.allSatisfy { $0.hasPrefix("/") ? has($0) : path($0) != nil }
    }

    static let hint: Comment = "a client is missing: `make clients` installs them"
}
