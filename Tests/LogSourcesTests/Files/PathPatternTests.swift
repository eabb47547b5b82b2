import Testing

@testable import LogSources

@Suite struct PathPatternTests {
    @Test func namesMatchAsShellsSay() {
        func check(_ pattern: String, _ name: String, _ want: Bool) {
            let got = PathPattern.matches(Array(pattern.utf8), Array(name.utf8))
            #expect(got == want, "\(pattern) \(name)")
        }
        check("*", "a.log", true)
        check("*", "", true)
        check("*", ".hidden", false)
        check(".*", ".hidden", true)
        check("*.log", "a.log", true)
        check("*.log", "a.log.1", false)
        check("a?c", "abc", true)
        check("a?c", "ac", false)
        check("[a-c]x", "bx", true)
        check("[a-c]x", "dx", false)
        check("[!a-c]x", "dx", true)
        check("[^a-c]x", "ax", false)
        check("[]]", "]", true)
        check("[", "[", true)
        check("[a", "[a", true)
        check("a\\*", "a*", true)
        check("a\\*", "ab", false)
        check("*a*b*c*", "xxaxxbxxcxx", true)
        check("*a*b*c*", "xxaxxcxxbxx", false)
        // Linear enough: nobody waits for a hostile name.
        check(String(repeating: "a*", count: 30) + "b", String(repeating: "a", count: 250), false)
    }

    @Test func pathsMatchPartByPart() {
        func check(_ pattern: String, _ path: String, _ want: Bool) {
            #expect(PathPattern(pattern, in: "/base").matches(path) == want, "\(pattern) \(path)")
        }
        check("/var/log/*.log", "/var/log/a.log", true)
        check("/var/log/*.log", "/var/log/b/a.log", false)
        check("/var/*/a.log", "/var/log/a.log", true)
        check("/var/**/a.log", "/var/a.log", true)
        check("/var/**/a.log", "/var/x/y/a.log", true)
        check("/var/**/a.log", "/var/.x/a.log", false)
        check("/var/**", "/var/x/y", true)
        check("app.log", "/base/app.log", true)
        check("./app.log", "/base/app.log", true)
        check("app.{log,err}", "/base/app.err", true)
        check("app.{log,err}", "/base/app.out", false)
        check("{a,b}/{c,d}", "/base/b/c", true)
        check("a{b", "/base/a{b", true)
    }

    @Test func rotatedPartsAreOfOneLog() {
        func check(_ name: String, _ want: String) { #expect(LogName.of(name) == want, "\(name)") }
        check("app.log", "app.log")
        check("app.log.1", "app.log")
        check("app.log.2.gz", "app.log")
        check("app.log-20250101", "app.log")
        check("app.log-20250101.gz", "app.log")
        check("app-2025-01-01.log", "app.log")
        check("app.1.log", "app.log")
        check("app.log.2025-01-01T10:00:00.gz", "app.log")
        check("0.log", "0.log")
        check("0.log.20250101-101500", "0.log")
        check("web2.log", "web2.log")
        check(".gz", ".gz")
        check("", "")
    }
}
