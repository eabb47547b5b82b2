import Foundation
import LogBytes
import LogJSON
import TestSupport
import Testing

@Suite struct JSONTextTests {
    private func unescape(_ raw: String) -> String {
        var out = ByteWriter()
        raw.withView { JSONText.unescape($0, into: &out) }
        return out.view.text
    }

    /// The bytes between the quotes; a combining mark in front would hide the quote from `String.dropFirst`.
    private func content(_ quoted: String) -> String {
        String(decoding: quoted.utf8.dropFirst().dropLast(), as: UTF8.self)
    }

    private func quote(_ bytes: [UInt8]) -> String {
        var out = ByteWriter()
        bytes.withView { JSONText.quote($0, into: &out) }
        return out.view.text
    }

    @Test func escapesStandForTheirCharacters() {
        func check(_ raw: String, _ want: String) { #expect(unescape(raw) == want, "\(raw)") }
        check("", "")
        check("plain grüße", "plain grüße")
        check(#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t")
        check(#"\u0041\u00e9\u65E5"#, "Aé日")
        check(#"\ud83d\ude00"#, "😀")
        check(#"\uDBFF\uDFFF"#, "\u{10FFFF}")
        check(#"a\u0000b"#, "a\u{0}b")
        check(#"x\\ud83dy"#, #"x\ud83dy"#)
        check(#"C:\\new\\table"#, #"C:\new\table"#)
    }

    @Test func loneSurrogatesBecomeReplacementCharacters() {
        func check(_ raw: String, _ want: String) { #expect(unescape(raw) == want, "\(raw)") }
        check(#"\ud800"#, "\u{FFFD}")
        check(#"\ud800abc"#, "\u{FFFD}abc")
        check(#"\uDFAA"#, "\u{FFFD}")
        check(#"\uD800\uD800"#, "\u{FFFD}\u{FFFD}")
        check(#"\uDd1e\uD834"#, "\u{FFFD}\u{FFFD}")
        check(#"\uD888\u1234"#, "\u{FFFD}\u{1234}")
        check(#"\uD800\n"#, "\u{FFFD}\n")
        check(#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀")
    }

    /// Broken content cannot come from the scanner; it must not trap all the same.
    @Test func brokenContentNeitherTrapsNorReadsOn() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        for whole in [#"ab\ud83d\ude00"#, #"\n\u0041"#, #"\u12"#, #"\uZZZZ"#, #"\ud83d\u"#] {
            for length in 0...whole.utf8.count {
                var out = ByteWriter()
                let part = memory.place(Array(whole.utf8.prefix(length)))
                JSONText.unescape(part, into: &out)
                #expect(out.count <= length)
            }
        }
    }

    @Test func quotingEscapesWhatMustBe() {
        #expect(
            quote(Array("a\"b\\c\n\r\t\u{1}\u{7f}é😀/".utf8)) == #""a\"b\\c\n\r\t\u0001\u007fé😀/""#)
        #expect(quote([]) == #""""#)
        #expect(quote([0x61, 0xFF]) == "\"a\u{FFFD}\"")
    }

    @Test func whatIsQuotedReadsBackHereAndInFoundation() throws {
        var random = SeededGenerator(seed: 41)
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<random.below(12) {
                let top: UInt32 = random.below(2) == 0 ? 0x80 : 0x11_0000
                let value = UInt32(truncatingIfNeeded: random.next()) % top
                text.unicodeScalars.append(Unicode.Scalar(value) ?? "x")
            }
            let quoted = quote(Array(text.utf8))
            try quoted.withView { try JSONScanner.validate($0) }
            #expect(Array(unescape(content(quoted)).utf8) == Array(text.utf8))
            let theirs = try JSONDecoder().decode(String.self, from: Data(quoted.utf8))
            #expect(Array(theirs.utf8) == Array(text.utf8))
        }
    }

    @Test func faultCodesAreDistinctCounterLabels() {
        let labels = JSONError.Code.allCases.map(\.rawValue)
        #expect(Set(labels).count == labels.count)
        #expect(labels.allSatisfy { $0.hasPrefix("json_") })
    }
}
