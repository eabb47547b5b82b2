import Testing

/// The reader that judges weir's metrics refuses what a server refuses.
@Suite struct ExpositionTests {
    @Test func goodTextIsRead() throws {
        let text = try Exposition(
            """
            # HELP a_total Some help.
            # TYPE a_total counter
            a_total{x="q\\"b\\\\n\\nend",y=""} 3
            a_total 1.5e+3
            # HELP h Time.
            # TYPE h histogram
            h_bucket{le="+Inf"} 2
            h_sum 0.25
            h_count 2

            """)
        #expect(text.families.map(\.name) == ["a_total", "h"])
        #expect(text["a_total"]?.help == "Some help.")
        #expect(text.value("a_total", ["x": "q\"b\\n\nend", "y": ""]) == 3)
        #expect(text.value("a_total") == 1_500)
        #expect(text.value("h_bucket", ["le": "+Inf"]) == 2)
        #expect(try Exposition("").families.isEmpty)
    }

    @Test func badTextIsRefused() {
        func check(_ text: String, _ want: String) {
            do {
                _ = try Exposition(text)
                Issue.record("accepted: \(text)")
            } catch {
                #expect("\(error)".hasPrefix(want), "\(error)")
            }
        }
        let family = "# HELP a A.\n# TYPE a counter\n"
        check(family + "a 1", "the last line has no end")
        check("a 1\n", "a sample outside of its family")
        check(family + "b 1\n", "a sample outside of its family")
        check(family + "a 1\na 2\n", "a series again")
        check(family + family, "a family again")
        check("# TYPE a counter\n", "TYPE without its HELP")
        check(family + "a{x=\"1\",x=\"2\"} 1\n", "a label again")
        check(family + "a{x=\"1} 1\n", "a value without an end")
        check(family + "a{x=\"\\t\"} 1\n", "an escape that does not exist")
        check(family + "a{1=\"1\"} 1\n", "no name")
        check(family + "a{x=\"1\"}\n", "no value")
        check(family + "a one\n", "no value")
        check(family + "# HELP b B.\n", "HELP at the end")
    }
}
