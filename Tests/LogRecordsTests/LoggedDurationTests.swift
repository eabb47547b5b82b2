import LogBytes
import LogRecords
import TestSupport
import Testing

@Suite struct LoggedDurationTests {
    private func read(_ text: String, _ unit: LoggedDuration.Unit? = nil) -> String? {
        var out = ByteWriter()
        let done = text.withView { LoggedDuration.append($0, unit: unit, into: &out) }
        #expect(done || out.isEmpty, "\(text)")
        return done ? out.view.text : nil
    }

    @Test func theUnitInTheValue() {
        func check(_ text: String, _ want: String?) { #expect(read(text) == want, "\(text)") }
        check("129.02ms", "129.02")
        check("12.345 ms", "12.345")
        check("0.123s", "123")
        check("0s", "0")
        check("1.5µs", "0.0015")
        check("1.5μs", "0.0015")
        check("1.5us", "0.0015")
        check("100ns", "0.0001")
        check("5 seconds", "5000")
        check("1m30s", "90000")
        check("1h2m3.004005006s", "3723004.005006")
        check("-1m30s", "-90000")
        check("1h", "3600000")
        check("2d", "172800000")
        check("1h 30m", "5400000")
        check("PT0.1S", "100")
        check("PT1M30.5S", "90500")
        check("P1DT2H", "93600000")
        check("P2W", "1209600000")
        check("-PT1S", "-1000")
        check("00:00:00.12", "120")
        check("00:00:00.1234567", "123.4567")
        check("1.02:03:04", "93784000")
        check("1 day, 2:03:04.5", "93784500")
        check("2 days, 0:00:00", "172800000")
        check("0:00:00.010476", "10.476")
        check("123456789012345678.9s", "123456789012345678900")
        for text in [
            "", "-", "12", "12.5", "ms", "fast", "12 apples", "12mss", "1m30", "1x", "s", "P", "PT",
            "P1Y", "P1M", "PT1", "1:2", "01:02", "00:60:00", "00:00:61", "00:0:00", "a:00:00",
            "--1s", "1..2s", ".s", "1s1", "99999999999999999999h", "1 day", "null", "0.1, 0.2",
            String(repeating: "9", count: 65) + "s",
        ] where text != "1 day" {
            check(text, nil)
        }
    }

    @Test func theUnitOfTheLine() {
        func check(_ text: String, _ unit: LoggedDuration.Unit, _ want: String?) {
            #expect(read(text, unit) == want, "\(text)")
        }
        check("0.0123", .seconds, "12.3")
        check("12", .milliseconds, "12")
        check("12.50", .milliseconds, "12.5")
        check("12300000", .nanoseconds, "12.3")
        check("1", .nanoseconds, "0.000001")
        check("1500", .microseconds, "1.5")
        check("1e-05", .seconds, "0.01")
        // What the value says itself goes before.
        check("1.5s", .milliseconds, "1500")
        check("-", .seconds, nil)
        check("1e400", .seconds, nil)
    }

    @Test func nginxTriesOneAfterTheOther() {
        func check(_ text: String, _ want: String?) {
            var out = ByteWriter()
            let done = text.withView { LoggedDuration.appendSecondsList($0, into: &out) }
            #expect((done ? out.view.text : nil) == want, "\(text)")
        }
        check("0.1, 0.2", "300")
        check("0.100", "100")
        check("0.001, -, 0.002 : 1", "1003")
        check("-", nil)
        check("-, -", nil)
        check("", nil)
        check("0.1,", nil)
        check("0.1, x", nil)
    }

    /// Sums of units agree with whole nanoseconds counted plainly.
    @Test func sumsAgreeWithPlainCounting() {
        var random = SeededGenerator(seed: 90)
        for _ in 0..<3_000 {
            let (hours, minutes, seconds) = (random.below(50), random.below(60), random.below(60))
            let nanoseconds = random.below(1_000_000_000)
            let fraction = String(String(1_000_000_000 + nanoseconds).dropFirst())
            let total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + nanoseconds
            var want = ByteWriter()
            "\(total)".withView { _ = NumberText.appendShifted($0, places: -6, into: &want) }
            func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
            for text in [
                "\(hours)h\(minutes)m\(seconds).\(fraction)s",
                "PT\(hours)H\(minutes)M\(seconds).\(fraction)S",
                "\(two(hours)):\(two(minutes)):\(two(seconds)).\(fraction)",
            ] {
                #expect(read(text) == want.view.text, "\(text)")
            }
        }
    }

    @Test func anyTextIsRead() throws {
        let memory = try GuardedMemory(capacity: 4_096)
        var random = SeededGenerator(seed: 91)
        let alphabet = Array("0123456789.:-+ smhdunPTDHMSe,".utf8)
        for _ in 0..<30_000 {
            let bytes = (0..<random.below(24)).map { _ in alphabet[random.below(alphabet.count)] }
            let view = memory.place(bytes)
            var out = ByteWriter()
            if LoggedDuration.append(view, unit: random.below(2) == 0 ? nil : .seconds, into: &out)
            {
                #expect(NumberText.double(out.view) != nil, "\(view.text)")
            }
            _ = LoggedDuration.appendSecondsList(view, into: &out)
        }
    }
}
