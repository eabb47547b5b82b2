import Foundation
import Testing

/// Answers in the shapes that the documents of the five systems show: each member that stands there is here, and of its kind.
@Suite struct SystemShapesTests {
    private func expect(
        _ answer: TestClient.Answer, hasShapeOf document: String,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(answer.status == 200, "\(answer.text)", sourceLocation: location)
        let want = try JSONSerialization.jsonObject(with: Data(document.utf8))
        let found = try JSONSerialization.jsonObject(with: Data(answer.body))
        for fault in Self.faults(found, want, "answer") {
            Issue.record("\(fault): \(answer.text)", sourceLocation: location)
        }
    }

    /// What a value lacks of a documented one.
    private static func faults(_ found: Any?, _ want: Any, _ place: String) -> [String] {
        switch want {
        case let members as [String: Any]:
            guard let own = found as? [String: Any] else { return ["\(place) is no object"] }
            return members.sorted { $0.key < $1.key }.flatMap { key, value in
                own[key].map { faults($0, value, "\(place).\(key)") }
                    ?? ["\(place).\(key) is missing"]
            }
        case let list as [Any]:
            guard let own = found as? [Any] else { return ["\(place) is no list"] }
            guard let want = list.first else { return [] }
            guard let first = own.first else { return ["\(place) is empty"] }
            return faults(first, want, "\(place)[0]")
        case is String: return found is String ? [] : ["\(place) is no text"]
        default: return found is NSNumber ? [] : ["\(place) is no number"]
        }
    }

    @Test func whatIsMissingIsFound() throws {
        func faults(_ found: String, _ want: String) throws -> [String] {
            Self.faults(
                try JSONSerialization.jsonObject(with: Data(found.utf8)),
                try JSONSerialization.jsonObject(with: Data(want.utf8)), "x")
        }
        #expect(try faults(#"{"a":{"b":1},"c":[{"d":"e"}]}"#, #"{"a":{"b":2}}"#).isEmpty)
        #expect(try faults(#"{"a":{}}"#, #"{"a":{"b":2}}"#) == ["x.a.b is missing"])
        #expect(try faults(#"{"a":"1"}"#, #"{"a":1}"#) == ["x.a is no number"])
        #expect(try faults("[]", #"[{"a":1}]"#) == ["x is empty"])
    }

    private func probe(_ service: String, ok: Bool = true) -> String {
        let time = Date().addingTimeInterval(-60)
            .ISO8601Format(.iso8601WithTimeZone(includingFractionalSeconds: true))
        return """
            {"timestamp":"\(time)","level":"INFO","logger":"weir.probe","service":"\(service)",\
            "event":"probe","endpoint":"https://\(service)/","duration_ms":45,"ok":\(ok)\
            \(ok ? "" : ",\"error\":\"rate_limited\"")}
            """
    }

    @Test func healthOfAgentFactory() throws {
        let server = try TestIngester()
        defer { server.stop() }
        let answer = try server.get("/api/v1/health")
        try expect(
            answer,
            hasShapeOf:
                #"{"status":"healthy","database":"connected","cache":"connected","version":"0.1.0"}"#
        )
        #expect(answer.text.contains(#""cache":"connected""#))
    }

    @Test func healthOfBrainOps() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        try server.insert([
            probe("redis"), probe("openai"), probe("anthropic"), probe("stripe"),
            probe("clickup", ok: false),
        ])
        let answer = try server.get("/api/v1/health/detailed")
        try expect(
            answer,
            hasShapeOf: """
                {"database":{"status":"healthy","latency_ms":5},
                 "redis":{"status":"healthy","latency_ms":2},
                 "scheduler":{"status":"healthy","jobs_pending":12},
                 "ai_providers":{"openai":{"status":"healthy"},"anthropic":{"status":"healthy"}},
                 "integrations":{"team/stdout":{"status":"healthy"}},
                 "clickup":{"status":"degraded","error":"rate_limited"}}
                """)
        // A database that is probed is the one that is meant.
        let other = try TestIngester()
        defer { other.stop() }
        try other.insert([probe("database", ok: false)])
        #expect(
            try other.get("/api/v1/health/detailed").text.contains(
                #""database":{"status":"unhealthy""#))
    }

    @Test func boulderFest() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        try server.insert([probe("stripe"), probe("brevo")])
        try expect(
            try server.get("/api/health/check"),
            hasShapeOf: """
                {"status":"healthy","health_score":100,"services":{
                 "database":{"status":"healthy","responseTime":45},
                 "stripe":{"status":"healthy","responseTime":230},
                 "brevo":{"status":"healthy","responseTime":180}}}
                """)
        try expect(
            try server.get("/api/monitoring/uptime"),
            hasShapeOf: """
                {"status":"healthy","uptime":{"formatted":"5d 14h 23m 45s","percentage":99.95},
                 "sla":{"compliance":{"overall":true,"uptime":true}}}
                """)
    }

    @Test func rose() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        try server.insert([
            #"{"event":"metric_counter","metric_name":"sessions_started","value":1}"#,
            #"{"event":"metric_gauge","metric_name":"memory_usage_percent","value":45.2}"#,
            #"{"event":"metric_histogram","metric_name":"workflow_duration_ms","value":234.5}"#,
            #"{"event":"login_failed"}"#,
        ])
        try expect(
            try server.get("/api/v1/monitoring/metrics"),
            hasShapeOf: """
                {"counters":{"sessions_started":42},"gauges":{"memory_usage_percent":45.2},
                 "histograms":{"workflow_duration_ms":
                    {"count":156,"min":234.5,"max":1823.4,"avg":567.8}},
                 "timestamp":"2025-10-21T12:34:56.789Z"}
                """)
        let alert = #""name":"n","severity":"critical","message":"m""#
        try expect(
            try server.get("/api/v1/monitoring/status"),
            hasShapeOf: """
                {"sentry_enabled":true,"alert_thresholds_count":4,"active_alerts_count":1,
                 "last_evaluation":"2025-10-21T12:34:56.789Z",
                 "active_alerts":[{\(alert),"timestamp":"2025-10-21T12:30:00.000Z"}]}
                """)
        try expect(
            try server.get("/api/v1/monitoring/alerts?hours=24"),
            hasShapeOf: """
                [{\(alert),"metric_value":6.5,"threshold":5.0,"timestamp":"2025-10-21T12:30:00.000Z"}]
                """)
        try expect(
            try server.post("/api/v1/monitoring/evaluate"),
            hasShapeOf: """
                {"evaluated":true,"triggered_alerts_count":1,"triggered_alerts":[{\(alert)}]}
                """)
    }

    private static let alerts = """
        groups:
          - name: g
            rules:
              - alert: failed_logins
                condition: count(event:login_failed) >= 1 over 10m
                labels: {severity: critical}
        route: {receiver: team, group_wait: 0s}
        receivers: [{name: team, stdout_configs: [{}]}]
        """
}
