import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Real clients send numbered lines; each arrives as it was sent, once.
///
/// `make clients` fetches them. A client that is missing is said to be, and its test passes by.
@Suite(.serialized) struct HTTPClientTests {
    private static let count = 1_000
    private static let clients = Checkout.root.appending(path: ".build/clients")
    private static let scripts = Checkout.root.appending(path: "Tests/EndToEndTests/HTTPClients")

    /// Whether a client's program is there.
    private func isThere(_ path: URL) -> Bool {
        if FileManager.default.fileExists(atPath: path.path) { return true }
        print("skipped: \(path.path) is missing; `make clients` fetches it")
        return false
    }

    /// Runs a Python script with a listener's address and a number of lines, and gives what is stored afterwards.
    private func lines(
        _ script: String, module: String, fields: String
    ) throws -> [String]? {
        let python = Self.clients.appending(path: "venv/bin/python")
        guard isThere(python) else { return nil }
        let scratch = try Scratch()
        let probe = try WeirProcess.Running(
            ["-c", "import \(module)"], in: scratch, executable: python.path)
        guard try probe.wait().status == 0 else {
            print("skipped: \(module) is missing; `make clients` fetches it")
            return nil
        }
        // Loki's handler sends a request for each line and waits for its answer.
        let server = try HTTPListener(scratch, ["--commit-interval", "5"])
        let client = try WeirProcess.Running(
            [Self.scripts.appending(path: script).path, server.address, String(Self.count)],
            in: scratch, executable: python.path)
        let result = try client.wait()
        #expect(result.status == 0, "\(result.errors)")
        return try server.end(fields: fields)
    }

    private var numbered: [String] { (0..<Self.count).map { "line \($0) é" }.sorted() }

    @Test func elasticsearch() throws {
        guard let lines = try lines("elastic.py", module: "elasticsearch", fields: "text")
        else { return }
        #expect(lines == numbered)
    }

    @Test func opensearch() throws {
        guard let lines = try lines("opensearch.py", module: "opensearchpy", fields: "text")
        else { return }
        #expect(lines == numbered)
    }

    @Test func loki() throws {
        guard let lines = try lines("loki.py", module: "logging_loki", fields: "_msg")
        else { return }
        #expect(lines == numbered)
    }

    @Test func openTelemetry() throws {
        let module = "opentelemetry.exporter.otlp.proto.http"
        guard let lines = try lines("otlp.py", module: module, fields: "_msg") else { return }
        #expect(lines == numbered)
    }

    @Test func curl() throws {
        let program = URL(fileURLWithPath: "/usr/bin/curl")
        guard isThere(program) else { return }
        let scratch = try Scratch()
        let body = (0..<Self.count).map { "{\"text\":  \"line \($0) é\"}\n" }
        let file = try scratch.write("body", body.joined())
        let server = try HTTPListener(scratch)
        let client = try WeirProcess.Running(
            [
                "-sSf", "-X", "POST", "--data-binary", "@" + file,
                "http://\(server.address)/insert/jsonline",
            ], in: scratch, executable: program.path)
        #expect(try client.wait().status == 0)
        _ = try server.end(fields: "text")
        let raw = try WeirProcess.run("query", "--data", scratch.data, "*", in: scratch)
        #expect(sortedLines(raw.output) == sortedLines(Data(body.joined().utf8)))
    }

    /// Starts a daemon with its configuration, and waits until all lines have come.
    private func daemon(
        _ program: URL, _ configuration: String, _ values: [String: String],
        environment: [String: String] = [:],
        arguments: (_ configuration: String, _ scratch: Scratch) -> [String]
    ) throws -> [String] {
        let scratch = try Scratch()
        let server = try HTTPListener(scratch)
        let text = (0..<Self.count).map { "line \($0) é\n" }.joined()
        let input = try scratch.write("input.log", text)
        var filled = try String(
            contentsOf: Self.scripts.appending(path: configuration), encoding: .utf8)
        let port = server.address.split(separator: ":").last.map(String.init) ?? ""
        let all = values.merging(
            ["@PORT@": port, "@INPUT@": input, "@WORK@": scratch.url.path]) { $1 }
        for (name, value) in all { filled = filled.replacing(name, with: value) }
        let path = try scratch.write(configuration, filled)
        let client = try WeirProcess.Running(
            arguments(path, scratch), in: scratch, executable: program.path,
            environment: environment)
        defer {
            // Not SIGTERM: rsyslog takes its time to see it.
            kill(client.process.processIdentifier, SIGKILL)
            client.process.waitUntilExit()
        }
        do {
            try client.waitUntil("all lines have come") {
                try server.count() >= Self.count
            }
        } catch {
            Issue.record("\(client.errors) \(server.errors)")
        }
        return try server.end(fields: "text")
    }

    @Test func rsyslog() throws {
        let program = URL(fileURLWithPath: "/usr/sbin/rsyslogd")
        let module = Self.clients.appending(
            path: "rsyslog/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so")
        guard isThere(program), isThere(module) else { return }
        let lines = try daemon(program, "rsyslog.conf", ["@MODULE@": module.path]) {
            ["-n", "-f", $0, "-i", $1.url.appending(path: "pid").path]
        }
        #expect(lines == numbered)
    }

    @Test func syslogNG() throws {
        let home = Self.clients.appending(path: "syslog-ng")
        let program = home.appending(path: "usr/sbin/syslog-ng")
        let modules = home.appending(path: "usr/lib/syslog-ng/3.38").path
        guard isThere(program), isThere(home.appending(path: "usr/lib/syslog-ng/3.38/libhttp.so"))
        else { return }
        let libraries = [
            "usr/lib/syslog-ng", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu",
        ].map { home.appending(path: $0).path }.joined(separator: ":")
        let lines = try daemon(
            program, "syslog-ng.conf", [:], environment: ["LD_LIBRARY_PATH": libraries]
        ) {
            [
                "-F", "-f", $0, "--module-path", modules, "--no-caps",
                "-R", $1.url.appending(path: "persist").path,
                "-c", $1.url.appending(path: "control").path,
                "-p", $1.url.appending(path: "pid").path,
            ]
        }
        #expect(lines == numbered)
    }
}
