import LogBytes
import TestSupport
import Testing

@Suite struct Base64Tests {
    private func decoded(_ text: String, needsPadding: Bool) -> String? {
        var out = ByteWriter()
        let isText = text.withView { Base64.decode($0, needsPadding: needsPadding, into: &out) }
        return isText ? out.view.text : nil
    }

    @Test func theExamplesOfTheStandard() {
        let examples = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("\u{FFFF}>", "77+/Pg=="),
        ]
        for (plain, encoded) in examples {
            var out = ByteWriter()
            plain.withView { Base64.append($0, into: &out) }
            #expect(out.view.text == encoded)
            #expect(decoded(encoded, needsPadding: true) == plain)
            #expect(decoded(encoded, needsPadding: false) == plain)
            let bare = String(encoded.prefix { $0 != "=" })
            #expect(decoded(bare, needsPadding: false) == plain)
            #expect((decoded(bare, needsPadding: true) == plain) == (bare == encoded))
        }
    }

    @Test func whatIsNone() {
        for text in ["A", "Zg=", "Z===", "Zg==Zg==", "Zm9v!A==", "Zm 9", "=", "====", "Zm9vA"] {
            #expect(decoded(text, needsPadding: true) == nil, "\(text)")
            #expect(decoded(text, needsPadding: false) == nil, "\(text)")
        }
    }

    @Test func everyByteComesBack() {
        var random = SeededGenerator(seed: 64)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            var encoded = ByteWriter()
            bytes.withView { Base64.append($0, into: &encoded) }
            var out = ByteWriter()
            #expect(Base64.decode(encoded.view, needsPadding: true, into: &out))
            #expect(Array(out.view) == bytes)
        }
    }
}
