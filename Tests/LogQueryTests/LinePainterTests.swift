import LogBytes
import LogRecords
import Testing

@testable import LogQuery

/// What stands out in a line, and what of it a terminal is not to see.
@Suite struct LinePainterTests {
    private func painted(
        _ query: String, _ line: [UInt8], level: LogLevel = .info, raw: [String] = [],
        escapes: Bool = false
    ) throws -> String {
        var query = try QueryParser.parse(query, now: 0)
        if !raw.isEmpty { query.raw = try RawFilter(raw) }
        var style = OutputStyle()
        style.highlights = Highlights(query)
        style.escapes = escapes
        var out = ByteWriter(capacity: 64)
        line.withView { LinePainter(style).append($0, level: level, into: &out) }
        return out.view.text.replacing("\u{1B}[1;7m", with: "<").replacing("\u{1B}[0m", with: ">")
    }

    private func painted(_ query: String, _ line: String, raw: [String] = []) throws -> String {
        try painted(query, Array(line.utf8), raw: raw)
    }

    @Test func whatAQueryLooksForStandsOut() throws {
        func check(_ query: String, _ line: String, _ want: String, raw: [String] = []) throws {
            #expect(try painted(query, line, raw: raw) == want, "\(query)")
        }
        try check("timeout", "a timeout timeouts", "a <timeout> timeouts")
        try check("a:foo b:=bar", "foo bar baz", "<foo> <bar> baz")
        try check("a or b", "a b c", "<a> <b> c")
        try check("!a b", "a b", "a <b>")
        try check("x:~\"b+\"", "abbbc", "a<bbb>c")
        try check("x:~\"bb\"", "abbbc", "a<bb>bc")
        try check("i(Foo)", "a FOO", "a <FOO>")
        try check("*", "abc", "abc")
        try check("*", "abcd", "a<bc>d", raw: ["b", "bc"])
        try check("ab", "ab abc", "<ab> <abc>", raw: ["abc"])
        try check("_class:debug a", "debug a", "debug <a>")
        try check("level:in(WARN,ERROR)", "WARN", "<WARN>")
    }

    @Test func levelsAreColours() throws {
        func check(_ level: LogLevel, _ want: String) throws {
            #expect(try painted("x", Array("x".utf8), level: level) == want)
        }
        try check(.info, "<x>")
        try check(.error, "\u{1B}[31m<x>\u{1B}[31m>")
        try check(.debug, "\u{1B}[2m<x>\u{1B}[2m>")
        try check(.critical, "\u{1B}[1;31m<x>\u{1B}[1;31m>")
    }

    @Test func brokenBytesAreShown() throws {
        let line: [UInt8] = [0x61, 0xFF, 0x62, 0xC3, 0xA9, 0x0A]
        #expect(try painted("x", line, escapes: true) == "a\\xffbé\\n")
    }
}
