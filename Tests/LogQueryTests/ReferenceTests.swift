import LogBytes
import TestSupport
import Testing

@testable import LogQuery
@testable import LogRecords

/// Holds the reference of the language against the code, so that neither falls behind the other.
@Suite struct ReferenceTests {
    /// The day after the newest sample line: 2026-11-22T00:00:00Z.
    private static let now: Int64 = 1_795_305_600 * Timestamp.second

    private let page: ReferencePage

    init() throws {
        let pages = ["QueryLanguage", "QueryPipes", "QueryStatistics"]
        page = ReferencePage(
            try pages.map { try Checkout.text("Sources/LogQuery/LogQuery.docc/\($0).md") }
                .joined(separator: "\n"))
    }

    private func names(in section: String) -> [String] {
        page.rows.filter { $0.section == section }.flatMap { $0.code("name") }
    }

    // MARK: Names

    @Test func everyRegistryIsDocumented() {
        func check(_ kind: String, _ names: [String], _ registry: [String]) {
            #expect(!registry.isEmpty)
            #expect(names.sorted() == registry.sorted(), "\(kind)")
        }
        func names(_ title: String) -> [String] { page.rows.flatMap { $0.code(title) } }
        check("filters", self.names(in: "Named filters"), FilterFunction.all.flatMap(\.names))
        check("pipes", names("pipe"), PipeSyntax.all.flatMap(\.names))
        check("functions", names("function"), StatisticsFunction.all.flatMap(\.names))
        check("math", names("math"), MathFunction.allCases.map { "\($0.rawValue)" })
        check("styles", names("style"), FormatStyle.allCases.map(\.rawValue))
        check(
            "outputs", self.names(in: "Outputs and exit status"), OutputFormat.all.map(\.name))
    }

    /// Their names in logs are documented with the records.
    @Test func everyCanonicalFieldIsDocumented() {
        for field in CanonicalField.allCases {
            let rows = page.rows.filter { $0.code("canonical") == [field.name] }
            #expect(rows.count == 1, "\(field.name)")
        }
    }

    @Test func limitsAreAsDocumented() {
        let limits: [String: Double] = [
            "QueryParser.queryBytesMax": Double(QueryParser.queryBytesMax),
            "QueryParser.nestingMax": Double(QueryParser.nestingMax),
            "MemoryBudget.bytesMax": Double(MemoryBudget.bytesMax),
            "Quantiles.exactMax": Double(Quantiles.exactMax),
            "Quantiles.relativeError": Quantiles.relativeError,
            "TopPipe.standardLimit": Double(TopPipe.standardLimit),
        ]
        var documented: [String: Double] = [:]
        for row in page.rows {
            for name in row.code("constant") where !name.hasPrefix("JSONLimits.") {
                documented[name] = Double(row.cells[1].prefix { $0 != " " }.filter { $0 != "," })
            }
        }
        #expect(documented == limits)
    }

    // MARK: Queries

    @Test func everyExampleParses() {
        let examples = page.rows.flatMap { $0.code("example") }
        #expect(examples.count > 50)
        for example in examples {
            #expect(throws: Never.self, "\(example)") {
                try QueryParser.parse(example, now: Self.now)
            }
        }
    }

    @Test func everySessionGivesWhatIsShown() throws {
        let store = InMemoryStore()
        for name in ["house", "caddy", "nginx", "postgresql"] {
            try Checkout.bytes("sample-logs/\(name).ndjson").withView {
                store.append($0, arrivalTime: Self.now)
            }
        }
        let sessions = page.sessions.filter { $0.command.hasPrefix("weir query ") }
        #expect(sessions.count >= 5)
        for session in sessions {
            let output = try run(ReferencePage.words(session.command), store)
            if session.output.isEmpty {
                print("SESSION\n$ " + session.command + "\n" + output + "\nEND")
            }
            if !session.output.isEmpty {
                let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
                #expect(lines.map(String.init) == session.output, "\(session)")
            }
        }
    }

    /// What `weir query …` writes, without its last newline.
    private func run(_ words: [String], _ store: InMemoryStore) throws -> String {
        var text = "*"
        var times: [Filter] = []
        var format = OutputFormat.raw
        var newest: Int?
        var rest = words.dropFirst(2)
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else {
                text = word
                continue
            }
            let value = rest.popFirst() ?? ""
            switch word {
            case "-o": format = try #require(OutputFormat.named(value))
            case "-n": newest = try #require(Int(value) as Int?)
            default:
                let sign = try #require(["--since": ">=", "--until": "<"][word], "\(word)")
                times.append(try QueryParser.parseFilter("_time:\(sign)\(value)", now: Self.now))
            }
        }
        do {
            var query = try QueryParser.parse(text, now: Self.now)
            query.filter = .matching(all: times + [query.filter])
            let output = try Output.text(query, store: store, format: format, newest: newest)
            return String(output.split(separator: "\r\n").joined(separator: "\n").trimmedEnd)
        } catch let error as QueryError {
            return "weir: \(error)"
        }
    }

    // MARK: The page's reader

    @Test func cellsAndWords() {
        let page = ReferencePage(
            "## A\n| name | x |\n|---|---|\n| `a`, `b` | `c \\| d` |\n\n```\n$ weir 'q r' -n 2\nout\n```"
        )
        #expect(page.rows.count == 1)
        #expect(page.rows.first?.code("name") == ["a", "b"])
        #expect(page.rows.first?.code("x") == ["c | d"])
        #expect(page.rows.first?.code("y") == [])
        #expect(page.sessions.first?.output == ["out"])
        #expect(ReferencePage.words("weir 'q r' -n 2") == ["weir", "q r", "-n", "2"])
    }
}

extension String {
    /// The text without newlines at its end.
    fileprivate var trimmedEnd: Substring {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
