import LogMetrics
import LogPipeline
import LogSegments
import LogSystem
import Synchronization
import TestSupport
import Testing

@testable import LogServer

/// Who was not let in is on record, and a flood of them fills no disk.
@Suite struct RefusalTests {
    /// What was written, and what waits to be done later.
    private final class Bench: Sendable {
        private let written = Mutex<[AdministrativeAct]>([])
        private let waiting = Mutex<[@Sendable () -> Void]>([])
        let counters = MetricsRegistry()

        var acts: [String] {
            written.withLock { acts in
                acts.map { act in
                    let members = Dictionary(act.members) { $1 }
                    return ["address", "reason", "status", "count"]
                        .map { members[$0] ?? "" }.joined(separator: " ")
                }
            }
        }

        func log() -> RefusalLog {
            RefusalLog(clock: SystemClock(), counters: counters) { [self] act in
                written.withLock { $0.append(act) }
            }
        }

        func note(_ log: RefusalLog, _ reason: AccessRefusal, _ status: Int, _ address: String) {
            log.note(HTTPFailure(status, "no"), reason, address: address, path: "/x") {
                [self] nanoseconds, body in
                #expect(nanoseconds == RefusalLog.interval)
                waiting.withLock { $0.append(body) }
            }
        }

        /// A minute passes.
        func pass() {
            let due = waiting.withLock { all in
                let due = all
                all = []
                return due
            }
            for body in due { body() }
        }
    }

    @Test func aMinuteOfAnAddressIsOneRecord() {
        let bench = Bench()
        let log = bench.log()
        for _ in 0..<500 { bench.note(log, .noKey, 401, "192.0.2.1") }
        bench.note(log, .scope, 403, "192.0.2.1")
        bench.note(log, .noKey, 401, "192.0.2.2")
        let first = [
            "192.0.2.1 no_key 401 1", "192.0.2.1 scope 403 1", "192.0.2.2 no_key 401 1",
        ]
        #expect(bench.acts == first)
        bench.pass()
        #expect(bench.acts == first + ["192.0.2.1 no_key 401 499"])
        // Whoever has gone is forgotten, and who goes on is told once a minute.
        for _ in 0..<3 { bench.note(log, .noKey, 401, "192.0.2.1") }
        bench.pass()
        #expect(bench.acts.dropFirst(4) == ["192.0.2.1 no_key 401 3"])
        bench.pass()
        bench.pass()
        #expect(bench.acts.count == 5)
        bench.note(log, .noKey, 401, "192.0.2.1")
        #expect(bench.acts.last == "192.0.2.1 no_key 401 1")
    }

    @Test func aFloodOfAddressesIsAFewRecords() {
        let bench = Bench()
        let log = bench.log()
        for number in 0..<5_000 { bench.note(log, .unknownKey, 401, "a\(number)") }
        #expect(bench.acts.count == RefusalLog.entriesMax + 1)
        #expect(bench.acts.last == "others unknown_key 401 1")
        bench.pass()
        let rest = 5_000 - RefusalLog.entriesMax - 1
        #expect(bench.acts.last == "others unknown_key 401 \(rest)")
        #expect(bench.acts.count == RefusalLog.entriesMax + 2)
    }

    @Test func refusedRequestsAreStoredAndCounted() throws {
        var keys = AccessKeys()
        var generator = SystemRandomNumberGenerator()
        let query = try keys.add(
            name: "grafana", scopes: [.query], now: "2025-01-01T00:00:00Z", using: &generator)
        var options = HTTPOptions()
        options.questionsPerSecond = 1
        options.corsOrigins = ["https://status.example"]
        let server = try TestIngester(options: options, keys: keys)
        defer { server.stop() }
        let path = "/api/monitoring/alerts"
        #expect(try server.get(path).status == 401)
        #expect(try server.get(path + "?api_key=stolen-secret").status == 401)
        #expect(try server.post("/insert/jsonline", "{}", ["X-API-Key: \(query)"]).status == 403)
        #expect(try server.post(path, "{}", ["Origin: https://evil.example"]).status == 403)
        for _ in 0..<20 { _ = try server.get("/api/v1/health") }
        // A wrong path is nobody's refusal.
        #expect(try server.get("/nowhere").status == 404)
        let wanted = ["no_key", "unknown_key", "scope", "origin", "question_rate"]
        var found = ""
        try waitUntil {
            found = try StoredText.read(
                server.directory.path, "_class:=weir-audit event:=access_refused")
            return wanted.allSatisfy { found.contains("\"reason\":\"\($0)\"") }
        }
        #expect(found.split(separator: "\n").count == wanted.count)
        #expect(found.contains(#""address":"127.0.0.1""#))
        #expect(found.contains(#""path":"/api/monitoring/alerts","#))
        #expect(!found.contains("stolen-secret") && !found.contains(query))
        let page = try server.get("/metrics", ["X-API-Key: \(query)"])
        // The key's own bucket is full.
        #expect(page.text.contains(#"weir_access_refused_total{reason="unknown_key"} 1"#))
    }
}
