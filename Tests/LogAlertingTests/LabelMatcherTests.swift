import LogAlerting
import LogBytes
import Testing

@Suite struct LabelMatcherTests {
    @Test func matchersAreReadAsByAmtool() throws {
        func f(_ text: String, _ want: String...) throws {
            #expect(try LabelMatcher.parse(text).map(\.description) == want, "\(text)")
        }
        try f("service=api", #"service="api""#)
        try f(#"severity=~"P0|P1""#, #"severity=~"P0|P1""#)
        try f("severity!~P.*", #"severity!~"P.*""#)
        try f("a != b c ", #"a!="b c""#)
        try f(#"{alertname="down", zone!="a,b"}"#, #"alertname="down""#, #"zone!="a,b""#)
        try f("a=b,c=d,", #"a="b""#, #"c="d""#)
        try f(#""with space"="x\"y\\z\n""#, #""with space"="x\"y\\z\n""#)
        try f(#"path=~"/api/v\d+\.json""#, #"path=~"/api/v\\d+\\.json""#)
        try f("zone=", #"zone="""#)
        #expect(
            try LabelMatcher.parse(arguments: ["down", "service=~a|b", "x=y,z=w"])
                .map(\.description)
                == [#"alertname="down""#, #"service=~"a|b""#, #"x="y""#, #"z="w""#])
    }

    @Test func whatIsNoMatcherIsSaid() {
        func f(_ text: String, _ message: String, at offset: Int) {
            let error = #expect(throws: LabelMatcher.Fault.self) { try LabelMatcher.parse(text) }
            #expect(error?.message.contains(message) == true, "\(text): \(error?.message ?? "")")
            #expect(error?.offset == offset, "\(text)")
        }
        f("", "a matcher is wanted", at: 0)
        f("{}", "a matcher is wanted", at: 2)
        f("service", "one of `=`, `!=`, `=~`, `!~`", at: 7)
        f("=x", "the name of a label", at: 0)
        f(#"a="b"#, "does not end", at: 2)
        f(#"{a="b""#, "`}` is wanted", at: 6)
        f(#"a="b" c="d""#, "separated by commas", at: 6)
        f("a=b}", "unexpected `}`", at: 3)
        f(#"a="b", c=~"(""#, "no regular expression", at: 8)
        f("a=~\"" + String(repeating: "x", count: 10_001) + "\"", "at most 10000 bytes", at: 1)
        f(
            Array(repeating: "a=b", count: 101).joined(separator: ","),
            "more than 100 matchers", at: 400)
    }

    @Test func expressionsMatchAllOfALabel() throws {
        func f(_ matcher: String, _ labels: [String: String], _ want: Bool) throws {
            #expect(try LabelMatcher.parse(matcher).hold(labels) == want, "\(matcher) \(labels)")
        }
        try f("a=b", ["a": "b"], true)
        try f("a=b", ["a": "bb"], false)
        try f("a!=b", [:], true)
        try f("a=", [:], true)
        try f("a=~b|c", ["a": "c"], true)
        try f("a=~b|c", ["a": "cb"], false)
        try f("a=~.*", [:], true)
        try f("a=~.+", [:], false)
        try f("a!~b.*", ["a": "abc"], true)
        try f("a!~b.*", ["a": "bcd"], false)
        try f("a=~b.*,c=d", ["a": "bc", "c": "e"], false)
        try f(#"a=~"x\"y\\\\z""#, ["a": #"x"y\z"#], true)
        // Linear in the text, whatever the pattern.
        try f("a=~(a+)+b", ["a": String(repeating: "a", count: 50_000)], false)
    }

    @Test func shownMatchersAreReadAgain() throws {
        for text in [#"a="b\\\"c\nd""#, #"x=~"[\"]\\d+|\\\\""#, #""a b"!~"c""#, #"ä=~"ö.*""#] {
            let once = try LabelMatcher.parse(text)
            #expect(try LabelMatcher.parse(once.text) == once)
        }
    }

    // MARK: Commands

    @Test func commandsSurviveTheirLines() throws {
        func f(_ action: OperatorCommand.Action) throws {
            let command = OperatorCommand(
                id: "id-1", time: 1_767_607_200_123_456_789, actor: "ann \"x\"\n", action: action)
            #expect(!command.jsonLine.contains("\n"))
            let again = try command.jsonLine.withView { try OperatorCommand(jsonLine: $0) }
            #expect(again == command)
        }
        try f(.acknowledge(.name("down"), note: "on it", end: nil))
        try f(.acknowledge(.fingerprint("0123456789abcdef"), note: "", end: 5_000_000_000))
        try f(.unacknowledge(.name("down")))
        try f(.markFalse(.name("down"), reason: "a test ü"))
        try f(.expire(id: "s", reason: "done"))
        try f(.resend(DeadLetters(channel: nil)))
        try f(.resend(DeadLetters(channel: "team/slack", numbers: [1, .max])))
        try f(.discard(DeadLetters(channel: "ü \"x\"", numbers: [])))
        try f(
            .silence(
                Silence(
                    id: "s", matchers: try LabelMatcher.parse(#"a=b,c=~"x\"|y\\."# + "\""),
                    start: 1_000_000_000, end: 2_000_000_000, creator: "ann", comment: "why")))
    }

    @Test func whatIsNoCommandIsSaid() {
        func f(_ line: String, _ message: String) {
            let error = #expect(throws: OperatorCommandFault.self) {
                try line.withView { try OperatorCommand(jsonLine: $0) }
            }
            #expect(error?.message.contains(message) == true, "\(line): \(error?.message ?? "")")
        }
        let head = #"{"id":"1","time":"2026-01-05T10:00:00Z","actor":"ann""#
        f("", "one JSON object")
        f("[]", "one JSON object")
        f("{", "one JSON object")
        f("{}", "`id` is missing")
        f(
            #"{"id":"","time":"2026-01-05T10:00:00Z","actor":"a","action":"expire","silence":"s"}"#,
            "empty")
        f(#"{"id":"1","time":"noon","actor":"ann"}"#, "no time like")
        f(head + "}", "`action` is missing")
        f(head + #","action":"shoot"}"#, "unknown action `shoot`")
        f(head + #","action":"acknowledge"}"#, "`alert` is missing")
        // None of these may mean all letters.
        f(head + #","action":"discard","channel":"c","letters":[]}"#, "a list of numbers")
        f(head + #","action":"discard","channel":"c","letters":[3]}"#, "a list of numbers")
        f(head + #","action":"discard","channel":"c","letters":["x"]}"#, "`x` is no number")
        f(head + #","action":"resend","letters":["3"]}"#, "`channel` of the `letters`")
        f(head + #","action":"mark_false","alert":"x"}"#, "`reason` is missing")
        f(head + #","action":"silence","silence":"s"}"#, "is an object")
        f(head + #","action":"silence","silence":{"matchers":["a"]}}"#, "one of `=`")
        f(head + #","action":"silence","silence":{"matchers":"a=b"}}"#, "a list of texts")
        f(head + #","action":"silence","silence":{"id":"s","matchers":["a=b"]}}"#, "`startsAt`")
    }

    @Test func wordsNameAlerts() {
        #expect(AlertTarget("0123456789ABCDEF") == .fingerprint("0123456789abcdef"))
        #expect(AlertTarget("high_error_rate") == .name("high_error_rate"))
        #expect(AlertTarget("0123456789abcdeg") == .name("0123456789abcdeg"))
    }
}
