import LogBytes
import Testing

@testable import LogQuery

/// Texts that an expression cannot match without: too few cost time, a wrong one costs rows.
@Suite struct RegexLiteralsTests {
    private func literals(_ pattern: String) -> [String] {
        RegexLiterals.find(pattern).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func theLongestOfEachWay() {
        #expect(literals("user_[0-9]+ failed|attempt [3-9]") == [" failed", "attempt "])
        #expect(literals(#"code \d{3}\.$"#) == ["code "])
        #expect(literals(#"a(?:bc|de)f"#) == ["abcf", "adef"])
        #expect(literals(#"\bfoo\b"#) == ["foo"])
    }

    /// What is an anchor to grep is a character to RE2.
    @Test func escapedPunctuationIsItself() throws {
        #expect(literals(#"a\<b"#) == ["a<b"])
        #expect(literals(#"x\>y|it\'s|\`z"#) == ["x>y", "it's", "`z"])
        for (pattern, text) in [(#"a\<b"#, "a<b"), (#"x\>y"#, "x>y")] {
            #expect(try RegularExpression(pattern).matches(text))
        }
    }

    @Test func nothingIsSaidOfWhatIsNotKnown() {
        for pattern in [
            "(?i)error", "a*", "[abc]", #"\x41bc"#, #"\Qa.b\E"#, "a|.", "x{,3}y", "(?P<n>a)",
        ] {
            #expect(literals(pattern) == [], "\(pattern)")
        }
    }
}

extension RegularExpression {
    fileprivate func matches(_ text: String) -> Bool { text.withView { matches($0) } }
}
