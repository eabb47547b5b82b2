import LogBytes
import TestSupport
import Testing

@testable import LogQuery

/// `-g` finds the lines that `grep -E` finds in the original file.
@Suite struct RawFilterTests {
    private static func sampleLines() throws -> [[UInt8]] {
        try ["house", "caddy", "nginx", "postgresql"].flatMap { name in
            try Checkout.bytes("sample-logs/\(name).ndjson").split(separator: 10).map { Array($0) }
        }
    }

    private func options(_ flags: String) -> RawFilter.Options {
        var options = RawFilter.Options()
        options.isFixed = flags.contains("F")
        options.wholeWords = flags.contains("w")
        options.ignoresCase = flags.contains("i")
        options.isInverted = flags.contains("v")
        return options
    }

    @Test func sampleLogsAsGrep() throws {
        // Every sixth line: builds for debugging are slow.
        let lines = try Self.sampleLines().enumerated().filter { $0.offset % 6 == 0 }.map(\.element)
        let oracle = try GrepOracle(lines: lines)
        let patterns = [
            "timeout", "", ".", "^", "$", "ERROR|WARN", "code [45][0-9]{2}", "\"level\":\"E",
            "status_code\":5..,", "duration_ms\":[0-9]{4,}", "[^ -~]", "^\\{\"ts\"", "\\}$",
            "user_(1|2)[0-9]*\"", "a.*b.*c.*d", "(GET|POST) /api/v[0-9]+/[a-z]+", "\\bfail",
            "\\<user\\>", "\\<log", "gin\\>", "\\Bser\\B", "\\w+@\\w+", "\\W\\W\\W\\W",
            "\\s\\S+\\s",
            "[[:upper:]]{5}", "[[:digit:]]{9}", "[[:alpha:]_]+_ms", "[[:space:]]{2}",
            "[[:punct:]]{6}",
            "x{0}y", "(ab|a)(c|bcd)", "level\":\"(INFO|DEBUG)\".*service\":\"[a-m]", "é|ü|ß",
            "time(out|d out)", "10\\.[0-9]+\\.0\\.", "0{3,5}", "a{1", "^.{0,180}$", "^.{400,}$",
            ",\"message\":\"[^\"]*retry", "[]]", "[^]]$", "[\\]", "null|true|false", "5[0-9][0-9],",
        ]
        var found = 0
        for pattern in patterns {
            for flags in ["", "i", "w", "v", "iw", "Fiw"] {
                let want = try oracle.matches([pattern], options(flags))
                #expect(oracle.found([pattern], options(flags)) == want, "-\(flags) \(pattern)")
                found += want?.count ?? 0
            }
        }
        #expect(found > 20_000, "the patterns find too little to prove anything")
    }

