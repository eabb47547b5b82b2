import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `kill -9` again and again while a system's log is written, and the receiver of its alerts is down at first.
@Suite struct KilledSystemTests {
    private static let system = "boulder-fest"
    /// How often weir is killed. The receiver comes up behind half of them.
    private static let kills = 8

    /// One message: the alert in it, and its key.
    private struct Message: Hashable {
        let alert: String
        let key: String

        init(_ request: LoopbackServer.Request) throws {
            let body = try #require(
                try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any])
            let alerts = try #require(body["alerts"] as? [[String: Any]])
            try #require(alerts.count == 1, "the route groups nothing")
            let labels = try #require(alerts[0]["labels"] as? [String: String])
            let status = alerts[0]["status"] as? String ?? ""
            alert =
                "\(status) \(alerts[0]["startsAt"] ?? "") "
                + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: " ")
            key = try #require(request.headers["idempotency-key"])
        }
    }

    /// The rules of the system, each change of an alert told at once in a message of its own.
    private func alertFile(_ scratch: Scratch, _ url: String) throws -> String {
        let text = try Checkout.text("sample-logs/\(Self.system)/alerts.yaml")
        let rules = try #require(text.firstRange(of: "\nroute:"))
        return try scratch.write(
            "alerts.yaml",
            text[..<rules.lowerBound] + """

                route:
                  receiver: all
                  group_by: ['...']
                  group_wait: 0s
                  group_interval: 0s
                  repeat_interval: 0s
                receivers:
                  - name: all
                    webhook_configs:
                      - url: \(url)/alerts

                """)
    }

    private func storedLines(_ scratch: Scratch) throws -> Int {
        let text = try WeirProcess.run("query", "--data", scratch.data, "-c", "*", in: scratch).text
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// Waits for a condition; the limit only ends a test that has failed.
    private func wait(for what: Comment, _ condition: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: 90)
        while try !condition() {
            try #require(Date() < deadline, what)
            usleep(5_000)
        }
    }

    @Test func everyAlertIsToldOnceWhateverIsKilled() throws {
        let scratch = try Scratch()
        let web = try Receiving(isUp: false)
        let log = scratch.url.appendingPathComponent("app.log").path
        let said = scratch.url.appendingPathComponent("said").path
        let arguments = [
            "ingest", "--data", scratch.data, "--commit-interval", "5", "--from", "start",
            "--file", log, "--alerts", try alertFile(scratch, web.url),
            "--retention", LiveSystem.path(Self.system, "retention.conf"),
        ]
        let bytes = try Checkout.bytes("sample-logs/\(Self.system)/lines.ndjson")
        let lines = bytes.count { $0 == 10 }
        try Data().write(to: URL(filePath: log))
        let writer = try FileHandle(forWritingTo: URL(filePath: log))
        // Parts end within lines, as those of a writer that flushes full buffers do.
        let step = bytes.count / (2 * Self.kills + 1) + 1
        var rest = bytes[...]
        func write() throws {
            try writer.write(contentsOf: Data(rest.prefix(step)))
            rest = rest.dropFirst(step)
        }
        for number in 0..<Self.kills {
            if number == Self.kills / 2 {
                #expect(try !LiveSystem.transitionRecords(scratch).isEmpty, "nothing waits")
                #expect(web.requests.all.isEmpty)
                try web.server.start()
            }
            let before = number == 0 ? 0 : try storedLines(scratch)
            try write()
            let weir = try KilledProcess(arguments, log: said)
            try wait(for: "lines of part \(number) are stored") {
                guard FileManager.default.fileExists(atPath: scratch.data + "/journal") else {
                    return false
                }
                return try storedLines(scratch) > before
            }
            // It dies while it reads what comes now.
            try write()
            #expect(weir.end(SIGKILL) == 128 + SIGKILL)
        }
        while !rest.isEmpty { try write() }
        let changes = try Checkout.text("sample-logs/\(Self.system)/expected-transitions.ndjson")
            .split(separator: "\n").count { !$0.contains(#""state":"pending""#) }
        let weir = try KilledProcess(arguments, log: said)
        try wait(for: "all are told") {
            Set(try web.requests.all.map { try Message($0) }).count >= changes
        }
        #expect(weir.end(SIGTERM) == 0)
        web.server.stop()

        let messages = Set(try web.requests.all.map { try Message($0) })
        #expect(messages.count == changes)
        #expect(Set(messages.map(\.alert)).count == changes, "an alert has two keys")
        #expect(Set(messages.map(\.key)).count == changes, "a key stands for two alerts")
        let transitions = try LiveSystem.transitionRecords(scratch)
        expectSame(
            try transitions.map { try LiveSystem.Transition($0[...]) }.sorted(),
            try LiveSystem.expectedTransitions(Self.system), "transitions in spite of kills")
        // Beside the alerts' own records there are the lines, each once.
        let stored = try WeirProcess.run(
            "query", "--data", scratch.data, "-c", "!_class:alerts", in: scratch)
        #expect(stored.text.trimmingCharacters(in: .whitespacesAndNewlines) == "\(lines)")
    }
}
