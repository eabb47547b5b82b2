import LogBytes
import LogRecords
import TestSupport
import Testing

@Suite struct NumberTextTests {
    private func integer(_ text: String) -> Int64? { text.withView { NumberText.integer($0) } }
    private func double(_ text: String) -> Double? { text.withView { NumberText.double($0) } }

    private func shifted(_ text: String, _ places: Int) -> String? {
        var out = ByteWriter()
        let done = text.withView { NumberText.appendShifted($0, places: places, into: &out) }
        #expect(done || out.isEmpty)
        return done ? out.view.text : nil
    }

    @Test func integers() {
        func check(_ text: String, _ want: Int64?) { #expect(integer(text) == want, "\(text)") }
        check("0", 0)
        check("-0", 0)
        check("007", 7)
        check("+5", 5)
        check("9223372036854775807", .max)
        check("9223372036854775808", nil)
        check("-9223372036854775808", .min)
        check("-9223372036854775809", nil)
        check("9999999999999999999", nil)
        check("18446744073709551616", nil)
        check("", nil)
        check("-", nil)
        check("+", nil)
        check("--1", nil)
        check("1.0", nil)
        check("1e3", nil)
        check(" 1", nil)
        check("1 ", nil)
        check("0x1F", nil)
    }

    @Test func everyIntegerReadsBack() {
        var random = SeededGenerator(seed: 70)
        for _ in 0..<5_000 {
            let value = Int64(bitPattern: random.next()) >> Int64(random.below(64))
            #expect(integer(String(value)) == value)
            #expect(double(String(value)) == Double(value))
        }
    }

    @Test func doubles() {
        func check(_ text: String, _ want: Double?) { #expect(double(text) == want, "\(text)") }
        check("1.5", 1.5)
        check("-2.25", -2.25)
        check(".5", 0.5)
        check("5.", 5)
        check("1e3", 1_000)
        check("1E-3", 0.001)
        check("1.5e+2", 150)
        check("0.000", 0)
        check("123456789012345678901234567890", 123_456_789_012_345_677_877_719_597_056)
        check("1e400", .infinity)
        check("-1e400", -.infinity)
        check("1e-400", 0)
        check("0e9999", 0)
        check("00000000000000000000000001", 1)
        check("", nil)
        check(".", nil)
        check("-", nil)
        check("e5", nil)
        check("1e", nil)
        check("1e+", nil)
        check("1.2.3", nil)
        check("1.5ms", nil)
        check("0x1p3", nil)
        check("nan", nil)
        check("inf", nil)
        check("NaN", nil)
        check("1,5", nil)
    }

    /// `abs` of the smallest exponent trapped: one log line could end the process.
    @Test func hugeExponentsDoNotTrap() {
        #expect(double("1e-9223372036854775808") == nil)
        #expect(double("1e9223372036854775807") == nil)
        #expect(double("1e-99999999999999999999") == nil)
        #expect(double(String(repeating: "9", count: 400) + "e9999") == nil)
        #expect(double(String(repeating: "9", count: 390) + "e9999") == .infinity)
    }

    /// Numbers of up to 15 digits and small exponents, as loggers write them, are correctly rounded.
    @Test func commonDoublesAreThoseOfTheStandardLibrary() {
        var random = SeededGenerator(seed: 71)
        for _ in 0..<20_000 {
            var digits = String(random.next() % 1_000_000_000_000_000)
            if random.below(3) > 0 {
                let point = digits.index(
                    digits.startIndex, offsetBy: random.below(digits.count + 1))
                digits.insert(".", at: point)
            }
            if random.below(4) == 0 { digits += "e\(random.below(15) - 7)" }
            if random.below(2) == 0 { digits = "-" + digits }
            #expect(double(digits) == Double(digits), "\(digits)")
        }
    }

    @Test func anyDoubleIsNearThatOfTheStandardLibrary() {
        var random = SeededGenerator(seed: 72)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite, value.magnitude > 1e-290 else { continue }
            let text = "\(value)"
            let got = double(text) ?? .nan
            #expect((got - value).magnitude <= value.magnitude * 1e-14, "\(text): \(got)")
        }
    }

    @Test func randomTextNeverTraps() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        var random = SeededGenerator(seed: 73)
        let alphabet = Array("0123456789..--++eE ".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<random.below(30)).map { _ in alphabet[random.below(alphabet.count)] }
            let view = memory.place(bytes)
            if let value = NumberText.double(view) { #expect(!value.isNaN) }
            _ = NumberText.integer(view)
            var out = ByteWriter()
            _ = NumberText.appendShifted(view, places: 3, into: &out)
        }
    }

    @Test func movesThePointExactly() {
        func check(_ text: String, _ places: Int, _ want: String?) {
            #expect(shifted(text, places) == want, "\(text)")
        }
        check("0.000123456", 3, "0.123456")
        check("1", 3, "1000")
        check("1.5", 3, "1500")
        check("1.23456", 3, "1234.56")
        check("0.001", 3, "1")
        check("0", 3, "0")
        check("0.000", 3, "0")
        check("-0.5", 3, "-500")
        check("125", -3, "0.125")
        check("1500", -3, "1.5")
        check("1000000", -6, "1")
        check("7", -6, "0.000007")
        check("5.", 3, "5000")
        check(".5", 3, "500")
        check("007.5", 0, "7.5")
        check("1.50", 0, "1.5")
        check("123456789012345678.901234567", 3, "123456789012345678901.234567")
        check("", 3, nil)
        check("-", 3, nil)
        check(".", 3, nil)
        check("1e5", 3, "100000000")
        check("2.5e-05", 3, "0.025")
        check("1.25E+2", -3, "0.125")
        check("0e-7", 3, "0")
        check("1e", 3, nil)
        check("1e1000", 3, nil)
        check("1e-9223372036854775808", 3, nil)
        check("1e99", 3, nil)
        check("1.2.3", 3, nil)
        check("+1", 3, nil)
        check("null", 3, nil)
        check(String(repeating: "1", count: 41), 3, nil)
    }

    @Test func movingThePointThereAndBackChangesNothing() {
        var random = SeededGenerator(seed: 74)
        for _ in 0..<5_000 {
            let whole = random.next() % 1_000_000
            let fraction = random.next() % 1_000_000
            let text = fraction == 0 ? "\(whole)" : "\(whole).\(fraction)".trimmedZeros
            let places = random.below(13) - 6
            let there = shifted(text, places) ?? "-"
            #expect(shifted(there, -places) == text)
        }
    }
}

extension String {
    /// Without the zeros at the end of a fraction.
    fileprivate var trimmedZeros: String {
        var copy = self
        while copy.hasSuffix("0") { copy.removeLast() }
        return copy
    }
}