    /// Lines and patterns in which every oddity of the two languages meets.
    @Test func oddPatternsAsGrep() throws {
        let texts = [
            "", "a", "b", "ab", "abc", "aab", "ABC", "a b", " a ", "a-b", "a_b", "foo bar", "fooo",
            "{", "a{1", "{1}", "a}", "a)", "(a", "]", "[a]", "\\", "^", "$", "a^b", "a$b", "*", "+",
            "d", "\t", "é", "É", "aéb", "ａ", "b\u{301}", "٣b", "²", "ſ", "K", "\u{212A}", "ß", "ẞ",
            "ı", "İ", "Σσς", "ⓐ①", "日本語", "日本 語", "\u{2003}", "\u{A0}", "\u{2028}", "😀", "x😀y",
            "a\u{0}b", "aaaa", "aaaaaa", "user=é1", "1é", "_é_", "\u{FEFF}a", "Ⅷ", "ǅ", "µ",
        ]
        let broken: [[UInt8]] = [
            [0xFF], [0x61, 0xFF, 0x62], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80],
            [0xC3], [0x61, 0xC3], [0xA9, 0x61], [0xE0, 0x80, 0xAF], [0x61, 0x62, 0xFF],
        ]
        let oracle = try GrepOracle(lines: texts.map { Array($0.utf8) } + broken)
        let patterns = [
            "a", "b", "^a", "a$", "^$", "^.$", "^..$", "^...$", "[^a]", "^[^a]*$", "a.b", "a[^x]b",
            "*a", "a|*b", "(*a)", "+", "^*a", "^{1}a$", "{1}", "{", "a{1", "a{,2}$", "a{,}",
            "a{2}{2}",
            "a**", "a|", "|", "a||b", "()", "(|a)b", "a)", "\\d", "\\.", "\\{", "a\\$b", "a^b",
            "a$b",
            "[]]", "[^]]", "[a-]", "[]a-c]", "[[.a.]]", "[[=a=]b]", "[[:alpha:]]", "[^[:alpha:]]",
            "[[:alnum:]]$", "[[:upper:]]", "[[:lower:]]", "[[:space:]]", "[[:blank:]]",
            "[[:digit:]]",
            "[[:cntrl:]]", "[[:xdigit:]]", "\\w", "\\W", "\\s", "\\S", "\\b", "\\B", "\\<", "\\>",
            "\\<a", "a\\>", "\\<.", ".\\>", "\\>.", ".\\<", "\\bé", "é\\b", "\\wb", "\\Wb", "a\\Bb",
            "(^|x)a", "(^a|b$)", "a(b|^c)", "[a-c]", "[àé]", "[k]", "k", "s", "S", "i", "I",
            "ß", "σ", "ς", "ǆ", "é", "É", "日", "本$", "😀", "x.y", "o*", "o+|bar", "(a|ab)(c|bcd)?",
            "a{0}", "a{3}", "a{3,4}$", "(a{2}){2,3}", "^(a?){4}$", "a b", "foo", "foo.bar", "oo",
            "_",
            "\\`a", "b\\'", "a\nb", "^a\n^b", "[\\n]", "[a\\]", "\\\\", "a\\{1", "x*", "$a", "a^",
            "^^a",
        ]
        // With -w grep itself is at odds with its manual on these: empty matches inside characters, operators on nothing,
        // and brackets that close its own.
        let withoutWords: Set = [
            "*a", "a|*b", "(*a)", "+", "^*a", "^{1}a$", "{1}", "{", "a{,}", "a**", "a|", "|",
            "a||b",
            "()", "(|a)b", "a)", "\\d", "a{0}", "o*", "x*", "^(a?){4}$", "", "^^a", "$a", "a^",
        ]
        for pattern in patterns {
            for flags in ["", "i", "w", "v", "iw", "F", "Fi", "Fw"] {
                if flags.contains("w"), withoutWords.contains(pattern) { continue }
                let difference = try oracle.difference(pattern, options(flags))
                #expect(difference == "", "-\(flags) \(pattern)")
            }
        }
    }

    @Test func randomPatternsAsGrep() throws {
        var generator = SeededGenerator(seed: 20_250_118)
        let letters = ["a", "b", "_", " ", "é", "日", "-", "A", "\u{0}", "ſ", "\"", "1"]
        let lines = (0..<150).map { _ -> [UInt8] in
            (0..<Int.random(in: 0...8, using: &generator)).flatMap { _ -> [UInt8] in
                if Int.random(in: 0..<25, using: &generator) == 0 { return [0xC3] }
                return Array(generator.pick(letters).utf8)
            }
        }
        let oracle = try GrepOracle(lines: lines)
        let pieces = [
            "a", "b", "é", "日", "_", " ", ".", "[ab]", "[^a]", "\\w", "\\W", "\\<", "\\>", "\\b",
            "\\B",
            "^", "$", "(a|b)", "(a", ")", "|", "*", "+", "?", "{2}", "{1,2}", "[[:alpha:]]", "\\s",
            "-",
        ]
        for _ in 0..<600 {
            let pattern = (0..<Int.random(in: 1...6, using: &generator))
                .map { _ in generator.pick(pieces) }.joined()
            // grep reads operators on assertions, and intervals behind operators or nothing, in ways of its own, and with -w empty matches and stray brackets.
            if pattern.contains(/(\\[<>bB]|\^|\$)[*+?{]|(^|[(|*+?}]){/) { continue }
            var flags = generator.pick(["", "", "i", "w", "iw", "v"])
            if let filter = try? RawFilter(["^(" + pattern + ")$"]),
                ByteView.empty.isMatched(by: filter) || pattern.contains(")")
            {
                flags = flags.filter { $0 != "w" }
            }
            let difference = try oracle.difference(pattern, options(flags))
            #expect(difference == "", "-\(flags) \(pattern)")
        }
    }

    @Test func whatIsNoPatternIsRefusedWithItsPlace() {
        func refuse(_ pattern: String, _ message: String, at offset: Int) {
            do throws(QueryError) {
                _ = try RawFilter([pattern])
                Issue.record("\(pattern) is taken")
            } catch {
                #expect(error.message.contains(message), "\(error.message)")
                #expect(error.offset == offset, "\(pattern)")
            }
        }
        refuse("(a", "this ( has no )", at: 0)
        refuse("a[b", "this [ has no ]", at: 1)
        refuse("a\\", "a backslash at the end", at: 1)
        refuse("é(a)\\1", "\\1 is a back-reference", at: 5)
        refuse("[b-a]", "ends before it begins", at: 1)
        refuse("[[:foo:]]", "there is no class [:foo:]", at: 1)
        refuse("[:space:]", "[[:space:]]", at: 0)
        refuse("a{2,1}", "ends before it begins", at: 1)
        refuse("a{40000}", "more than 32767", at: 1)
        refuse("((a{200}){200}){200}", "too large", at: 0)
        refuse(String(repeating: "(", count: 300), "200 deep", at: 200)
    }

    @Test func lettersThatArePassedOverAreTold() throws {
        #expect(try RawFilter(["\\d+"]).notes.count == 1)
        #expect(try RawFilter(["\\d+"]).notes.first?.contains("[0-9]") == true)
        #expect(try RawFilter(["\\.\\w\\s"]).notes.isEmpty)
    }

    @Test func literalsThatALineMustContain() throws {
        func check(_ pattern: String, _ want: [[String]], _ flags: String = "") throws {
            let filter = try RawFilter([pattern], options: options(flags))
            let got = filter.requiredLiterals.map { $0.map { String(decoding: $0, as: UTF8.self) } }
            #expect(got == want, "\(pattern)")
        }
        try check("abc", [["abc"]])
        try check("foo(bar|baz+)qux", [["foobarqux"], ["foobaz", "qux"]])
        try check("a.*b", [["a", "b"]])
        try check("code [45][0-9]{2}\"", [["code ", "\""]])
        try check("a?b", [["b"]])
        try check("(abc)+d", [["abc", "d"]])
        try check("a|b|", [])
        try check("[ab]", [])
        try check("abc", [], "v")
        try check("abc", [], "i")
        try check("\\<abc\\>", [["abc"]])
        try check("a.c", [["a.c"]], "F")
        try check("abc", [["abc"]], "w")
    }

    @Test func matchesAreFoundToBeShown() throws {
        func check(_ pattern: String, _ line: String, _ want: Range<Int>?, _ flags: String = "")
            throws
        {
            let filter = try RawFilter([pattern], options: options(flags))
            #expect(line.withView { filter.firstMatch(in: $0, from: 0) } == want, "\(pattern)")
        }
        try check("b+", "abbbc", 1..<4)
        try check("a|ab", "xab", 1..<3)
        try check("b", "ab b", 3..<4, "w")
        try check("b", "éb b", 4..<5, "w")
        try check("é", "abé", 2..<4)
        try check("z", "abc", nil)
        try check("b", "abc", nil, "v")
    }

    @Test func aPatternOfTenKilobytes() throws {
        let words = (0..<1_500).map { "word\($0)" }
        let filter = try RawFilter(["(" + words.joined(separator: "|") + ")$"])
        #expect("a word77".withView { filter.matches($0) })
        #expect(!"a word77 and".withView { filter.matches($0) })
    }
}

extension ByteView {
    fileprivate func isMatched(by filter: RawFilter) -> Bool { filter.matches(self) }
}
