import Foundation
import LogBytes
import LogJSON
import PlainJSON
import TestSupport
import Testing

@Suite struct JSONScannerTests {
    private func fault(_ bytes: [UInt8]) throws -> JSONError? {
        let memory = try GuardedMemory(capacity: max(bytes.count, 1))
        do {
            try JSONScanner.validate(memory.place(bytes))
            return nil
        } catch {
            return error
        }
    }

    @Test func errorsSayWhatAndWhere() throws {
        func check(_ text: String, _ code: JSONError.Code?, _ offset: Int = 0) throws {
            let want = code.map { JSONError($0, offset: offset) }
            #expect(try fault(Array(text.utf8)) == want, "\(text)")
        }
        try check(#" {"a" : [1, 2.5e3, "x"], "b": {}} "#, nil)
        try check("", .endOfInput, 0)
        try check("   ", .endOfInput, 3)
        try check("{", .endOfInput, 1)
        try check(#"{"a""#, .endOfInput, 4)
        try check(#"{"a":"#, .endOfInput, 5)
        try check(#"{"a":1"#, .endOfInput, 6)
        try check(#"{"a":1,"#, .endOfInput, 7)
        try check(#"{"a":1,}"#, .unexpectedByte, 7)
        try check(#"{a:1}"#, .unexpectedByte, 1)
        try check(#"{"a" 1}"#, .unexpectedByte, 5)
        try check(#"{"a":1 "b":2}"#, .unexpectedByte, 7)
        try check(#"{"a":'x'}"#, .unexpectedByte, 5)
        try check("[1 2]", .unexpectedByte, 3)
        try check("[1,]", .unexpectedByte, 3)
        try check("[", .endOfInput, 1)
        try check("{}}", .trailingBytes, 2)
        try check("1 x", .trailingBytes, 2)
        try check(#""abc"#, .endOfInput, 4)
        try check(#""abc\"#, .endOfInput, 5)
        try check(#""a\u12"#, .endOfInput, 6)
        try check(#""a\x""#, .badEscape, 3)
        try check(#""a\u12g4""#, .badEscape, 6)
        try check("\"a\nb\"", .controlInString, 2)
        try check("\"0123456789abcdef\u{1}\"", .controlInString, 17)
        try check("\"\\n\u{0}\"", .controlInString, 3)
        try check("01", .badNumber, 1)
        try check("-", .endOfInput, 1)
        try check("-x", .badNumber, 1)
        try check("1.", .endOfInput, 2)
        try check("[1.]", .badNumber, 3)
        try check("[1e]", .badNumber, 3)
        try check("[1e+]", .badNumber, 4)
        try check("tru", .endOfInput, 3)
        try check("[trux]", .badLiteral, 4)
        try check("[nil]", .badLiteral, 2)
        try check("NaN", .unexpectedByte, 0)
        let deep = String(repeating: "[", count: 129)
        try check(deep, .tooDeep, 128)
    }

    @Test func bytesThatAreNoUTF8AreNamed() throws {
        func check(_ content: [UInt8], _ offset: Int?) throws {
            let text = [ASCII.quote] + content + [ASCII.quote]
            let want = offset.map { JSONError(.badUTF8, offset: $0) }
            #expect(try fault(text) == want, "\(content)")
        }
        try check(Array("grüße 日本 😀".utf8), nil)
        try check([0xFF], 1)
        try check(Array("abc".utf8) + [0x80], 4)
        try check([0xC3], 1)
        try check([0xC0, 0xAF], 1)
        try check([0xED, 0xA0, 0x80], 1)
        try check([0xF4, 0x90, 0x80, 0x80], 1)
        try check(Array("é".utf8) + Array("\\n".utf8) + [0xE6, 0x97], 5)
        try check(Array("0123456789abcdef0123456789é".utf8) + [0xBF], 29)
    }

    @Test func stringsStopAtTheirQuote() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        for length in 0..<50 {
            for escape in [false, true] {
                var content = String(repeating: "x", count: length)
                if escape { content += #"\""# }
                let view = memory.place(Array((content + "\"").utf8))
                var scanner = JSONScanner(end: view.end, readable: view.end)
                var escaped = false
                let close = scanner.string(view.start, escaped: &escaped)
                #expect(close == view.end - 1)
                #expect(escaped == escape)
                var open = JSONScanner(end: view.end - 1, readable: view.end)
                #expect(open.string(view.start, escaped: &escaped) == nil)
                #expect(open.fault == .endOfInput)
            }
        }
    }

    /// 200,000 texts, most of them damaged, each against the forbidden page: the scanner, a validator that goes byte by byte,
    /// and Foundation agree.
    ///
    /// Foundation is held only to what it promises alike: it reads other encodings and a byte order mark (texts with a NUL
    /// or beginning with EF, FE, FF), accepts a comma before `]`, refuses numbers that no Double holds and lone
    /// surrogate escapes, so it is asked about texts that have none of these.
    @Test func agreesWithAPlainValidatorAndFoundation() throws {
        let memory = try GuardedMemory(capacity: 1 << 16)
        var generator = DocumentGenerator(random: SeededGenerator(seed: 40))
        var accepted = 0
        var refused = 0
        var compared = 0
        for round in 0..<20_000 {
            let document = generator.document()
            for variant in 0..<10 {
                let bytes = variant == 0 ? document : generator.damaged(document)
                let got = (try? JSONScanner.validate(memory.place(bytes))) != nil
                if got { accepted += 1 } else { refused += 1 }
                let want = PlainValidator.accepts(bytes)
                if got != want {
                    Issue.record("got \(got), want \(want): \(bytes) \(bytes.withView { $0.text })")
                    return
                }
                if variant == 0 { #expect(got) }
                if round % 10 == 0, foundationIsComparable(bytes) {
                    compared += 1
                    let theirs = foundationAccepts(bytes)
                    if theirs != got {
                        Issue.record("Foundation \(theirs): \(bytes.withView { $0.text })")
                    }
                }
            }
        }
        #expect(accepted > 40_000)
        #expect(refused > 40_000)
        #expect(compared > 10_000)
    }

    private func foundationAccepts(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }

    private func foundationIsComparable(_ bytes: [UInt8]) -> Bool {
        let text = bytes.withView { $0.text }
        return !bytes.contains(0) && !text.contains(/\\u[dD][89a-fA-F]/)
            && !text.contains(/[eE][+-]?[0-9]{3}/) && !text.contains(/,\s*\]/)
            && bytes.first.map { $0 < 0x80 } ?? true
    }
}
