import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Real clients with the configuration of the page for their users. Each sends numbered lines; each arrives as it was sent, once.
@Suite(.serialized) struct ClientTests {
    private let scratch: Scratch
    private let page: ClientPage
    private static let count = 500

    /// What the clients send: lines that have everything that a careless client breaks.
    private let sent: [String]

    init() throws {
        scratch = try Scratch()
        page = try ClientPage()
        sent = (0..<Self.count).map {
            "{\"n\":\($0),\"message\":\"line \($0) \\\"quoted\\\"\\tümläut <b> 100% {x} \\\\n\"}"
        }
    }

    private func lineFile() throws -> String {
        try scratch.write("app.ndjson", sent.map { $0 + "\n" }.joined())
    }

    /// The block under `heading`, pointed at `weir`.
    private func block(
        _ heading: String, _ weir: ListeningWeir, certificates: TestCertificates? = nil
    ) throws -> String {
        try page.block(
            heading,
            [
                "5140": weir.port, "/var/log/app.ndjson": try lineFile(),
                "/run/weir.sock": weir.addresses[0].split(separator: " ").last.map(String.init)
                    ?? "",
                "/etc/weir": certificates?.folder ?? "/etc/weir",
            ])
    }

    /// Runs a client that ends by itself, and checks that its lines arrived.
    private func run(
        _ heading: String, _ options: [String], executable: String = "/bin/sh",
        certificates: TestCertificates? = nil,
        _ isSame: (_ stored: String, _ sent: String) -> Bool = { $0 == $1 },
        script: (String) -> [String] = { ["-c", $0] }
    ) throws {
        let weir = try ListeningWeir(options, in: scratch)
        let client = try WeirProcess.Running(
            script(try block(heading, weir, certificates: certificates)), in: scratch,
            executable: executable)
        let result = try client.wait()
        #expect(result.status == 0, "\(heading): \(result.errors)")
        try check(heading, weir, isSame)
    }

    /// Runs a daemon until its lines have arrived.
    private func runDaemon(
        _ heading: String, _ weir: ListeningWeir, _ arguments: [String], executable: String,
        environment: [String: String] = [:]
    ) throws {
        let client = try WeirProcess.Running(
            arguments, in: scratch, executable: executable, environment: environment)
        defer {
            // It would go on trying to reach weir, which has ended.
            kill(client.process.processIdentifier, SIGKILL)
            client.process.waitUntilExit()
        }
        do {
            try check(heading, weir) { $0 == $1 }
        } catch {
            Issue.record("\(heading): \(error); the client says: \(client.errors)")
        }
    }

    private func check(
        _ heading: String, _ weir: ListeningWeir, _ isSame: (String, String) -> Bool
    ) throws {
        try weir.waitForLines(sent.count)
        let stored = try weir.stop()
        #expect(stored.count == sent.count, "\(heading)")
        let number = /"n": ?(\d+)|_n": ?(\d+)/
        var seen = Set<Int>()
        for line in stored {
            guard let match = line.firstMatch(of: number),
                let index = (match.1 ?? match.2).flatMap({ Int($0) }), index < sent.count
            else {
                Issue.record("\(heading): \(line)")
                continue
            }
            #expect(seen.insert(index).inserted, "\(heading): line \(index) came twice")
            #expect(isSame(line, sent[index]), "\(heading): \(line)")
        }
        #expect(seen.count == sent.count, "\(heading)")
    }

    // MARK: System loggers

    private func rsyslog(
        _ heading: String, _ options: [String], certificates: TestCertificates? = nil
    ) throws {
        let weir = try ListeningWeir(options, in: scratch)
        let work = scratch.fresh("rsyslog")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        let configuration = try scratch.write(
            "rsyslog.conf",
            "global(workDirectory=\"\(work.path)\")\n"
                + (try block(heading, weir, certificates: certificates)))
        try runDaemon(
            heading, weir, ["-n", "-f", configuration, "-i", work.path + "/pid"],
            executable: ClientProgram.path("rsyslogd") ?? "")
    }

    @Test(.enabled(if: ClientProgram.all("rsyslogd"), ClientProgram.hint))
    func rsyslogWithCountedOctets() throws {
        try rsyslog(
            "rsyslog, TCP with counted octets",
            ["--tcp", "127.0.0.1:0", "--framing", "octet"])
    }

    @Test(.enabled(if: ClientProgram.all("rsyslogd"), ClientProgram.hint))
    func rsyslogOverTCP() throws { try rsyslog("rsyslog, TCP", ["--tcp", "127.0.0.1:0"]) }

    @Test(.enabled(if: ClientProgram.all("rsyslogd"), ClientProgram.hint))
    func rsyslogOverUDP() throws { try rsyslog("rsyslog, UDP", ["--udp", "127.0.0.1:0"]) }

    @Test(
        .enabled(
            if: ClientProgram.all(
                "rsyslogd", "openssl", "/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so"),
            ClientProgram.hint),
        arguments: ["gtls", "ossl"])
    func rsyslogOverTLS(_ driver: String) throws {
        let certificates = try TestCertificates(in: scratch)
        try rsyslog(
            "rsyslog, TLS with \(driver)",
            ["--tcp", "127.0.0.1:0"] + certificates.serverOptions + certificates.clientOptions,
            certificates: certificates)
    }

