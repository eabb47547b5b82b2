import Foundation
import TestSupport
import Testing

/// The five systems that ship with weir, live: the lines go in, metrics come out under the system's names, alerts fire and end
/// at its thresholds, and its receivers are told in their own formats.
///
/// A log of hours passes in a second here. What routes do by the wall clock (waiting, office hours, escalation by age) shows as
/// far as it can within a second; `SystemNotificationsTests` holds each message against its time.
@Suite struct SystemsTests {
    private typealias Told = SystemReceivers.Told

    /// - Parameters:
    ///   - channels: what each receiver consists of, as `LiveSystem.expectedTold` takes it.
    ///   - waits: what is told after minutes or at certain hours only, and may be missing.
    ///   - further: what another hour of the day may add.
    private func check(
        _ system: LiveSystem, _ channels: [String: [String]], waits: (Told) -> Bool,
        further: Set<Told> = []
    ) throws {
        try system.expectTransitions()
        try system.expectClasses()
        let expected = try system.expectedTold(channels)
        let told = try system.receivers.told()
        let missing = expected.filter { !waits($0) }.subtracting(told)
        #expect(missing.isEmpty, "\(missing.sorted().joined(separator: "\n"))")
        let excess = told.subtracting(expected).subtracting(further)
        #expect(excess.isEmpty, "\(excess.sorted().joined(separator: "\n"))")
        // What may be missing is the smaller part, so that the comparison says something.
        #expect(expected.contains { !waits($0) })
    }

    @Test func brainOps() throws {
        let system = try LiveSystem("brainops")
        let officeHours = [
            "ApiKeyNewLocation", "BackupStorageUsage", "BulkDataExport", "FailedLogins",
            "LongRunningQueries", "MemoryUsage", "RateLimitViolations",
        ]
        let escalated: Set = [
            "sms on-call: firing EndpointDown", "call on-call: firing EndpointDown",
            "mail engineering-manager@brainops.com: firing CriticalErrors service=brainops-api",
        ]
        let logins = ["firing", "resolved"].flatMap { state in
            ["mail oncall@brainops.com", "slack #ops-alerts"].map {
                "\($0): \(state) FailedLogins client_ip=203.0.113.7"
            }
        }
        try check(
            system,
            [
                "email-and-slack": ["mail oncall@brainops.com", "slack #ops-alerts"],
                "email": ["mail oncall@brainops.com"], "pagerduty": ["pagerduty~"],
                "engineering-manager": ["mail engineering-manager@brainops.com!"],
                "sms": ["sms on-call!~"], "call": ["call on-call!~"],
                // Started with an address; what it was told is looked at below.
                "block-ip": [],
            ],
            waits: { told in
                escalated.contains(told) || officeHours.contains { told.contains(" \($0) ") }
            }, further: Set(logins))
        #expect(try system.receivers.blockedAddresses() == ["203.0.113.7", "203.0.113.9"])
    }

    @Test func boulderFest() throws {
        let system = try LiveSystem("boulder-fest", options: ["--redact", "email,card,secret,ip"])
        try check(
            system, ["webhook": ["slack alerts"], "escalation": ["slack escalation"]],
            // One is inhibited while the database is away, and over a moment later; one escalates after two hours.
            waits: { told in
                told.contains(" HighErrorRate ")
                    || told.hasPrefix("slack escalation: ") && told.contains(" HighMemoryUsage ")
            })
        let mails = try WeirProcess.run(
            "query", "--data", system.scratch.data, "-o", "raw", "\"Confirmation sent\"",
            in: system.scratch)
        #expect(mails.lines.count == 1)
        #expect(!mails.text.contains("ana.perez@example.com"))
        #expect(!mails.text.contains("198.51.100.23"))
    }

