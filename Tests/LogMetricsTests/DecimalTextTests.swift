import LogBytes
import LogMetrics
import LogRecords
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
}
