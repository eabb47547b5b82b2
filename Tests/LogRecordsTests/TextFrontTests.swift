import LogBytes
import LogRecords
import TestSupport
import Testing

/// Lines of text as programs write them, with the time and level that their front says.
@Suite struct TextFrontTests {
    private let lines: LineBatch

    init() throws { lines = try LineBatch() }

    /// When the lines arrive: 2025-01-19T00:00:00Z.
    private static let arrival: Int64 = 1_737_244_800 * Timestamp.second

    private func check(
        _ line: String, _ time: String?, _ level: LogLevel = .unknown,
        location: SourceLocation = #_sourceLocation
    ) {
        let record = lines.take(line, arrivalTime: Self.arrival)
        let own = record.hasOwnTime ? Timestamp.text(record.time, digits: 9) : nil
        #expect(
            own == time.map { $0.contains("T") ? $0 : "2025-01-18T12:00:00.\($0)Z" }, "\(line)",
            sourceLocation: location)
        #expect(record.level == level, "\(line)", sourceLocation: location)
        if lines.batch.shape(record).format == .text {
            #expect(lines.text(record, "_msg") == line, sourceLocation: location)
        }
        #expect(
            lines.text(record, "level") == (level == .unknown ? "" : level.name),
            sourceLocation: location)
    }

    private static let noon = "000000000"
    private static let milliseconds = "123000000"

    @Test func timesOfManyPrograms() {
        check("2025-01-18 12:00:00,123 INFO shop.orders: done", Self.milliseconds, .info)
        check("[2025-01-18T12:00:00Z] starting", Self.noon)
        check("[2025-01-18T12:00:00Z INFO  shop] starting", Self.noon, .info)
        check("2025/01/18 12:00:00 [error] 12#12: *1 open() failed", Self.noon, .error)
        check("2025/01/18 12:00:00 main.go:12: started", Self.noon)
        check("2025-01-18 12:00:00.123 UTC [77] LOG:  listening", Self.milliseconds, .info)
        check("2025-01-18 12:00:00.123 UTC [77] app@shop ERROR:  x", Self.milliseconds, .error)
        check("2025-01-18 15:00:00.123 +03 [77] FATAL:  x", Self.milliseconds, .critical)
        check("2025-01-18 13:00:00.123 CET [77] WARNING:  x", Self.milliseconds, .warn)
        check("2025-01-18 12:00:00 +0000 x", Self.noon)
        check("2025-01-18 14:00:00 +0200 x", Self.noon)
        check("2025-01-18 12:00:00 -5 degrees", Self.noon)
        check("2025-01-18 12:00:00 CST cold", Self.noon)
        check("Jan 18 12:00:00 web-1 kernel: eth0 up", Self.noon)
        check("I0118 12:00:00.123456    1 main.go:5] up", "123456000", .info)
        check("E0118 12:00:00.123456    1 main.go:5] down", "123456000", .error)
        check("[Sat Jan 18 12:00:00.123 2025] [core:notice] [pid 1] x", Self.milliseconds, .notice)
        check("2025.01.18 12:00:00.123000 [ 5 ] {q-1} <Warning> X: y", Self.milliseconds, .warn)
        check("18-Jan-2025 12:00:00.123 INFO [main] org.apache.X.y z", Self.milliseconds, .info)
        check("[18-Jan-2025 12:00:00] NOTICE: fpm is running", Self.noon, .notice)
        check("1:M 18 Jan 2025 12:00:00.123 * Ready", Self.milliseconds)
        check("I, [2025-01-18T12:00:00.123 #7]  INFO -- : x", Self.milliseconds, .info)
        check(
            "\u{1B}[2m2025-01-18T12:00:00.123Z\u{1B}[0m \u{1B}[32m INFO\u{1B}[0m shop: x",
            Self.milliseconds, .info)
        check(
            #"203.0.113.7 - frank [18/Jan/2025:13:00:00 +0100] "GET /ERROR HTTP/1.1" 200 7"#,
            Self.noon)
        check("haproxy[7]: 10.0.0.1:5 [18/Jan/2025:12:00:00.123] http x/y 0/0", Self.milliseconds)
    }

    @Test func whatIsNoTimeIsNone() {
        for line in [
            "", " ", "at 2025-01-18 12:00:00 it began", "2025-01-18 is a day", "Jan is a month",
            "Jan 18 was cold", "2025-13-18 12:00:00 x", "2025-01-18 25:00:00 x",
            "2025/01-18 12:00:00", "I0118 and so on", "1:M", "[", "[[[[", "18/Jan/2025", "\u{1B}[",
            "Sat Jan", "12:00:00 x", "1737201600 x", "[18/Foo/2025:12:00:00 +0000]",
        ] {
            check(line, nil)
        }
        check(String(repeating: "x", count: 101) + "[18/Jan/2025:12:00:00 +0000]", nil)
        check(String(repeating: "[", count: 5_000), nil)
    }

    @Test func levelsAsLoggersWriteThem() {
        check("INFO:     127.0.0.1:5000 - \"GET / HTTP/1.1\" 200 OK", nil, .info)
        check("ERROR:shop.orders:as basicConfig writes it", nil, .error)
        check("ERROR something failed", nil, .error)
        check("[error] something failed", nil, .error)
        check("[main] DEBUG com.shop.A - x", nil, .debug)
        check("<warn> x", nil, .warn)
        check("panic: runtime error", nil, .critical)
        check("warning: unused variable", nil, .warn)
        check("LOG:  statement", nil, .info)
        check("12:00:00.123 [main] WARN  com.shop.A - x", nil, .warn)
        check("FATAL", nil, .critical)
        check("2025-01-18 12:00:00.123  WARN 1 --- [nio-1] c.s.A : x", Self.milliseconds, .warn)
        check("2025-01-18 12:00:00,123 - shop - CRITICAL - x", Self.milliseconds, .critical)
        check("2025-01-18 12:00:00.123 | SUCCESS  | a:b:1 - x", Self.milliseconds)
        check("2025-01-18 12:00:00.123 | DEBUG    | a:b:1 - x", Self.milliseconds, .debug)
        check("2025-01-18T12:00:00.123Z\tinfo\tx\ty", Self.milliseconds, .info)
        check("2025-01-18T12:00:00.123Z 0 [Note] [MY-1] [Server] x", Self.milliseconds, .notice)
        check("2025-01-18T12:00:00.123+0000 I NETWORK  [conn1] x", Self.milliseconds, .info)
        check("2025-01-18 12:00:00.123 W | etcdserver: x", Self.milliseconds, .warn)
        check("[2025-01-18 12:00:00,123: ERROR/MainProcess] x", Self.milliseconds, .error)
        check("[2025-01-18 12:00:00 +0000] [7] [INFO] Booting", Self.noon, .info)
        check("Jan 18 12:00:00 web-1 shop[7]: ERROR x", Self.noon, .error)
        check("Jan 18 12:00:00 web shop: warning: x", Self.noon, .warn)
    }

    /// Words in sentences are no levels.
    @Test func ordinaryWordsAreNoLevels() {
        for line in [
            "error opening the file", "Error opening the file", "An ERROR was found",
            "no errors", "ERRORS: 0", "Errors: 5", "errorful: x", "Result: ERROR", "5 ERROR lines",
            "alert the crew", "log: x", "Note: x", "fine: x", "http: x", "I am here", "E = mc2",
            "debug=true", "DEBUG=true", "error_log: x", "web-error: x", "the [main] error",
            "{\"level\":\"ERROR\" broken",
        ] {
            check(line, nil)
        }
        check("2025-01-18 12:00:00 error rate is 5 %", Self.noon)
        check("2025-01-18 12:00:00 User typed ERROR into the form", Self.noon)
        check("2025-01-18 12:00:00 I went home", Self.noon)
        check("2025-01-18 12:00:00 D HE", Self.noon, .debug)
        check("2025-01-18 12:00:00 Started. ERROR handling is on", Self.noon)
        check("Jan 18 12:00:00 web shop[7]: Caught ERROR x", Self.noon)
        check("[" + String(repeating: "x", count: 70) + "] ERROR x", nil)
    }

    /// syslog and klog leave out the year: that which brings the time nearest, at most a month ahead.
    @Test func yearsComeFromTheArrival() {
        func check(_ line: String, _ arrival: String, _ want: String?) {
            let arrivalTime = arrival.withView { Timestamp.parse($0) } ?? 0
            let record = lines.take(line, arrivalTime: arrivalTime)
            let isTaken = record.hasOwnTime || record.isSkewed
            #expect(isTaken == (want != nil), "\(line) \(arrival)")
            if record.hasOwnTime { #expect(Timestamp.text(record.time, digits: 0) == want) }
        }
        check("Dec 31 23:59:59 h a: x", "2025-01-01T00:00:05Z", "2024-12-31T23:59:59Z")
        check("Jan  1 00:00:01 h a: x", "2024-12-31T23:59:59Z", "2025-01-01T00:00:01Z")
        check("Jan 18 12:00:00 h a: x", "2025-01-18T11:00:00Z", "2025-01-18T12:00:00Z")
        check("Mar 20 12:00:00 h a: x", "2025-01-18T11:00:00Z", "2024-03-20T12:00:00Z")
        check("Feb 29 12:00:00 h a: x", "2025-01-18T11:00:00Z", "2024-02-29T12:00:00Z")
        check("Feb 29 12:00:00 h a: x", "2102-01-18T11:00:00Z", "2096-02-29T12:00:00Z")
        check("Feb 30 12:00:00 h a: x", "2025-01-18T11:00:00Z", nil)
        check("W1231 23:59:59.5 1 a.go:1] x", "2025-01-01T00:00:05Z", "2024-12-31T23:59:59Z")
        check("Jan 18 2023 12:00:00 h a: x", "2025-01-18T11:00:00Z", "2023-01-18T12:00:00Z")
    }

    /// Any text is read without a trap, and nothing behind it is looked at.
    @Test func anyTextIsRead() {
        var random = SeededGenerator(seed: 81)
        let parts = [
            "2025-01-18", " ", "T", "12:00:00", ",123", "Z", "[", "]", "ERROR", "info", ":", "Jan",
            "18", "/", "\u{1B}[", "m", "I0118", "+01:00", "UTC", "-", "|", "é", "<", "(", "{",
            "1:M ",
            "Sat ", "2025", "\t", ".", "#",
        ]
        for _ in 0..<20_000 {
            let line = (0..<random.below(12)).map { _ in parts[random.below(parts.count)] }.joined()
            let record = lines.take(line, arrivalTime: Self.arrival)
            let level = lines.text(record, "level")
            #expect(level == (record.level == .unknown ? "" : record.level.name))
        }
    }
}
