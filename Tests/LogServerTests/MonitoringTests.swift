import Foundation
import LogSegments
import LogServer
import TestSupport
import Testing

/// The paths by which other systems ask for health, metrics and alerts, in their shapes.
@Suite struct MonitoringTests {
    private static let alerts = """
        groups:
          - name: g
            rules:
              - alert: high_error_rate
                condition: error_rate > 5% over 5m
                labels: {severity: critical}
              - alert: failed_logins
                condition: count(event:login_failed) >= 3 over 10m
                labels: {severity: P1}
        route:
          receiver: team
          group_wait: 0s
        receivers:
          - name: team
            stdout_configs: [{}]
          - name: hook
            webhook_configs: [{url: "http://127.0.0.1:1/none"}]
        metrics:
          - name: sessions_started
            type: counter
            filter: event:session_started
        """

    private func object(_ answer: TestClient.Answer) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            "\(answer.text)")
    }

    private func text(_ date: Date) -> String {
        date.ISO8601Format(.iso8601WithTimeZone(includingFractionalSeconds: true))
    }

    private func request(status: Int, secondsAgo: Double = 1) -> String {
        let time = text(Date().addingTimeInterval(-secondsAgo))
        return """
            {"timestamp":"\(time)","level":"INFO","service":"shop","endpoint":"/pay",\
            "status_code":\(status),"duration_ms":20}
            """
    }

    private func probe(_ service: String, minutesAgo: Int, ok: Bool) -> String {
        let time = text(Date().addingTimeInterval(Double(-minutesAgo) * 60))
        return """
            {"timestamp":"\(time)","level":"INFO","logger":"weir.probe","service":"\(service)",\
            "event":"probe","endpoint":"https://\(service)/","duration_ms":45,"ok":\(ok)\
            \(ok ? "" : ",\"error\":\"refused\"")}
            """
    }

    private let logins = (0..<3).map { _ in #"{"event":"login_failed","level":"WARNING"}"# }

    // MARK: Health

    @Test func healthSaysWhatWorks() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let short = try server.get("/api/v1/health")
        #expect(short.status == 200)
        #expect(try object(short)["status"] as? String == "healthy")
        #expect(try object(short)["database"] as? String == "connected")
        #expect(try object(short)["version"] as? String == "0.1.0")
        let long = try server.get("/api/v1/health/detailed")
        let parts = try object(long)
        #expect(long.status == 200)
        for name in ["storage", "disk_space", "sources", "channels", "alerts"] {
            let part = try #require(parts[name] as? [String: Any], "\(name)")
            #expect(part["status"] is String)
        }
        #expect((parts["alerts"] as? [String: Any])?["rules"] as? Int == 2)
        #expect((parts["sources"] as? [String: Any])?["running"] as? Int == 1)
        let channels = try #require(parts["integrations"] as? [String: Any])
        #expect(channels.keys.sorted() == ["hook/webhook", "team/stdout"])
    }

    @Test func theCheckShowsProbedServices() throws {
        let server = try TestIngester()
        defer { server.stop() }
        try server.insert([
            probe("stripe", minutesAgo: 2, ok: true), probe("stripe", minutesAgo: 1, ok: true),
            probe("brevo", minutesAgo: 1, ok: false),
        ])
        let check = try object(server.get("/api/health/check"))
        let services = try #require(check["services"] as? [String: [String: Any]])
        #expect(services["stripe"]?["status"] as? String == "healthy")
        #expect(services["stripe"]?["responseTime"] as? Double == 45)
        #expect(services["brevo"]?["status"] as? String == "unhealthy")
        #expect(services["brevo"]?["error"] as? String == "refused")
        #expect(check["status"] as? String == "degraded")
        #expect(try #require(check["health_score"] as? Int) < 100)
    }

    // MARK: Metrics

    @Test func metricsComeInEveryFormat() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        try server.insert(
            [#"{"event":"session_started"}"#, request(status: 200), request(status: 500)])
        let json = try object(server.get("/api/v1/monitoring/metrics"))
        #expect((json["counters"] as? [String: Any])?["sessions_started"] as? Double == 1)
        #expect(json["gauges"] is [String: Any])
        #expect(json["timestamp"] is String)
        #expect((json["histograms"] as? [String: Any])?.isEmpty == false)

        let report = try object(server.get("/api/monitoring/metrics"))
        #expect(report["metrics"] is [String: Any])
        let business = try object(server.get("/api/monitoring/metrics?category=business"))
        #expect((business["metrics"] as? [String: Any])?.keys.sorted() == ["business"])
        let datadog = try object(server.get("/api/monitoring/metrics?format=datadog"))
        #expect((datadog["series"] as? [Any])?.isEmpty == false)
        let plain = try server.get("/api/monitoring/metrics?format=prometheus")
        #expect(try Exposition(plain.text).value("sessions_started_total") == 1)
        let unknown = try server.get("/api/monitoring/metrics?format=xml")
        #expect(unknown.status == 400)
        #expect(unknown.text.contains("datadog, datadog-v2, json, openmetrics, prometheus"))
    }

    @Test func metricsAreOpenMetricsForThoseWhoWantThem() throws {
        let server = try TestIngester()
        defer { server.stop() }
        let plain = try server.get("/metrics")
        #expect(plain.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(try Exposition(plain.text).value("weir_lines_total") == 0)
        let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
        let open = try server.get("/metrics", [accept])
        #expect(open.headers["content-type"]?.hasPrefix("application/openmetrics-text") == true)
        #expect(open.text.hasSuffix("# EOF\n"))
        let other = "Accept: text/plain,application/openmetrics-text;q=0.5"
        #expect(!(try server.get("/metrics", [other]).text.contains("# EOF")))
    }

    // MARK: Alerts

    @Test func statusAndHistoryTellOfAnAlert() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let before = try object(server.get("/api/v1/monitoring/status"))
        #expect(before["alert_thresholds_count"] as? Int == 2)
        #expect(before["active_alerts_count"] as? Int == 0)
        #expect(before["sentry_enabled"] as? Bool == false)
        try server.insert(logins)
        let after = try object(server.get("/api/v1/monitoring/status"))
        #expect(after["active_alerts_count"] as? Int == 1)
        #expect(after["last_evaluation"] is String)
        let active = try #require((after["active_alerts"] as? [[String: Any]])?.first)
        #expect(active.keys.sorted() == ["message", "name", "severity", "timestamp"])
        #expect(active["name"] as? String == "failed_logins")
        #expect(active["severity"] as? String == "P1")
        let want = "is 3.00 (threshold: 3.00)"
        #expect((active["message"] as? String)?.hasPrefix("Alert: failed_logins - ") == true)
        #expect((active["message"] as? String)?.hasSuffix(want) == true)

        let answer = try server.get("/api/v1/monitoring/alerts?hours=24")
        let history = try #require(
            try JSONSerialization.jsonObject(with: Data(answer.body)) as? [[String: Any]],
            "\(answer.text)")
        let first = try #require(history.first)
        #expect(history.count == 1)
        #expect(
            first.keys.sorted()
                == ["message", "metric_value", "name", "severity", "threshold", "timestamp"])
        #expect(first["metric_value"] as? Double == 3)
        #expect(first["threshold"] as? Double == 3)
        #expect(first["message"] as? String == active["message"] as? String)
        for hours in ["0", "169", "x"] {
            let wrong = try server.get("/api/v1/monitoring/alerts?hours=\(hours)")
            #expect(wrong.status == 400)
            #expect(wrong.text.contains("a number from 1 to 168"))
        }
    }

    @Test func evaluatingSaysWhatIsComing() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        try server.insert((0..<100).map { request(status: $0 < 10 ? 500 : 200) })
        let answer = try object(server.post("/api/v1/monitoring/evaluate"))
        #expect(answer["evaluated"] as? Bool == true)
        #expect(answer["triggered_alerts_count"] as? Int == 1)
        let alert = try #require((answer["triggered_alerts"] as? [[String: Any]])?.first)
        #expect(alert.keys.sorted() == ["message", "name", "severity"])
        #expect(
            alert["message"] as? String
                == "Alert: high_error_rate - error_rate_percent is 10.00 (threshold: 5.00)")
        // The stream's own rules have not been touched.
        let status = try object(server.get("/api/v1/monitoring/status"))
        #expect(status["active_alerts_count"] as? Int == 0)
        #expect(try server.get("/api/v1/monitoring/evaluate").status == 405)
    }

    @Test func anAlertRaisedByHandIsToldAndOnRecord() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let path = "/api/monitoring/alerts"
        let answer = try object(
            server.post(
                path, #"{"action":"trigger","severity":"info","description":"Manual test alert"}"#))
        #expect(answer["success"] as? Bool == true)
        let active = try object(server.get(path + "?action=active"))
        let alert = try #require((active["alerts"] as? [[String: Any]])?.first)
        #expect(alert["alert"] as? String == "manual_alert")
        #expect(alert["fingerprint"] as? String == answer["id"] as? String)
        try waitUntil { server.told.contains { $0.contains("Manual test alert") } }
        let trail = try waitForAudit(server, "alert_triggered")
        #expect(trail.contains("127.0.0.1"))
        func refused(_ body: String, _ want: String) throws {
            let answer = try server.post(path, body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(want), "\(answer.text)")
        }
        try refused(#"{"action":"trigger"}"#, "needs a `description`")
        try refused(
            #"{"action":"trigger","description":"x","severity":"red"}"#, "`red` is no severity")
        try refused(
            #"{"action":"trigger","description":"x","duration":"2w"}"#, "is from 1s to 1d")
        try refused(#"{"action":"delete"}"#, "there are `test` or `trigger`")
        try refused("{}", "needs an `action`")
        try refused("[]", "one JSON object")
        try refused("{\"action\":", "one JSON object")
        #expect(try server.get(path + "?action=all").status == 400)
    }

    @Test func anAlertRaisedByHandEnds() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let path = "/api/monitoring/alerts"
        let body = #"{"action":"trigger","description":"short","duration":"1s"}"#
        #expect(try server.post(path, body).status == 200)
        try waitUntil { try object(server.get(path))["count"] as? Int == 0 }
    }

    @Test func channelsAreTested() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let path = "/api/monitoring/alerts"
        let good = try server.post(path, #"{"action":"test","channel":"stdout"}"#)
        #expect(good.status == 200)
        #expect(try object(good)["success"] as? Bool == true)
        #expect(server.told.contains { $0.contains("this channel works") })
        let bad = try server.post(path, #"{"action":"test","channel":"webhook"}"#)
        #expect(bad.status == 502)
        let results = try #require(object(bad)["channels"] as? [[String: Any]])
        #expect(results.map { $0["channel"] as? String } == ["hook/webhook"])
        #expect(results.first?["error"] is String)
        let unknown = try server.post(path, #"{"action":"test","channel":"pager"}"#)
        #expect(unknown.status == 400)
        #expect(unknown.text.contains("team, hook, team/stdout, hook/webhook, stdout, webhook"))
        _ = try waitForAudit(server, "channels_tested")
    }

    @Test func theConfigurationShowsRulesAndNoSecrets() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let answer = try server.get("/api/monitoring/alerts?action=configuration")
        let rules = try #require(object(answer)["rules"] as? [[String: Any]])
        #expect(rules.map { $0["name"] as? String } == ["high_error_rate", "failed_logins"])
        #expect(rules.first?["condition"] as? String == "error_rate > 5% over 5m")
        #expect(!answer.text.contains("127.0.0.1"))
    }

    // MARK: Uptime

    @Test func uptimeIsMadeOfProbes() throws {
        let server = try TestIngester()
        defer { server.stop() }
        let none = try object(server.get("/api/monitoring/uptime"))
        #expect(none["status"] as? String == "unknown")
        // 100 checks, 2 of them failing one behind the other.
        try server.insert(
            (1...100).reversed().map { probe("api", minutesAgo: $0, ok: $0 != 40 && $0 != 41) })
        for path in ["/api/monitoring/uptime", "/api/v1/monitoring/uptime"] {
            let answer = try object(server.get(path))
            #expect(answer["status"] as? String == "healthy")
            let uptime = try #require(answer["uptime"] as? [String: Any])
            #expect(uptime["percentage"] as? Double == 98)
            // Since the check 39 minutes ago.
            #expect((uptime["formatted"] as? String)?.hasPrefix("0d 0h 39m ") == true)
            let sla = try #require(answer["sla"] as? [String: Any])
            let compliance = try #require(sla["compliance"] as? [String: Any])
            #expect(compliance["uptime"] as? Bool == false)
            #expect(compliance["overall"] as? Bool == false)
            let incidents = try #require(answer["incidents"] as? [String: Any])
            #expect(incidents["total"] as? Int == 1)
            let repair = try #require(incidents["mttr_seconds"] as? Double)
            #expect(abs(repair - 120) < 5)
            let between = try #require(incidents["mtbf_seconds"] as? Double)
            #expect(abs(between - 97 * 60) < 5)
        }
        let modest = try object(server.get("/api/monitoring/uptime?target=98"))
        let sla = try #require(modest["sla"] as? [String: Any])
        #expect((sla["compliance"] as? [String: Any])?["uptime"] as? Bool == true)
        #expect(try server.get("/api/monitoring/uptime?target=all").status == 400)
    }

    // MARK: Access

    @Test func readingAndChangingNeedTheirScopes() throws {
        var keys = AccessKeys()
        var generator = SystemRandomNumberGenerator()
        func make(_ name: String, _ scope: AccessScope) throws -> String {
            try keys.add(
                name: name, scopes: [scope], now: "2025-01-01T00:00:00Z", using: &generator)
        }
        let ingest = try make("shipper", .ingest)
        let query = try make("grafana", .query)
        let admin = try make("root", .admin)
        let server = try TestIngester(alerts: Self.alerts, keys: keys)
        defer { server.stop() }
        #expect(try server.get("/api/v1/health").status == 200)
        #expect(try server.get("/api/health/check").status == 200)
        for path in [
            "/api/v1/health/detailed", "/api/v1/monitoring/metrics", "/api/v1/monitoring/status",
            "/api/v1/monitoring/alerts", "/api/v1/monitoring/uptime", "/api/monitoring/metrics",
            "/api/monitoring/alerts", "/api/monitoring/uptime", "/metrics",
        ] {
            #expect(try server.get(path).status == 401, "\(path)")
            #expect(try server.get(path, ["X-API-Key: \(ingest)"]).status == 403, "\(path)")
            #expect(try server.get(path, ["X-API-Key: \(query)"]).status == 200, "\(path)")
        }
        #expect(try server.get("/api/monitoring/metrics?api_key=\(query)").status == 200)
        #expect(try server.get("/api/v1/monitoring/metrics?api_key=\(query)").status == 401)
        let body = #"{"action":"trigger","description":"x"}"#
        func post(_ headers: [String]) throws -> Int {
            try server.post("/api/monitoring/alerts", body, headers).status
        }
        #expect(try post([]) == 401)
        #expect(try post(["X-API-Key: \(query)"]) == 403)
        #expect(try post(["X-Admin-Key: \(admin)"]) == 200)
        let evaluate = "/api/v1/monitoring/evaluate"
        #expect(try server.post(evaluate, "", ["X-API-Key: \(query)"]).status == 403)
        #expect(try server.post(evaluate, "", ["X-API-Key: \(admin)"]).status == 200)
    }

    @Test func questionsAreLimited() throws {
        var options = HTTPOptions()
        // A bucket holds ten seconds of it.
        options.questionsPerSecond = 1
        let server = try TestIngester(options: options)
        defer { server.stop() }
        let answers = try (0..<30).map { _ in try server.get("/api/v1/health") }
        #expect(answers.prefix(10).allSatisfy { $0.status == 200 })
        let refused = try #require(answers.first { $0.status == 429 })
        #expect(refused.headers["retry-after"] != nil)
        #expect(try object(refused)["status"] as? Int == 429)
        // Lines go by another measure.
        try server.insert(["{}"])
    }

    @Test func wrongPathsAndMethodsAreTold() throws {
        let server = try TestIngester()
        defer { server.stop() }
        let missing = try server.get("/api/v2/health")
        #expect(missing.status == 404)
        #expect(missing.text.contains("/api/v1/monitoring/status"))
        let wrong = try server.post("/api/v1/monitoring/status")
        #expect(wrong.status == 405)
        #expect(wrong.headers["allow"] == "GET")
        // A listener with nobody to ask.
        let lines = try TestServer()
        defer { lines.stop() }
        #expect(try lines.get("/api/v1/health").status == 404)
    }

    // MARK: Pages of other origins

    @Test func pagesAreLetInWhereTheyAreNamed() throws {
        var options = HTTPOptions()
        options.corsOrigins = ["https://status.example"]
        let server = try TestIngester(alerts: Self.alerts, options: options)
        defer { server.stop() }
        let path = "/api/monitoring/alerts"
        let good = "Origin: https://status.example"
        let bad = "Origin: https://evil.example"
        func origin(_ headers: [String]) throws -> String? {
            try server.get(path, headers).headers["access-control-allow-origin"]
        }
        #expect(try origin([good]) == "https://status.example")
        #expect(try origin([bad]) == nil)
        #expect(try origin([]) == nil)
        let ask = "Access-Control-Request-Method: POST"
        let preflight = try server.send("OPTIONS", path, nil, [good, ask])
        #expect(preflight.status == 204)
        #expect(preflight.headers["access-control-allow-methods"] == "GET, POST")
        #expect(preflight.headers["access-control-allow-headers"]?.contains("X-API-Key") == true)
        #expect(try server.send("OPTIONS", path, nil, [bad, ask]).status == 403)
        let body = #"{"action":"trigger","description":"x"}"#
        #expect(try server.post(path, body, [bad]).status == 403)
        #expect(try server.post(path, body, [good]).status == 200)
        let insert = try server.send("OPTIONS", "/insert/jsonline", nil, [good, ask])
        #expect(insert.status == 405)
    }

    @Test func pagesAreNotLetInUnlessConfigured() throws {
        let server = try TestIngester(alerts: Self.alerts)
        defer { server.stop() }
        let path = "/api/monitoring/alerts"
        let origin = "Origin: https://status.example"
        let answer = try server.get(path, [origin])
        #expect(answer.headers["access-control-allow-origin"] == nil)
        let ask = "Access-Control-Request-Method: GET"
        #expect(try server.send("OPTIONS", path, nil, [origin, ask]).status == 405)
        let body = #"{"action":"test","channel":"stdout"}"#
        #expect(try server.post(path, body, [origin]).status == 403)
        #expect(server.told.isEmpty)
    }

    // MARK: Records

    private func waitForAudit(_ server: TestIngester, _ event: String) throws -> String {
        var found = ""
        try waitUntil {
            found = try StoredText.read(server.directory.path, "_class:=weir-audit event:=\(event)")
            return !found.isEmpty
        }
        return found
    }
}
