import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogQuery

/// The queries in `Cases/*.txt`: each file holds lines, queries over them and what they answer.
@Suite struct CaseTests {
    /// The clock of the cases: 2024-05-02T00:00:00Z.
    static let now: Int64 = 1_714_608_000 * Timestamp.second

    struct Case: CustomStringConvertible, Sendable {
        let file: String
        let number: Int
        let lines: String
        let query: String
        let wanted: [String]

        var description: String { "\(file):\(number): \(query)" }
    }

    @Test(arguments: [
        "filters.txt", "filters-more.txt", "times.txt", "pipes.txt", "fields.txt", "texts.txt",
        "rows.txt", "statistics.txt", "errors.txt",
    ])
    func answers(_ file: String) throws {
        let cases = try Self.read(file)
        #expect(cases.count > 30, "the file was not read")
        for test in cases {
            if let fault = test.wanted.first, fault.hasPrefix("! ") {
                expectFault(test, String(fault.dropFirst(2)))
            } else {
                try expectRows(test)
            }
        }
    }

    private func expectFault(_ test: Case, _ wanted: String) {
        let parts = wanted.split(separator: " ", maxSplits: 1).map(String.init)
        do {
            let query = try QueryParser.parse(test.query, now: Self.now)
            Issue.record("\(test) was read as \(query)")
        } catch {
            #expect(error.message.contains(parts[1]), "\(test): \(error.message)")
            #expect(error.offset == Int(parts[0]), "\(test): \(error.message) at \(error.offset)")
        }
    }

    private func expectRows(_ test: Case) throws {
        let query = try QueryParser.parse(test.query, now: Self.now)
        let again = try QueryParser.parse(query.description, now: Self.now)
        #expect(again == query, "\(test) prints as \(query)")
        // Several blocks, one, and many: the answer does not depend on how lines came in.
        for linesPerBlock in [2, 1_000, 1] {
            let store = InMemoryStore()
            let lines = test.lines.split(separator: "\n")
            for start in stride(from: 0, to: lines.count, by: linesPerBlock) {
                let part = lines[start..<min(start + linesPerBlock, lines.count)]
                part.map { $0 + "\n" }.joined().withView {
                    store.append($0, arrivalTime: Self.now)
                }
            }
            let rows = try Output.rows(query, store: store)
            let wanted = query.pipes.isEmpty ? test.wanted.first ?? "" : ""
            if query.pipes.isEmpty {
                let ids = try Output.rows(
                    try QueryParser.parse(test.query + "\n| fields id", now: Self.now), store: store
                )
                .map { String($0.dropFirst(7).dropLast(2)) }
                #expect((ids.isEmpty ? "-" : ids.joined(separator: " ")) == wanted, "\(test)")
            } else {
                #expect(rows == test.wanted, "\(test)")
            }
        }
    }

    private static func read(_ file: String) throws -> [Case] {
        parse(try Checkout.text("Tests/LogQueryTests/Cases/\(file)"), file: file)
    }

    private static func parse(_ text: String, file: String) -> [Case] {
        var cases: [Case] = []
        var lines = ""
        var isInLines = false
        var open: (number: Int, query: String, wanted: [String])?
        func close() {
            guard let done = open else { return }
            cases.append(
                Case(
                    file: file, number: done.number, lines: lines, query: done.query,
                    wanted: done.wanted))
            open = nil
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line == "@lines" {
                close()
                lines = ""
                isInLines = true
            } else if line == "@end" {
                isInLines = false
            } else if isInLines {
                lines += line + "\n"
            } else if line.hasPrefix(">") {
                close()
                open = (index + 1, String(line.dropFirst(2)), [])
            } else if !line.isEmpty, !line.hasPrefix("#") {
                open?.wanted.append(String(line))
            }
        }
        close()
        return cases
    }
}

/// What an output writes.
enum Output {
    static func text(
        _ query: Query, store: InMemoryStore, format: OutputFormat = .json, newest: Int? = nil,
        width: Int? = nil
    ) throws -> String {
        var bytes: [UInt8] = []
        let sink = format.makeSink(OutputOptions(fields: query.outputFields, width: width)) {
            bytes += Array($0)
        }
        _ = try QueryExecutor.run(query, store: store, newest: newest, into: sink)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func rows(_ query: Query, store: InMemoryStore, newest: Int? = nil) throws -> [String] {
        try text(query, store: store, newest: newest).split(separator: "\n").map(String.init)
    }
}