    /// Warnings wait a minute for others, and what makes the system go down ten seconds.
    @Test func prismAI() throws {
        try check(
            try LiveSystem("prism-ai"), Self.prismChannels,
            waits: { told in
                [
                    "slack #monitoring", "mail team@", "sms level-1", "call level-2",
                    "mail management",
                ]
                .contains { told.hasPrefix($0) }
                    || told.contains(" ComponentUnavailable")
                    || told.contains(" ApplicationUnresponsive")
            })
    }

    /// In the middle of the outage the input ends: nobody waits any longer.
    @Test func prismAITellsAtTheEndWhatWaits() throws {
        let system = try LiveSystem("prism-ai", before: "2025-03-04T07:04")
        let told = try system.receivers.told()
        var expected: Set<Told> = [
            "slack #alerts: firing ApplicationUnresponsive downtime=true, service=prism-api"
        ]
        for component in ["database", "redis", "workers"] {
            expected.insert(
                "slack #alerts: firing ComponentUnavailable component=\(component), downtime=true")
        }
        for alert in ["ApplicationUnresponsive", "ComponentUnavailable"] {
            expected.insert("sms on-call: firing \(alert)")
            expected.insert("call on-call: firing \(alert)")
        }
        for people in ["slack #monitoring", "mail team@prism.example"] {
            for alert in [
                "WorkerRestarts ", "UnauthorizedAccess client_ip=198.51.100.78",
                "DiskSpace host=prism-1, mount=/var/lib/docker",
            ] {
                expected.insert("\(people): firing \(alert)")
            }
        }
        #expect(expected.subtracting(told).isEmpty)
        let known = try system.expectedTold(Self.prismChannels)
        #expect(told.subtracting(known).subtracting(expected).isEmpty)
    }

    private static let prismChannels = [
        "alerts": ["slack #alerts"],
        "monitoring": ["slack #monitoring", "mail team@prism.example"],
        "sms": ["sms on-call!~"], "call": ["call on-call!~"], "level-1": ["sms level-1!~"],
        "level-2": ["call level-2!~"], "level-3": ["mail management@prism.example!"],
    ]

    @Test func rose() throws {
        let system = try LiveSystem("rose")
        try check(
            system, ["critical": ["slack slack"], "warnings": []], waits: { _ in false })
        // Everybody reads the standard output; the text of the one is the document's own.
        let lines = system.output.split(separator: "\n")
        for (alert, severity) in [
            ("slow_response_time", "warning"), ("circuit_breaker_open", "critical"),
            ("high_memory_usage", "critical"), ("high_error_rate", "critical"),
        ] {
            for word in ["FIRING", "RESOLVED"] {
                #expect(
                    lines.count { $0.contains(" \(word) [\(severity)] \(alert): ") } == 1,
                    "\(word) \(alert)")
            }
        }
        #expect(
            system.output.contains(
                "Alert: high_error_rate - error_rate_percent is 6.50 (threshold: 5.00)\n"))
    }

    @Test func agentFactory() throws {
        let system = try LiveSystem("agent-factory")
        try check(
            system,
            [
                "slack": ["slack #alerts"],
                "email": ["mail oncall@agentfactory.io", "mail engineering-lead@agentfactory.io"],
                "sms": ["sms on-call!~"], "cto": ["sms cto!~", "mail cto@agentfactory.io!"],
            ],
            // The CTO hears of what nobody answers within a quarter of an hour.
            waits: { $0.hasPrefix("sms cto:") || $0.hasPrefix("mail cto@") })
        // P0 calls the whole channel, P1 who is there, the others and the ends nobody.
        let texts = try system.receivers.slackTexts()
        func calls(_ mention: String) -> [String] { texts.filter { $0.hasPrefix(mention) } }
        #expect(calls("<!channel> ").contains { $0.contains("ServiceDown") })
        #expect(calls("<!here> ").contains { $0.contains("HighErrorRate") })
        #expect(texts.contains { $0.hasPrefix("[FIRING") && $0.contains("ServerErrors") })
        #expect(texts.allSatisfy { !$0.contains("[RESOLVED") || $0.hasPrefix("[RESOLVED") })
    }
}
