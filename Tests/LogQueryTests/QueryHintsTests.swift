import LogBytes
import LogRecords
import Testing

@testable import LogQuery

/// What is said to those who found nothing, and what is not.
@Suite struct QueryHintsTests {
    private let store: InMemoryStore

    init() {
        store = InMemoryStore()
        """
        {"timestamp":"2024-05-01T10:00:00Z","level":"ERROR","message":"a","http":{"status_text":"ok"},"took":5}

        """.withView { store.append($0, arrivalTime: CaseTests.now) }
    }

    private func hints(_ query: String) throws -> [String] {
        try QueryHints(QueryParser.parse(query, now: CaseTests.now), store: store).texts
    }

    @Test func unknownFields() throws {
        #expect(
            try hints("levle:ERROR") == [
                "no record in the range has a field 'levle'; did you mean 'level'?"
            ])
        #expect(
            try hints("status_text:bad") == [
                "no record in the range has a field 'status_text'; did you mean 'http.status_text'?"
            ])
        #expect(
            try hints("* | filter zzzzzz:1 | fields took") == [
                "no record in the range has a field 'zzzzzz'"
            ])
        // Canonical names, special fields and fields that a pipe makes are known.
        #expect(try hints("service:x") == [])
        #expect(try hints("_class:x _time:2024") == [])
        #expect(try hints("took:9") == [])
        #expect(try hints("* | format \"x\" as made | fields made") == [])
        // Nothing is known of a range without records.
        #expect(try hints("levle:x _time:2020") == [])
    }

    @Test func comparisons() throws {
        #expect(
            try hints("level=FATAL") == [
                "'level=FATAL' is searched for in the message; did you mean level:FATAL (the word) "
                    + "or level:=FATAL (the whole value)?"
            ])
        #expect(try hints("took>7")[0].contains("took:>7"))
        #expect(try hints("level='FATAL'")[0].contains("level:=FATAL (the whole value)"))
        #expect(try hints("took > 7")[0].contains("as in took:>100"))
        // What joins the conditions is wrong, not the case of the level.
        #expect(
            try hints("level:error && timeout") == [
                "'&&' is searched for in the message; conditions side by side are joined by 'and'"
            ])
        #expect(try hints("x=y") == [])
    }

    @Test func pipesAndLevels() throws {
        #expect(
            try hints("nothing limit 5") == [
                "'limit' is searched for in the message; a pipe stands behind '|'"
            ])
        #expect(
            try hints("level:error") == [
                "words are compared in their case: level:i(error) finds any, level:>=error this "
                    + "severity and worse"
            ])
        #expect(try hints("level:nonsense") == [])
    }
}
