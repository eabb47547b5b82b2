import Foundation
import LogBytes
import LogRecords
import Testing

@Suite struct LogLevelTests {
    private func level(_ text: String) -> LogLevel { text.withView { LogLevel(text: $0) } }

    @Test func wordsOfManyLoggers() {
        func check(_ want: LogLevel, _ words: String...) {
            for word in words {
                for spelling in [word, word.uppercased(), word.capitalized] {
                    #expect(level(spelling) == want, "\(spelling)")
                }
            }
        }
        check(.trace, "trace", "debug5", "debug2")
        check(.debug, "debug", "debug1")
        check(.info, "info", "log", "information")
        check(.notice, "notice")
        check(.warn, "warn", "warning")
        check(.error, "error", "err")
        check(.critical, "critical", "crit", "fatal", "panic")
        check(.alert, "alert")
        check(.emerg, "emerg", "emergency")
        check(
            .unknown, "", "x", "informal", "warnings", "errors", "emergencyx", "a longer word",
            "in fo")
    }

    @Test func everyNameReadsBack() {
        for one in LogLevel.allCases { #expect(level(one.name) == one) }
    }

    @Test func severityOrdersThem() {
        #expect(LogLevel.allCases.sorted() == LogLevel.allCases)
        #expect(level("WARNING") < level("ERROR"))
        #expect(level("fatal") > level("error"))
        #expect(level("gibberish") < level("trace"))
    }

    /// Numbers mean something only to a logger that is known.
    @Test func numbersAloneAreUnknown() {
        for text in ["0", "3", "10", "30", "50", "20000", "-1", "INFO+", "INFO+x", "x+1", "+1"] {
            #expect(level(text) == .unknown, "\(text)")
        }
    }

    @Test func numbersOfLoggers() throws {
        let lines = try LineBatch()
        func check(_ line: (String) -> String, _ want: [(String, LogLevel)]) {
            for (number, level) in want {
                #expect(lines.take(line(number)).level == level, "\(line(number))")
            }
        }
        check(
            { #"{"level":\#($0),"time":1,"msg":""}"# },
            [
                ("10", .trace), ("20", .debug), ("29", .debug), ("30", .info), ("40", .warn),
                ("50", .error), ("60", .critical), ("9", .unknown), ("1000", .unknown),
                ("-30", .unknown), ("30.5", .unknown),
            ])
        let syslog: [(String, LogLevel)] = [
            ("0", .emerg), ("1", .alert), ("2", .critical), ("3", .error), ("4", .warn),
            ("5", .notice), ("6", .info), ("7", .debug), ("8", .unknown),
        ]
        check({ #"{"version":"1.1","host":"h","short_message":"m","level":\#($0)}"# }, syslog)
        check({ #"{"__REALTIME_TIMESTAMP":"1","PRIORITY":"\#($0)"}"# }, syslog)
        check(
            { "<\($0)>1 2025-01-18T12:00:00Z h a 1 - - x" },
            [
                ("34", .critical), ("0", .emerg), ("191", .debug), ("165", .notice),
            ])
        check(
            { #"{"timeUnixNano":"1","severityNumber":\#($0)}"# },
            [
                ("1", .trace), ("4", .trace), ("5", .debug), ("9", .info), ("12", .info),
                ("13", .warn), ("17", .error), ("21", .critical), ("24", .critical),
                ("25", .unknown),
                ("0", .unknown),
            ])
        check(
            { #"{"level_value":\#($0)}"# },
            [
                ("5000", .trace), ("10000", .debug), ("20000", .info), ("30000", .warn),
                ("40000", .error), ("1", .unknown),
            ])
        check(
            { #"{"levelno":\#($0)}"# },
            [
                ("5", .trace), ("10", .debug), ("20", .info), ("25", .info), ("30", .warn),
                ("40", .error), ("50", .critical), ("0", .unknown),
            ])
        check(
            { #"{"t":{"$date":"x"},"s":"\#($0)","c":"x","msg":"x"}"# },
            [
                ("F", .critical), ("E", .error), ("W", .warn), ("I", .info), ("D1", .debug),
                ("D2", .trace), ("D5", .trace), ("X", .unknown),
            ])
    }
}
