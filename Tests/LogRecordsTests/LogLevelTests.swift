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
        check(.emergency, "emerg", "emergency")
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
}
