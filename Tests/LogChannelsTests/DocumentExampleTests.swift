import Foundation
import LogAlerting
import LogChannels
import TestSupport
import Testing

/// Every example of the pages about the alert file is read as a user would have it read.
@Suite struct DocumentExampleTests {
    /// An example and where it begins.
    struct Example: CustomTestStringConvertible, Sendable {
        let page: String
        let line: Int
        let text: String

        var testDescription: String { "\(page):\(line)" }

        /// A whole file. One that is a part says of what in its first line.
        var file: String {
            if text.hasPrefix("# part of a file\n") { return text + "groups: []\n" }
            guard text.hasPrefix("# part of a receiver\n") else { return text }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return "groups: []\nreceivers:\n  - name: example\n"
                + lines.map { "    \($0)\n" }.joined()
        }
    }

    private static let pages = [
        "Sources/LogAlerting/LogAlerting.docc/AlertFile.md",
        "Sources/LogChannels/LogChannels.docc/Receivers.md", "README.md",
    ]

    static func examples(_ text: String, _ page: String) -> [Example] {
        var result: [Example] = []
        var open: (line: Int, lines: [Substring])?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if let (start, lines) = open {
                if line == "```" {
                    result.append(
                        Example(
                            page: page, line: start,
                            text: lines.joined(separator: "\n") + "\n"))
                    open = nil
                } else {
                    open?.lines.append(line)
                }
            } else if line == "```yaml" {
                open = (number + 2, [])
            }
        }
        return result
    }

    private static let all: [Example] = pages.flatMap { page in
        (try? Checkout.text(page)).map { examples($0, page) } ?? []
    }

    private static func read(_ text: String) throws(AlertFileError) -> AlertConfiguration {
        try AlertConfiguration.parse(
            text, file: "example.yaml", channels: .all,
            environment: [
                "SMTP_PASSWORD": "secret", "SLACK_WEBHOOK_URL": "https://hooks.slack.com/x",
            ],
            secrets: SecretSource { _ in "https://hooks.slack.com/services/x" },
            zones: ZoneSource { name in
                (try? Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))).map {
                    [UInt8]($0)
                }
            })
    }

    @Test(arguments: all)
    func anExampleIsRight(_ example: Example) throws {
        let found = try Self.read(example.file)
        #expect(found.notes.isEmpty, "\(found.notes)")
        // Nothing of it is left out.
        #expect(
            found.rules.count + found.metrics.count + found.receivers.count
                + found.routing.root.receivers.count > 0)
    }

    @Test func everyPageHasExamplesAndAWrongOneIsFound() throws {
        for page in Self.pages {
            #expect(Self.all.contains { $0.page == page }, "\(page)")
        }
        #expect(Self.all.count >= 10)
        let wrong = Self.examples(
            "x\n```yaml\n# part of a receiver\nslack_config:\n  - channel: '#a'\n```\n", "x.md")
        let error = try #require(throws: AlertFileError.self) {
            try Self.read(try #require(wrong.first).file)
        }
        #expect(error.message.contains("slack_config"))
    }
}
