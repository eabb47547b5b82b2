import LogQuery
import Testing

@Suite struct MaskedFilterTests {
    private func masked(_ filter: String) throws -> String {
        try QueryParser.parseFilter(filter, now: 0).masked { "<\($0)>" }
    }

    @Test func valuesAreMaskedAndTheRestStays() throws {
        func f(_ filter: String, _ want: String) throws {
            #expect(try masked(filter) == want, "\(filter)")
        }
        try f("*", "*")
        try f("user_id:=\"user_456\"", "user_id:=\"<user_456>\"")
        try f("user_id:=user_456", "user_id:=\"<user_456>\"")
        try f("user_id:*", "user_id:*")
        try f("\"two words\" or x:abc*", "\"<two words>\" or x:\"<abc>\"*")
        try f("!(a:b c:d)", "!(a:\"<b>\" c:\"<d>\")")
        try f("(a:b or c:d) e:~\"f.*g\"", "(a:\"<b>\" or c:\"<d>\") e:~\"<f.*g>\"")
        try f("mail:in(\"a@b.c\", d)", "mail:in(\"<a@b.c>\",\"<d>\")")
        try f("phone:>=4912345", "phone:>=\"<4912345>\"")
        try f("n:range[1, 10KiB)", "n:range[\"<1>\",\"<10KiB>\")")
        try f("ip:ipv4_range(10.0.0.0/8)", "ip:ipv4_range(\"<10.0.0.0/8>\")")
        try f("i(Anna)", "i(\"<Anna>\")")
        try f("{app=\"x\"}", "app:=\"<x>\"")
        try f("_time:2025-01-18 a:b", "_time:2025-01-18 a:\"<b>\"")
    }

    /// Marks and functions in quotes are values like any other.
    @Test func noValueIsTakenForSyntax() throws {
        for value in ["in", "(", "a(b", "x,y", "*", "=", "\\\"in(\\\"", "# c"] {
            let text = try QueryParser.parseFilter("user:=\"\(value)\"", now: 0).masked { _ in "?" }
            #expect(text == "user:=\"?\"", "\(value)")
        }
    }

    @Test func theMaskedTextIsAFilter() throws {
        let filter = try QueryParser.parseFilter("a:in(x, y) !b:~\"z\" (c:>5 or _time:1d)", now: 0)
        let masked = filter.masked { "sha256:\($0)" }
        #expect("\(try QueryParser.parseFilter(masked, now: 0))".contains("sha256:z"))
    }
}
