import Glibc
import LogBytes
import LogMetrics
import LogSystem
import TestSupport
import Testing

@testable import LogSources

@Suite struct ProbeTests {
    @Test func plansAreRead() throws {
        let plan = try ProbePlan(
            "https://example.org/health every 2m timeout 500ms expect 2xx service shop")
        #expect(plan.url == "https://example.org/health")
        #expect(plan.interval == 120_000_000_000)
        #expect(plan.timeout == 500_000_000)
        #expect(plan.expected == 200...299)
        #expect(plan.service == "shop")
        #expect(try ProbePlan("http://x/").expected == 200...399)
        #expect(try ProbePlan("http://x/").timeout == 5_000_000_000)
        #expect(try ProbePlan("http://x/ every 1s").timeout == 1_000_000_000)
        #expect(try ProbePlan("http://x/ expect 204").expected == 204...204)
        #expect(try ProbePlan("http://x/ expect 200-204").expected == 200...204)
    }

    @Test func wrongPlansAreTold() {
        func f(_ text: String, _ want: String, _ at: SourceLocation = #_sourceLocation) {
            do throws(SourceError) {
                _ = try ProbePlan(text)
                Issue.record("`\(text)` was taken", sourceLocation: at)
            } catch {
                #expect(error.description.contains(want), sourceLocation: at)
            }
        }
        f("", "begins with an address")
        f("ftp://x/", "not with `ftp://x/`")
        f("http://x/ evry 5s", "`evry` is no word of a probe")
        f("http://x/ every", "`every` at the end")
        f("http://x/ every 5", "is no duration of at least 1s")
        f("http://x/ every 10ms", "is no duration of at least 1s")
        f("http://x/ every 2s timeout 3s", "waits for an answer longer")
        f("http://x/ expect yes", "is no status")
        f("http://x/ expect 204-200", "is no status")
    }

    @Test func aLineTellsWhatCameOfACheck() throws {
        let plan = try ProbePlan("http://user@shop.example:8080/health?x=1 expect 200")
        let well = ProbeResult(status: 200, error: nil, duration: 12_345_678)
        #expect(
            well.line(plan, time: 1_737_201_600_000_000_000)
                == #"{"timestamp":"2025-01-18T12:00:00.000Z","level":"INFO","#
                + #""logger":"weir.probe","service":"shop.example:8080","event":"probe","#
                + #""method":"GET","endpoint":"http://user@shop.example:8080/health?x=1","#
                + #""status_code":200,"duration_ms":12.35,"ok":true,"message":"#
                + #""http://user@shop.example:8080/health?x=1 answered 200 in 12.35 ms"}"#)
        let ill = ProbeResult(status: nil, error: "no answer within 5.0 s", duration: 5_000_000_000)
        let line = ill.line(plan, time: 0)
        #expect(line.contains(#""level":"ERROR""#) && line.contains(#""ok":false"#))
        #expect(line.contains(#""error":"no answer within 5.0 s""#))
        #expect(!line.contains("status_code"))
    }

    /// A server on the loopback that answers each connection with `answer`, or not at all when that is nil.
    private func withServer(
        _ answer: String?, _ body: (_ port: Int) throws -> Void
    ) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(isBound)
        let serving = Background { () -> Bool in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return true }
                guard let answer else { continue }
                var buffer = [UInt8](repeating: 0, count: 4_096)
                _ = read(client, &buffer, buffer.count)
                _ = Array(answer.utf8).withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
                close(client)
            }
        }
        try body(Int(UInt16(bigEndian: address.sin_port)))
        shutdown(listener, Int32(SHUT_RDWR))
        _ = try serving.result()
    }

    /// The first line of a probe by `plan`, and its counters.
    private func firstLine(_ plan: String) throws -> (line: String, outcomes: [String: UInt64]) {
        let source = ProbeSource(try ProbePlan(plan))
        let outlet = ChunkOutlet(chunkCount: 2, chunkBytes: 1 << 16)
        let context = SourceContext(outlet: outlet)
        let running = Background { (try? source.run(in: context)) != nil }
        guard case .delivery(let delivery) = outlet.receive(until: nil) else { return ("", [:]) }
        let line = String(decoding: Array(delivery.chunk.view), as: UTF8.self)
        source.stop()
        outlet.recycle(delivery.chunk)
        #expect(try running.result())
        return (line, context.counters.values(.probes))
    }

    @Test func answersAreChecked() throws {
        let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        try withServer(ok) { port in
            let (line, outcomes) = try firstLine("http://127.0.0.1:\(port)/health every 60s")
            #expect(line.contains(#""status_code":200"#) && line.contains(#""ok":true"#))
            #expect(outcomes == ["ok": 1])
        }
        try withServer("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n") { port in
            let (line, outcomes) = try firstLine("http://127.0.0.1:\(port)/ expect 200")
            #expect(line.contains(#""status_code":503"#) && line.contains("expected 200, got 503"))
            #expect(outcomes == ["failed": 1])
        }
        // A redirect is an answer, and not followed.
        try withServer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n") { port in
            let line = try firstLine("http://127.0.0.1:\(port)/").line
            #expect(line.contains(#""status_code":302"#))
        }
    }

    @Test func noAnswerIsAnAnswer() throws {
        try withServer(nil) { port in
            let (line, _) = try firstLine("http://127.0.0.1:\(port)/ timeout 50ms")
            #expect(line.contains(#""error":"no answer within 0.05 s""#))
        }
        let (line, outcomes) = try firstLine("http://127.0.0.1:1/ every 60s")
        #expect(line.contains(#""ok":false"#))
        #expect(line.contains("onnection refused"))
        #expect(outcomes == ["failed": 1])
    }
}
