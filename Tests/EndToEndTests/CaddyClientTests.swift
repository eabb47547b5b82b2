import Foundation
import TestSupport
import Testing

/// Caddy's net log writer: each request is a line of its access log, and arrives once.
@Suite struct CaddyClientTests {
    private static let count = 1_000
    private static let caddy = Checkout.root.appending(path: ".build/clients/caddy/usr/bin/caddy")
        .path

    @Test(.enabled(if: ClientProgram.all(caddy, "curl"), ClientProgram.hint))
    func netLogWriter() throws {
        let scratch = try Scratch()
        let weir = try ListeningWeir(["--tcp", "127.0.0.1:0"], in: scratch)
        // A socket of the test's own instead of a port that another may have.
        let socket = scratch.fresh("caddy").path
        let block = try ClientPage().block(
            "Caddy, net log writer",
            [
                "5140": weir.port,
                "http://localhost:8080 {": "http://localhost {\n    bind unix/\(socket)",
            ])
        let caddy = try WeirProcess.Running(
            [
                "run", "--adapter", "caddyfile", "--config",
                try scratch.write("Caddyfile", block),
            ], in: scratch, executable: Self.caddy,
            environment: ["HOME": scratch.url.path, "XDG_DATA_HOME": scratch.url.path])
        defer {
            caddy.process.terminate()
            caddy.process.waitUntilExit()
        }
        try caddy.waitUntil("Caddy serves") { ClientProgram.has(socket) }
        let client = try WeirProcess.Running(
            [
                "-sSf", "--unix-socket", socket, "-A", "a \"quoted\" \\ ümläut",
                "http://localhost/n/[0-\(Self.count - 1)]",
            ], in: scratch, executable: ClientProgram.path("curl"))
        let result = try client.wait()
        #expect(result.status == 0, "\(result.errors) \(caddy.errors)")
        try weir.waitForLines(Self.count)
        let stored = try weir.stop()
        #expect(stored.count == Self.count)
        var seen = Set<String>()
        for line in stored {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            let entry = try #require(object as? [String: Any], "no line of Caddy's: \(line)")
            let request = try #require(entry["request"] as? [String: Any], "\(line)")
            let headers = request["headers"] as? [String: [String]]
            #expect(headers?["User-Agent"] == ["a \"quoted\" \\ ümläut"], "\(line)")
            #expect(entry["status"] as? Int == 200)
            seen.insert(request["uri"] as? String ?? "")
        }
        #expect(seen == Set((0..<Self.count).map { "/n/\($0)" }))
    }
}
