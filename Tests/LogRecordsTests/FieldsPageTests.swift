import LogBytes
import TestSupport
import Testing

@testable import LogRecords

/// Holds the page of field names against the code.
@Suite struct FieldsPageTests {
    private let page: String

    init() throws {
        page = try Checkout.text("Sources/LogRecords/LogRecords.docc/Fields.md")
    }

    /// The names between backquotes in the table of names, by canonical field.
    private var documented: [String: [String]] {
        var rows: [String: [String]] = [:]
        let section = page.split(separator: "\n## Names\n").dropFirst().first ?? ""
        for line in section.split(separator: "\n") {
            if line.hasPrefix("## ") { break }
            let words = line.split(separator: "`", omittingEmptySubsequences: false)
            guard line.hasPrefix("| `"), words.count > 3 else { continue }
            rows[String(words[1])] = stride(from: 3, to: words.count, by: 2).map {
                String(words[$0])
            }
        }
        return rows
    }

    @Test func everyNameIsDocumented() {
        let rows = documented
        #expect(Set(rows.keys) == Set(CanonicalField.allCases.map(\.name)))
        for alias in CanonicalAlias.byPath.values.joined() {
            // OpenTelemetry's list and PostgreSQL's message are told in words.
            let isTold = alias.path == "attributes" || alias.transform == .postgresDuration
            let names = rows[alias.field.name] ?? []
            #expect(isTold || names.contains(alias.path), "\(alias.field.name): \(alias.path)")
        }
    }

    @Test func everyDocumentedNameIsKnown() {
        for (canonical, names) in documented {
            for name in names where name != "message" && name != "attributes" {
                let isKnown = CanonicalAlias.byPath[name]?.contains { $0.field.name == canonical }
                let isText = name.hasPrefix("duration: ")
                #expect(isText || isKnown == true, "\(canonical): \(name)")
            }
        }
    }

    @Test func everyLevelWordIsKnown() {
        var count = 0
        for line in page.split(separator: "\n") {
            guard let level = LogLevel.allCases.first(where: { line.hasPrefix("| \($0.name) |") })
            else { continue }
            let words = line.prefix { $0 != ";" }
                .split(separator: "`", omittingEmptySubsequences: false)
            for index in stride(from: 1, to: words.count, by: 2) {
                count += 1
                let read = String(words[index]).withView { LogLevel(text: $0) }
                #expect(read == level, "\(words[index])")
            }
        }
        #expect(count > 40)
    }
}
