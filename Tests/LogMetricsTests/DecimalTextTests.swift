import LogBytes
import LogMetrics
import LogRecords
import TestSupport
import Testing

@Suite struct DecimalTextTests {
    @Test(arguments: [
        "0", "7", "12.5", "0.25", "250.", "007", "123456789012345", "1234567.12345678", "-3.5",
        "+2",
        "1e3", "12.34e-2", "9999999999999999999999", "0.1234567890123456",
    ])
    func numbers(text: String) {
        let got = text.withView { DecimalText.double($0) }
        #expect(got == Double(text.hasSuffix(".") ? text + "0" : text))
    }

    @Test(arguments: ["", ".", "abc", "1.2.3", "null", "1s", "--1", "1 "])
    func noNumbers(text: String) {
        let got = text.withView { DecimalText.double($0) }
        #expect(got.isNaN)
        #expect(text.withView { NumberText.double($0) } == nil)
    }

    /// Durations are read by loads of eight bytes, whatever stands behind them.
    @Test func readableTextsGiveTheSame() {
        var generator = SeededGenerator(seed: 5)
        let letters = Array("0123456789012345678901234567890123456789......-e ,".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<24).map { _ in letters[generator.below(letters.count)] }
            bytes.withView { all in
                let text = all.prefix(generator.below(12))
                let want = text.isEmpty ? nil : NumberText.double(text)
                let got = DecimalText.double(readable: text)
                // A point at the end is let pass by both of ours.
                let isCut = text.count > 0 && text[text.count - 1] == ASCII.dot
                if !isCut { #expect(got == want || (got.isNaN && want == nil), "\(text.text)") }
                let plain = DecimalText.double(text)
                #expect(got == plain || (got.isNaN && plain.isNaN), "\(text.text)")
            }
        }
    }
}
