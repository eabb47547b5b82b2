import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// One of the five systems, served by a real weir: its log goes in live, its receivers are on the loopback.
struct LiveSystem {
    let name: String
    let scratch: Scratch
    let receivers: SystemReceivers
    /// What weir said on its standard output.
    let output: String

    /// The address of a file in the system's folder.
    static func path(_ system: String, _ file: String) -> String {
        Checkout.root.appending(path: "sample-logs/\(system)/\(file)").path
    }

    private var folder: String { "sample-logs/\(name)/" }

    /// Feeds the whole log, waits until `/metrics` shows what is expected, and ends weir well.
    init(_ name: String, options: [String] = []) throws {
        try self.init(
            name, ["--http", "127.0.0.1:0", "-"] + options,
            input: URL(filePath: Self.path(name, "lines.ndjson"))
        ) { running in
            try Self.expectMetrics(name, running)
            running.process.terminate()
        }
    }

    /// Feeds the lines before `time`; there the input ends.
    init(_ name: String, before time: String) throws {
        let scratch = try Scratch()
        let lines = try Checkout.text("sample-logs/\(name)/lines.ndjson").split(separator: "\n")
            .prefix { line in
                line.firstMatch(of: /"timestamp":"([^"]*)"/).map { $0.1 < time } ?? true
            }
        try #require(!lines.isEmpty)
        let file = try scratch.write("part", lines.joined(separator: "\n") + "\n")
        try self.init(name, [], input: URL(filePath: file)) { _ in }
    }

    private init(
        _ name: String, _ options: [String], input: URL,
        _ body: (WeirProcess.Running) throws -> Void
    ) throws {
        self.name = name
        let scratch = try Scratch()
        self.scratch = scratch
        let receivers = try SystemReceivers(scratch)
        self.receivers = receivers
        defer { receivers.stop() }
        var arguments = [
            "ingest", "--data", scratch.data, "--commit-interval", "20",
            "--alerts", Self.path(name, "alerts.yaml"),
            "--retention", Self.path(name, "retention.conf"),
        ]
        let running = try WeirProcess.Running(
            arguments + options, in: scratch, input: try FileHandle(forReadingFrom: input),
            environment: receivers.environment)
        do {
            try body(running)
        } catch {
            running.process.terminate()
            throw error
        }
        var result = try running.wait()
        var said = result.text
        // On a busy machine the end may come before everything is delivered: the next start goes on with it.
        arguments.append("-")
        for _ in 0..<Self.restartsMax where result.errors.contains("not delivered yet") {
            result = try WeirProcess.Running(
                arguments, in: scratch, environment: receivers.environment
            ).wait()
            said += result.text
        }
        #expect(result.status == 0, "\(result.errors)")
        output = said
    }

    /// Only a test that has failed starts weir so often.
    private static let restartsMax = 10

    /// Waits until `/metrics` has all expected samples.
    private static func expectMetrics(_ name: String, _ running: WeirProcess.Running) throws {
        let expected = Set(
            try Checkout.text("sample-logs/\(name)/expected-metrics.txt").split(separator: "\n")
                .map(String.init))
        try #require(!expected.isEmpty)
        var page = ""
        do {
            try running.waitUntil("/metrics shows all samples") {
                guard let port = port(running.errors) else { return false }
                page = get("/metrics", port: port)
                return isPart(expected, of: page)
            }
        } catch {
            let missing = expected.subtracting(page.split(separator: "\n").map(String.init))
            Issue.record("/metrics lacks \(missing.sorted().prefix(5)); \(error)")
            throw error
        }
    }

    private static func isPart(_ samples: Set<String>, of page: String) -> Bool {
        samples.isSubset(of: page.split(separator: "\n").map(String.init))
    }

    private static func port(_ errors: String) -> UInt16? {
        errors.firstMatch(of: /listening on http 127\.0\.0\.1:([0-9]+)\n/).flatMap { UInt16($0.1) }
    }

    /// The body of an answer, empty where none comes.
    private static func get(_ path: String, port: UInt16) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return "" }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            return ""
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: What came of it

    /// A transition as `expected-transitions.ndjson` has it: time, state, alert, labels.
    struct Transition: Hashable, Comparable, CustomStringConvertible {
        let description: String

        /// Reads one of weir's records, or a line of the expected ones.
        init(_ line: Substring) throws {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let labels = try #require(object["labels"] as? [String: String])
            let event = (object["event"] as? String).map { String($0.dropFirst("alert_".count)) }
            let words = [
                object["time"] ?? object["timestamp"], object["state"] ?? event, object["alert"],
            ].map { "\($0 ?? "?")" }
            description =
                (words + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
                .joined(separator: " ")
        }

        static func < (left: Self, right: Self) -> Bool { left.description < right.description }
    }

    static func expectedTransitions(_ system: String) throws -> [Transition] {
        try Checkout.text("sample-logs/\(system)/expected-transitions.ndjson")
            .split(separator: "\n").map { try Transition($0) }.sorted()
    }

    /// The records of transitions in a data directory, as they are stored.
    static func transitionRecords(_ scratch: Scratch) throws -> [String] {
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "-o", "raw", "-n", "100000",
            "_class:alerts event:in(alert_pending, alert_firing, alert_resolved)", in: scratch)
        return result.lines.map(String.init).sorted()
    }

    /// The transitions that are stored are the expected ones, each once.
    func expectTransitions() throws {
        let records = try Self.transitionRecords(scratch)
        let found = try records.map { try Transition($0[...]) }.sorted()
        expectSame(found, try Self.expectedTransitions(name), "transitions of \(name)")
        // The rules say the same of the stored lines as they said of the live ones, to the byte.
        let replayed = try WeirProcess.Running(
            [
                "alerts", "test", "--data", scratch.data, "-o", "json", "--alerts",
                Self.path(name, "alerts.yaml"),
            ], in: scratch, environment: receivers.environment
        ).wait()
        #expect(replayed.status == 0, "\(replayed.errors)")
        expectSame(replayed.lines.map(String.init).sorted(), records, "the replay of \(name)")
    }

    /// The classes hold as many lines as they should, and nothing but weir's own is in others.
    func expectClasses() throws {
        let result = try WeirProcess.run(
            "query", "--data", scratch.data, "-o", "json", "* | stats by (_class) count() as n",
            in: scratch)
        var found: [String: String] = [:]
        for line in result.lines {
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            found[try #require(row?["_class"] as? String)] = "\(row?["n"] ?? "")"
        }
        found["alerts"] = nil
        var expected: [String: String] = [:]
        for line in try Checkout.text(folder + "expected-classes.txt").split(separator: "\n") {
            let words = line.split(separator: " ")
            expected[String(words[0])] = String(words[1])
        }
        #expect(found == expected)
    }

    /// What was said is what `expected-notifications.ndjson` says.
    ///
    /// - Parameters:
    ///   - channels: what each receiver consists of. A name that ends with `!` is told of no end, one with `~` shows no labels.
    func expectedTold(_ channels: [String: [String]]) throws -> Set<SystemReceivers.Told> {
        var result: Set<SystemReceivers.Told> = []
        let lines = try Checkout.text(folder + "expected-notifications.ndjson")
        for line in lines.split(separator: "\n") {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let receiver = try #require(object["receiver"] as? String)
            for channel in try #require(channels[receiver], "\(receiver) is not known") {
                for alert in object["alerts"] as? [[String: Any]] ?? [] {
                    let state = alert["state"] as? String ?? ""
                    if channel.contains("!"), state == "resolved" { continue }
                    let name = alert["alert"] as? String ?? ""
                    let plain = channel.filter { !"!~".contains($0) }
                    if channel.contains("~") {
                        result.insert("\(plain): \(state) \(name)")
                        continue
                    }
                    let labels = (alert["labels"] as? [String: String] ?? [:]).filter {
                        $0.key != "alertname" && $0.key != "severity"
                    }
                    result.insert(
                        SystemReceivers.told(
                            plain, state, name, labels.map { "\($0.key)=\($0.value)" }))
                }
            }
        }
        return result
    }
}

/// Two lists are the same; says what is missing and what is too much.
func expectSame<Element: Hashable & Comparable>(
    _ found: [Element], _ expected: [Element], _ what: String,
    _ location: SourceLocation = #_sourceLocation
) {
    if found == expected { return }
    let missing = expected.filter { !found.contains($0) }
    let further = found.filter { !expected.contains($0) }
    Issue.record(
        """
        \(what): \(found.count), expected \(expected.count); missing \(missing.prefix(3)), \
        too much \(further.prefix(3))
        """, sourceLocation: location)
}
