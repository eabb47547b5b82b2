import Foundation
import TestSupport
import Testing

/// The receivers of the five systems, on the loopback: Slack, SMS and call providers, PagerDuty, a mail server, and a program
/// that blocks addresses. It keeps what each was told, in the words of its own format.
final class SystemReceivers {
    /// One thing that somebody was told: `slack #ops-alerts: firing ErrorRate service=brainops-api`.
    typealias Told = String

    private let web: Receiving
    private let mail: MailServer
    private let blocked: URL
    private let program: String

    init(_ scratch: Scratch) throws {
        web = try Receiving()
        mail = try MailServer()
        blocked = scratch.url.appendingPathComponent("blocked")
        program = try scratch.write(
            "block-ip", "#!/bin/sh\necho \"$1 $ALERT_LABEL_CLIENT_IP\" >> '\(blocked.path)'\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
    }

    func stop() {
        web.server.stop()
        mail.stop()
    }

    /// The variables that the alert files name.
    var environment: [String: String] {
        [
            "SLACK_WEBHOOK_URL": web.url + "/slack", "ALERT_WEBHOOK_URL": web.url + "/slack/alerts",
            "ESCALATION_WEBHOOK_URL": web.url + "/slack/escalation", "SMS_URL": web.url + "/sms",
            "CALL_URL": web.url + "/call", "PAGERDUTY_URL": web.url + "/pagerduty",
            "PAGERDUTY_ROUTING_KEY": "0123456789abcdef0123456789abcdef",
            "SMTP_SMARTHOST": "127.0.0.1:\(mail.port)", "SMTP_FROM": "weir@example.org",
            "SMTP_REQUIRE_TLS": "false", "BLOCK_IP": program,
        ]
    }

    /// The texts of the messages to Slack, in which people are mentioned.
    func slackTexts() throws -> [String] {
        try web.requests.all.filter { $0.head.contains(" /slack") }
            .compactMap { try Self.object($0.body)["text"] as? String }
    }

    /// What everybody was told.
    func told() throws -> Set<Told> {
        var result: Set<Told> = []
        var incidents: [String: [String]] = [:]
        for request in web.requests.all {
            let path = String(request.head.split(separator: " ")[1])
            if path.hasPrefix("/slack") {
                result.formUnion(try Self.slack(request, path))
            } else if path == "/pagerduty" {
                result.formUnion(try Self.pagerDuty(request, &incidents))
            } else {
                result.formUnion(try Self.form(request, path))
            }
        }
        for session in mail.sessions.all { result.formUnion(try Self.mail(session)) }
        return result
    }

    /// The addresses that the program was started with, in order.
    func blockedAddresses() throws -> [String] {
        let text = try String(contentsOf: blocked, encoding: .utf8)
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            #expect(words.count == 2 && words[0] == words[1], "argument and variable: \(line)")
            return String(words.first ?? "")
        }
    }

    // MARK: Formats

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private static func slack(_ request: LoopbackServer.Request, _ path: String) throws -> [Told] {
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["idempotency-key"]?.isEmpty == false)
        let body = try object(request.body)
        let place = body["channel"] as? String ?? String(path.split(separator: "/").last ?? "")
        let attachments = try #require(body["attachments"] as? [[String: Any]])
        #expect((body["text"] as? String)?.contains("[") == true)
        return try attachments.map { attachment in
            // `Resolved: ErrorRate [high]`
            var title = try #require(attachment["title"] as? String)[...]
            let isOver = title.hasPrefix("Resolved: ")
            if isOver { title = title.dropFirst("Resolved: ".count) }
            let name = title.prefix { $0 != " " }
            #expect(attachment["color"] is String)
            let labels = (attachment["fields"] as? [[String: Any]] ?? []).map {
                "\($0["title"] ?? "")=\($0["value"] ?? "")"
            }
            return told(
                "slack \(place)", isOver ? "resolved" : "firing", "\(name)", labels)
        }
    }

    static func told(
        _ channel: String, _ state: String, _ name: String, _ labels: [String]
    ) -> Told {
        "\(channel): \(state) \(name) \(labels.sorted().joined(separator: ", "))"
    }

    private static func pagerDuty(
        _ request: LoopbackServer.Request, _ incidents: inout [String: [String]]
    ) throws -> [Told] {
        let body = try object(request.body)
        let key = try #require(body["dedup_key"] as? String)
        #expect(body["routing_key"] as? String == "0123456789abcdef0123456789abcdef")
        switch body["event_action"] as? String {
        case "trigger":
            let payload = try #require(body["payload"] as? [String: Any])
            let severity = payload["severity"] as? String ?? ""
            #expect(["critical", "error", "warning", "info"].contains(severity))
            incidents[key] = names(in: try #require(payload["summary"] as? String))
            return (incidents[key] ?? []).map { "pagerduty: firing \($0)" }
        case "resolve":
            let names = try #require(incidents[key], "an incident ends that nobody was told of")
            return names.map { "pagerduty: resolved \($0)" }
        case let other:
            Issue.record("an event of PagerDuty is no \(other ?? "nothing")")
            return []
        }
    }

    /// The names of a title: `[FIRING:2] ErrorRate, Performance (service=api)`.
    private static func names(in title: String) -> [String] {
        guard let match = title.firstMatch(of: /^\[[A-Z]+(?::\d+)?\] ([^(]*)/) else { return [] }
        return match.1.split(separator: ", ").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func form(_ request: LoopbackServer.Request, _ path: String) throws -> [Told] {
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
        var fields: [String: String] = [:]
        for pair in request.body.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map {
                $0.replacing("+", with: " ").removingPercentEncoding ?? ""
            }
            fields[parts[0]] = parts.last
        }
        let text = try #require(fields[path == "/sms" ? "Body" : "Say"])
        #expect(!text.hasPrefix("[RESOLVED"), "\(text)")
        return names(in: text).map {
            "\(path.dropFirst()) \(fields["To"] ?? ""): firing \($0)"
        }
    }

    private static func mail(_ session: MailServer.Session) throws -> [Told] {
        #expect(session.commands.contains { $0.hasPrefix("MAIL FROM:<weir@example.org>") })
        let people = session.commands.compactMap {
            $0.firstMatch(of: /^RCPT TO:<([^>]*)>/).map { String($0.1) }
        }
        // The first part is the text.
        let parts = session.message.split(separator: "base64\n\n")
        let encoded = try #require(parts.dropFirst().first).prefix { $0 != "-" }
        let data = try #require(Data(base64Encoded: encoded.filter { !$0.isWhitespace }))
        let text = String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
        return text.split(separator: "\n\n").dropFirst().flatMap { block -> [Told] in
            let lines = block.split(separator: "\n")
            guard let head = lines.first?.firstMatch(of: /^(FIRING|RESOLVED)(?: \[\w+\])? (.+)$/)
            else { return [] }
            let labels = lines.first { $0.prefixMatch(of: #/  \w+=/#) != nil } ?? ""
            return people.map {
                told(
                    "mail \($0)", head.1.lowercased(), "\(head.2)",
                    [labels.trimmingCharacters(in: .whitespaces)])
            }
        }
    }
}