    @Test(.enabled(if: ClientProgram.all(ClientProgram.syslogNG), ClientProgram.hint))
    func syslogNG() throws {
        let heading = "syslog-ng, TCP"
        let weir = try ListeningWeir(["--tcp", "127.0.0.1:0"], in: scratch)
        let work = scratch.fresh("syslog-ng").path
        try FileManager.default.createDirectory(
            atPath: work, withIntermediateDirectories: true)
        let configuration = try scratch.write("syslog-ng.conf", try block(heading, weir))
        let root = ClientProgram.syslogNG
        let libraries = root + "/usr/lib/syslog-ng"
        try runDaemon(
            heading, weir,
            [
                "--foreground", "--stderr", "--no-caps", "--cfgfile=\(configuration)",
                "--module-path=\(libraries)/3.38", "--persist-file=\(work)/persist",
                "--pidfile=\(work)/pid", "--control=\(work)/control",
            ], executable: root + "/usr/sbin/syslog-ng",
            environment: [
                "LD_LIBRARY_PATH":
                    "\(libraries):\(root)/usr/lib/x86_64-linux-gnu:\(root)/lib/x86_64-linux-gnu"
            ])
    }

    // MARK: Commands

    @Test(.enabled(if: ClientProgram.all("logger"), ClientProgram.hint))
    func logger() throws {
        func isAtTheEnd(_ stored: String, _ sent: String) -> Bool {
            stored.hasPrefix("<13>") && stored.hasSuffix(" " + sent)
        }
        try run("logger, TCP", ["--tcp", "127.0.0.1:0"], isAtTheEnd)
    }

    @Test(.enabled(if: ClientProgram.all("logger"), ClientProgram.hint))
    func loggerWithCountedOctets() throws {
        try run("logger, TCP with counted octets", ["--tcp", "127.0.0.1:0"]) {
            $0.hasPrefix("<13>") && $0.hasSuffix(" " + $1)
        }
    }

    @Test(.enabled(if: ClientProgram.all("logger"), ClientProgram.hint))
    func loggerOverUDP() throws {
        try run("logger, UDP", ["--udp", "127.0.0.1:0"]) {
            $0.hasPrefix("<13>") && $0.hasSuffix(" " + $1)
        }
    }

    @Test(.enabled(if: ClientProgram.all("logger"), ClientProgram.hint))
    func loggerOverUnixDatagrams() throws {
        try run("logger, Unix datagrams", ["--unix-datagram", scratch.fresh("socket").path]) {
            $0.hasPrefix("<13>") && $0.hasSuffix(" app: " + $1)
        }
    }

    @Test(.enabled(if: ClientProgram.all("nc"), ClientProgram.hint))
    func nc() throws { try run("nc, TCP", ["--tcp", "127.0.0.1:0"]) }

    @Test(.enabled(if: ClientProgram.all("nc"), ClientProgram.hint))
    func ncOverAUnixSocket() throws {
        try run("nc, Unix", ["--unix", scratch.fresh("socket").path])
    }

    @Test(.enabled(if: ClientProgram.all("nc"), ClientProgram.hint))
    func ncOverUDP() throws { try run("nc, UDP", ["--udp", "127.0.0.1:0"]) }

    // MARK: Python

    private func python(
        _ heading: String, _ options: [String], _ call: String,
        certificates: TestCertificates? = nil
    ) throws {
        try run(
            heading, options, executable: ClientProgram.python, certificates: certificates,
            { stored, sent in
                guard let object = Self.object(stored), let want = Self.object(sent) else {
                    return false
                }
                return [object["message"], object["event"], object["short_message"]].contains {
                    $0 as? String == want["message"] as? String
                }
            },
            script: { ["-c", $0 + "\nfor n in range(\(sent.count)):\n    \(call)\n"] })
    }

    private static func object(_ text: String) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
    }

    /// The message of line `n`, in Python.
    private static let message =
        "'line %d \"quoted\"\\tümläut <b> 100%% {x} \\\\n' % n"

    @Test(.enabled(if: ClientProgram.all(ClientProgram.python), ClientProgram.hint))
    func pythonJSONLogger() throws {
        try python(
            "Python logging, python-json-logger", ["--tcp", "127.0.0.1:0"],
            "log.info(\(Self.message), extra={'n': n})")
    }

    @Test(.enabled(if: ClientProgram.all(ClientProgram.python), ClientProgram.hint))
    func structlog() throws {
        try python(
            "Python structlog", ["--tcp", "127.0.0.1:0"], "log.info(\(Self.message), n=n)")
    }

    @Test(.enabled(if: ClientProgram.all(ClientProgram.python), ClientProgram.hint))
    func pygelfOverTCP() throws {
        try python(
            "pygelf, TCP", ["--tcp", "127.0.0.1:0"],
            "log.info(\(Self.message), extra={'n': n})")
    }

    @Test(.enabled(if: ClientProgram.all(ClientProgram.python), ClientProgram.hint))
    func pygelfOverUDP() throws {
        try python(
            "pygelf, UDP in chunks, compressed", ["--udp", "127.0.0.1:0"],
            "log.info(\(Self.message), extra={'n': n})")
    }

    @Test(.enabled(if: ClientProgram.all(ClientProgram.python, "openssl"), ClientProgram.hint))
    func pygelfOverTLS() throws {
        let certificates = try TestCertificates(in: scratch)
        try python(
            "pygelf, TLS",
            ["--tcp", "127.0.0.1:0"] + certificates.serverOptions + certificates.clientOptions,
            "log.info(\(Self.message), extra={'n': n})",
            certificates: certificates)
    }

    // MARK: The page

    @Test func everyBlockOfThePageIsTested() throws {
        let tests = try ["ClientTests", "CaddyClientTests", "JournalClientTests"].map {
            try Checkout.text("Tests/EndToEndTests/\($0).swift")
        }.joined()
        for heading in page.headings {
            let isTested =
                tests.contains("\"\(heading)\"")
                || heading.hasPrefix("rsyslog, TLS with ") && tests.contains("rsyslogOverTLS")
            #expect(isTested, "no test runs the block `\(heading)`")
        }
        #expect(page.headings.count >= 21)
    }
}
