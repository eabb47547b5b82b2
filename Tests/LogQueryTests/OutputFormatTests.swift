import LogBytes
import LogRecords
import Testing

@testable import LogQuery

/// The outputs, byte for byte.
@Suite struct OutputFormatTests {
    private let now = CaseTests.now

    private func output(
        _ format: OutputFormat, _ query: String, _ lines: [String], width: Int? = nil
    ) throws -> String {
        let store = InMemoryStore()
        (lines.joined(separator: "\n") + "\n").withView { store.append($0, arrivalTime: now) }
        return try Output.text(
            QueryParser.parse(query, now: now), store: store, format: format, width: width)
    }

    private let lines = [
        #"{"timestamp":"2024-05-01T10:00:00.120Z", "level":"INFO","message":"say \"hi\", you"}"#,
        #"{"level":"WARN","message":"two\nlines","n":5}"#,
        "plain",
    ]

    @Test func raw() throws {
        #expect(try output(.raw, "*", lines) == lines.map { $0 + "\n" }.joined())
        #expect(try output(.raw, "* | count() n", lines) == "{\"n\":\"3\"}\n")
        #expect(
            try output(.raw, "n:5 | fields n, level", lines) == "{\"n\":\"5\",\"level\":\"WARN\"}\n"
        )
    }

    @Test func json() throws {
        #expect(
            try output(.json, "*", lines) == """
                {"_time":"2024-05-01T10:00:00.12Z","_msg":"say \\"hi\\", you","_class":"production",\
                "level":"INFO","message":"say \\"hi\\", you","timestamp":"2024-05-01T10:00:00.120Z"}
                {"_time":"2024-05-02T00:00:00Z","_msg":"two\\nlines","_class":"production",\
                "level":"WARN","message":"two\\nlines","n":"5"}
                {"_time":"2024-05-02T00:00:00Z","_msg":"plain","_class":"production"}

                """)
    }

    @Test func csv() throws {
        #expect(
            try output(.csv, "* | fields level, _msg, n", lines)
                == "level,_msg,n\r\nINFO,\"say \"\"hi\"\", you\",\r\nWARN,\"two\nlines\",5\r\n"
                + ",plain,\r\n")
        #expect(try output(.csv, "nothing | fields a, b", lines) == "a,b\r\n")
        #expect(try output(.csv, "plain", lines).hasPrefix("_time,_msg,_class\r\n"))
    }

    @Test func table() throws {
        #expect(
            try output(.table, "* | fields level, n, _msg", lines) == """
                level  n  _msg
                -----  -  -------------
                INFO      say "hi", you
                WARN   5  two\\nlines
                          plain

                """)
        #expect(
            try output(.table, "* | fields level, _msg", lines, width: 16) == """
                level  _msg
                -----  ---------
                INFO   say "hi"…
                WARN   two\\nlin…
                       plain

                """)
    }

    /// A field that only a late row has is not lost.
    @Test func lateFields() throws {
        let many = (0..<1_200).map { "{\"a\":\($0)}" } + [#"{"a":1,"late":"x,\"y"}"#]
        let text = try output(.csv, "*", many)
        #expect(text.hasPrefix("_time,_class,a,…\r\n"))
        #expect(text.hasSuffix(",1,\"{\"\"late\"\":\"\"x,\\\"\"y\"\"}\"\r\n"))
    }

    @Test func terminalText() {
        func expect(_ text: String, _ wanted: String) {
            #expect(TerminalText.escaped(text) == wanted)
        }
        expect("plain für 日本", "plain für 日本")
        expect("\u{1B}[31mred", "\\x1b[31mred")
        expect("a\nb\tc\r", "a\\nb\\tc\\r")
        expect("\u{9B}31m\u{7F}\u{0}", "\\x9b31m\\x7f\\x00")
        expect("x\u{202E}fdp", "x\\u{202e}fdp")
        expect("a\u{200B}b\u{FEFF}", "a\\u{200b}b\\u{feff}")
        #expect(TerminalText.width("日本 x") == 6)
        #expect(TerminalText.cut("abcdef", to: 4) == "abc…")
    }

    @Test func names() {
        #expect(OutputFormat.named("json")?.name == "json")
        #expect(OutputFormat.named("jsn") == nil)
        #expect(OutputFormat.nearest(to: "jsn") == "json")
    }

    @Test func numbers() {
        func expect(_ value: Double, _ wanted: String) {
            var out = ByteWriter(capacity: 8)
            NumberFormat.append(value, into: &out)
            #expect(out.view.text == wanted)
        }
        expect(0, "0")
        expect(-5, "-5")
        expect(0.1, "0.1")
        expect(2670.5, "2670.5")
        expect(1e15, "1000000000000000")
        expect(1e20, "100000000000000000000")
        expect(1.5e-7, "0.00000015")
        expect(-2.5e16, "-25000000000000000")
        expect(.nan, "NaN")
        expect(.infinity, "+Inf")
    }
}
