import LogBytes
import LogRecords
import Testing

@testable import LogQuery

/// One line against one filter, on a record and on a block.
@Suite struct FilterTests {
    static let now: Int64 = 1_700_000_000 * 1_000_000_000

    private func expect(
        _ filter: String, _ line: String, _ wanted: Bool,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let parsed = try QueryParser.parseFilter(filter, now: Self.now)
        let lines = Lines([line], arrivalTime: Self.now)
        let onRecord = RecordFilter(parsed).matches(lines.batch.records[0], in: lines.batch)
        #expect(onRecord == wanted, "\(filter) on the record \(line)", sourceLocation: location)
        let onBlock = try parsed.evaluate(lines.block())[0]
        #expect(onBlock == wanted, "\(filter) on the block of \(line)", sourceLocation: location)
    }

    @Test func words() throws {
        let line = #"{"message":"SSH: login fail für user_1","level":"error","n":5}"#
        try expect("login", line, true)
        try expect("logi", line, false)
        try expect("ogin", line, false)
        try expect("Login", line, false)
        try expect("i(LOGIN)", line, true)
        try expect("i(logi*)", line, true)
        try expect("i(logi)", line, false)
        try expect("für", line, true)
        try expect("fü", line, false)
        try expect("f", line, false)
        try expect("user_1", line, true)
        try expect("user", line, false)
        try expect("user*", line, true)
        try expect("\"login fail\"", line, true)
        try expect("\"login fai\"", line, false)
        try expect("\"login fai\"*", line, true)
        try expect("\"SSH:\"", line, true)
        try expect("login !fail", line, false)
        try expect("login -nothing", line, true)
        try expect("*", line, true)
        try expect("!*", line, false)
    }

    @Test func fields() throws {
        let line = #"{"message":"hi","level":"error","n":5,"gone":null,"empty":"","a":{"b":"x y"}}"#
        try expect("level:error", line, true)
        try expect("level:ERROR", line, false)
        try expect("level:=error", line, true)
        try expect("level:=err", line, false)
        try expect("level:=err*", line, true)
        try expect("level:!=error", line, false)
        try expect("level:!=warn", line, true)
        try expect("level:(info or error)", line, true)
        try expect("level:(info or !error)", line, false)
        try expect("level:in(info, error)", line, true)
        try expect("level:in(info, err)", line, false)
        try expect("level:in(*)", line, true)
        try expect("gone:\"\"", line, true)
        try expect("empty:\"\"", line, true)
        try expect("missing:\"\"", line, true)
        try expect("level:\"\"", line, false)
        try expect("level:*", line, true)
        try expect("gone:*", line, false)
        try expect("missing:!*", line, true)
        try expect("a.b:y", line, true)
        try expect("a.b:~\"^x .$\"", line, true)
        try expect("a.b:!~\"^x .$\"", line, false)
        try expect("level:>=warn", line, true)
        try expect("level:>error", line, false)
        try expect("level:<=info", line, false)
        try expect("{level=error, n!=6}", line, true)
        try expect("{level=~\"err\"}", line, false)
    }

    @Test func numbers() throws {
        let line =
            #"{"message":"x","n":1500,"size":"10KiB","took":"1.5s","duration_ms":2500,"ip":"10.1.2.3"}"#
        try expect("n:>1499", line, true)
        try expect("n:>1500", line, false)
        try expect("n:>=1500", line, true)
        try expect("n:<1_501", line, true)
        try expect("n:<=0x5db", line, false)
        try expect("n:>=1.5K", line, true)
        try expect("size:>10_239", line, true)
        try expect("size:>10KiB", line, false)
        try expect("took:>1s", line, true)
        try expect("took:>2s", line, false)
        try expect("duration_ms:>2s", line, true)
        try expect("duration_ms:>2s500ms", line, false)
        try expect("duration_ms:range[2s500ms,3s)", line, true)
        try expect("n:range(1500,inf)", line, false)
        try expect("n:range[1500,inf)", line, true)
        try expect("n:range(1000,1500)", line, false)
        try expect("n:range(1000,1500]", line, true)
        try expect("ip:ipv4_range(\"10.0.0.0/8\")", line, true)
        try expect("ip:ipv4_range(10.2.0.0, 10.3.0.0)", line, false)
        try expect("missing:>0", line, false)
        try expect("missing:<0", line, false)
    }

    @Test func precedence() throws {
        let line = #"{"message":"a b"}"#
        try expect("a or c d", line, true)
        try expect("(a or c) d", line, false)
        try expect("!c a", line, true)
        try expect("not (a c) and b", line, true)
        try expect("NOT c AND b OR zzz", line, true)
        try expect("a # b c", line, true)
        try expect("a # comment\n zzz", line, false)
    }

    @Test func times() throws {
        let line = #"{"timestamp":"2023-11-14T22:10:00Z","message":"x"}"#
        try expect("_time:5m", line, true)
        try expect("_time:3m", line, false)
        try expect("_time:>3m", line, true)
        try expect("_time:<3m", line, false)
        try expect("_time:3m offset 1m", line, true)
        try expect("_time:2023", line, true)
        try expect("_time:2023-11-14", line, true)
        try expect("_time:2023-11-14Z", line, true)
        try expect("_time:2023-11-15", line, false)
        try expect("_time:2023-11-14T22", line, true)
        try expect("_time:2023-11-14T21", line, false)
        try expect("_time:[2023-11-14T22:10, 2023-11-15)", line, true)
        try expect("_time:(2023-11-14T22:10:00Z, 2023-11-15)", line, false)
        try expect("_time:[2023-11-14T22:09, 2023-11-14T22:10:00Z)", line, false)
        try expect("_time:[2023-11-14T22:09, 2023-11-14T22:10:00Z]", line, true)
        try expect("_time:[now-5m, now]", line, true)
        try expect("_time:2023-11-14T23+01:00", line, true)
        try expect("_time:>=2023-11-14T22:10:00Z", line, true)
        try expect("_time:<2023-11-14T22:10:00Z", line, false)
        try expect("!_time:5m", line, false)
    }
}
