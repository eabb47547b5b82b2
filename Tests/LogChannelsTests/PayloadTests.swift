import Foundation
import LogAlerting
import LogBytes
import LogRecords
import TestSupport
import Testing

@testable import LogChannels

/// The bytes that receivers get.
@Suite struct PayloadTests {
    /// The body that the first channel of `channels` posts.
    private func body(_ channels: String, _ notification: AlertNotification) throws -> String {
        let receiving = try Receiving()
        defer { receiving.server.stop() }
        try Sample.channel(channels.replacing("URL", with: receiving.url)).deliver(notification)
        return try #require(receiving.requests.all.first).body
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func webhook() throws {
        let text = try body("webhook_configs: [{url: URL/hook}]", Sample.firing())
        #expect(
            text
                == [
                    #"{"receiver":"team","status":"firing","alerts":[{"status":"firing","labels":"#,
                    #"{"alertname":"high_error_rate","service":"api","severity":"critical"},"#,
                    #""annotations":{"dashboard_url":"https://grafana.example/d/1?a=b&c=d","#,
                    #""runbook_url":"https://wiki.example/errors","summary":"12.3% fail"},"#,
                    #""startsAt":"2026-01-05T09:58:00.000Z","endsAt":"0001-01-01T00:00:00Z","#,
                    #""generatorURL":"https://grafana.example/d/1?a=b&c=d","#,
                    #""fingerprint":"000000000000003a","weir":{"severity":"critical","#,
                    #""subject":"error_rate","value":0.123,"threshold":0.05,"unit":"fraction","#,
                    #""window":"5m","sentence":"error_rate is 12.3% (threshold 5%) over 5m","#,
                    #""query":"weir query 'service:api'","lines":["{\"status\":503}"]}}],"#,
                    #""groupLabels":{"alertname":"high_error_rate"},"commonLabels":"#,
                    #"{"alertname":"high_error_rate","service":"api","severity":"critical"},"#,
                    #""commonAnnotations":{"dashboard_url":"https://grafana.example/d/1?a=b&c=d","#,
                    #""runbook_url":"https://wiki.example/errors","summary":"12.3% fail"},"#,
                    #""externalURL":"https://weir.example","version":"4","groupKey":"g1","#,
                    #""truncatedAlerts":0,"weir":{"key":"k1","reason":"change","#,
                    #""title":"[FIRING] high_error_rate (service=api)","#,
                    #""time":"2026-01-05T10:00:00.000Z"}}"#,
                ].joined())
        let many = Sample.firing(alerts: (0..<5).map { Sample.alert(service: "s\($0)") })
        let cut = try object(body("webhook_configs: [{url: URL, max_alerts: 2}]", many))
        #expect((cut["alerts"] as? [Any])?.count == 2)
        #expect(cut["truncatedAlerts"] as? Int == 3)
    }

    @Test func webhookSignature() throws {
        let receiving = try Receiving()
        defer { receiving.server.stop() }
        let channel = try Sample.channel(
            "webhook_configs: [{url: '\(receiving.url)/hook?token=abc', secret: s3cr3t}]")
        try channel.deliver(Sample.firing(key: "the-key"))
        let request = try #require(receiving.requests.all.first)
        #expect(request.head == "POST /hook?token=abc HTTP/1.1")
        #expect(request.headers["idempotency-key"] == "the-key")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["x-weir-timestamp"] == "1767607200")
        let signature = MessageSignature.hexadecimal(
            Array("1767607200.\(request.body)".utf8), key: Array("s3cr3t".utf8))
        #expect(request.headers["x-weir-signature"] == "sha256=" + signature)
        // RFC 4231, test cases 2 and 6.
        #expect(
            MessageSignature.hexadecimal(
                Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            MessageSignature.hexadecimal(
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                key: [UInt8](repeating: 0xAA, count: 131))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func slackAttachments() throws {
        let channels = """
            slack_configs:
              - api_url: URL/services/x
                channel: '#alerts'
                mentions: {critical: channel, high: here, medium: U024BE7LH, low: S0614TZR7}
            """
        let text = try body(channels, Sample.firing())
        #expect(
            text
                == ##"{"channel":"#alerts","text":"<!channel> [FIRING] high_error_rate (service=api)","##
                + ##""attachments":[{"color":"#8b0000","title":"high_error_rate [critical]","##
                + [
                    ##""title_link":"https://grafana.example/d/1?a=b&c=d","text":"12.3% fail\n"##,
                    ##"error_rate is 12.3% (threshold 5%) over 5m\n<https://wiki.example/errors|Runbook>"##,
                    ##" · <https://grafana.example/d/1?a=b&amp;c=d|Dashboard>\n"##,
                    ##"```weir query 'service:api'```\n```{\"status\":503}```","##,
                    ##""fallback":"high_error_rate [critical]: error_rate is 12.3% (threshold 5%) over 5m","##,
                    ##""fields":[{"title":"service","value":"api","short":true}],"##,
                    ##""footer":"since 2026-01-05T09:58:00Z","mrkdwn_in":["text"]}]}"##,
                ].joined())
        func mention(_ severity: Severity) throws -> String? {
            try object(body(channels, Sample.firing(alerts: [Sample.alert(severity: severity)])))[
                "text"] as? String
        }
        #expect(try mention(.high)?.hasPrefix("<!here> [FIRING]") == true)
        #expect(try mention(.medium)?.hasPrefix("<@U024BE7LH> [") == true)
        #expect(try mention(.low)?.hasPrefix("<!subteam^S0614TZR7> [") == true)
        #expect(try mention(.info)?.hasPrefix("[FIRING]") == true)
        let end = try body(channels, Sample.resolved())
        #expect(end.contains(##""text":"[RESOLVED] high_error_rate"##) && end.contains("#2eb67d"))
    }

    @Test func slackBlocksAreAtMostFifty() throws {
        let many = Sample.firing(alerts: (0..<200).map { Sample.alert(service: "s\($0)") })
        let text = try body(
            "slack_configs: [{api_url: URL, style: blocks, mentions: {critical: here}}]", many)
        let message = try object(text)
        let blocks = try #require(message["blocks"] as? [[String: Any]])
        #expect(blocks.count == 50)
        #expect(blocks.first?["type"] as? String == "header")
        let last = (blocks.last?["text"] as? [String: Any])?["text"] as? String
        #expect(last == "and 153 more")
        for block in blocks {
            let text = (block["text"] as? [String: Any])?["text"] as? String
            #expect((text?.unicodeScalars.count ?? 0) <= 3_000)
        }
        let attachments = try object(body("slack_configs: [{api_url: URL}]", many))["attachments"]
        #expect((attachments as? [Any])?.count == 21)
    }

    @Test func slackTemplatesOfAlertmanager() throws {
        let channels = """
            slack_configs:
              - api_url: URL
                send_resolved: true
                username: '{{ template "slack.default.username" . }}'
                title: '{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}'
                title_link: '{{ (index .Alerts 0).Annotations.dashboard_url }}'
                text: '{{ range .Alerts }}*{{ .Labels.service }}* {{ .Annotations.summary }}{{ end }}'
                color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
                short_fields: true
                fields: [{title: Service, value: '{{ .CommonLabels.service }}'}]
            """
        #expect(
            try body(channels, Sample.firing())
                == [
                    ##"{"username":"weir","text":"[FIRING] high_error_rate (service=api)","##,
                    ##""attachments":[{"title":"FIRING: high_error_rate","##,
                    ##""title_link":"https://grafana.example/d/1?a=b&c=d","##,
                    ##""text":"*api* 12.3% fail","color":"danger","fallback":"##,
                    ##""[FIRING] high_error_rate (service=api)","fields":[{"title":"Service","##,
                    ##""value":"api","short":true}],"mrkdwn_in":["fallback","pretext","text"]}]}"##,
                ].joined())
    }

    @Test(arguments: [
        "slack_configs: [{api_url: URL}]", "slack_configs: [{api_url: URL, style: blocks}]",
    ])
    func slackTextForgesNothing(_ channels: String) throws {
        let text = try body(channels, Sample.hostileNotification)
        #expect(!text.contains("<!channel>") && !text.contains("<https://evil"))
        #expect(!text.contains("javascript:") && !text.contains("a.example/|x"))
        #expect(!text.contains(#"\u001b"#) && !text.contains("\u{202e}"))
        // A line cannot end the block of code that it stands in: there are two, with a begin and an end.
        #expect(text.components(separatedBy: "```").count == 5)
    }

    @Test func pagerDuty() throws {
        let channels = "pagerduty_configs: [{routing_key: R0, url: URL/v2/enqueue}]"
        let text = try body(channels, Sample.firing())
        let key = "g1".withView { SHA256.hexadecimal($0) }
        #expect(
            text.hasPrefix(
                [
                    #"{"routing_key":"R0","event_action":"trigger","dedup_key":"\#(key)","#,
                    #""client":"weir","client_url":"https://weir.example","payload":{"summary":"#,
                    #""[FIRING] high_error_rate (service=api): 12.3% fail","source":"api","#,
                    #""severity":"critical","timestamp":"2026-01-05T09:58:00.000Z","#,
                    #""component":"api","group":"team","class":"error_rate","custom_details":"#,
                    #"{"num_firing":1,"num_resolved":0,"reason":"change","alerts":[{"#,
                ].joined()), "\(text)")
        #expect(
            text.hasSuffix(
                [
                    #""links":[{"href":"https://wiki.example/errors","text":"Runbook: high_error_rate"},"#,
                    #"{"href":"https://grafana.example/d/1?a=b&c=d","#,
                    #""text":"Dashboard: high_error_rate"}]}"#,
                ].joined()), "\(text)")
        var acknowledged = Sample.firing()
        acknowledged.reason = .acknowledged
        #expect(
            try body(channels, acknowledged)
                == #"{"routing_key":"R0","event_action":"acknowledge","dedup_key":"\#(key)"}"#)
        #expect(
            try body(channels, Sample.resolved())
                == #"{"routing_key":"R0","event_action":"resolve","dedup_key":"\#(key)"}"#)
        for (severity, word) in [
            (Severity.critical, "critical"), (.high, "error"), (.medium, "warning"), (.low, "info"),
        ] {
            let alert = Sample.alert(severity: severity)
            let text = try body(channels, Sample.firing(alerts: [alert]))
            #expect(text.contains(#""severity":"\#(word)","timestamp""#))
        }
    }

    @Test func pagerDutyEventsAreNotTooLarge() throws {
        var alerts = (0..<1_200).map { Sample.alert(service: "service-\($0)") }
        for index in alerts.indices {
            alerts[index].name = "n\(index)"
            alerts[index].annotations["description"] = String(repeating: "x", count: 1_000)
        }
        alerts[0].annotations["summary"] = String(repeating: "ü", count: 3_000)
        let text = try body(
            "pagerduty_configs: [{routing_key: R0, url: URL}]", Sample.firing(alerts: alerts))
        #expect(text.utf8.count <= 512 << 10)
        let event = try object(text)
        let payload = try #require(event["payload"] as? [String: Any])
        #expect((payload["summary"] as? String)?.unicodeScalars.count == 1_024)
        let details = try #require(payload["custom_details"] as? [String: Any])
        let shown = (details["alerts"] as? [Any])?.count ?? 0
        #expect(shown > 100 && details["alerts_left_out"] as? Int == 1_200 - shown)
    }

    @Test func pagerDutyTemplates() throws {
        let channels = """
            pagerduty_configs:
              - routing_key: R0
                url: URL
                description: '{{ .CommonAnnotations.summary }}'
                severity: '{{ if eq .CommonLabels.severity "critical" }}error{{ end }}'
                class: c
                details: {firing: '{{ template "pagerduty.default.instances" .Alerts.Firing }}'}
                links: [{href: 'https://x.example/{{ .CommonLabels.service }}', text: More}]
            """
        let event = try object(body(channels, Sample.firing()))
        let payload = try #require(event["payload"] as? [String: Any])
        #expect(payload["summary"] as? String == "12.3% fail")
        #expect(payload["severity"] as? String == "error")
        #expect(payload["class"] as? String == "c")
        let details = payload["custom_details"] as? [String: Any]
        #expect(
            details?["firing"] as? String
                == "high_error_rate: error_rate is 12.3% (threshold 5%) over 5m: 12.3% fail\n")
        let links = event["links"] as? [[String: String]]
        #expect(links?.first == ["href": "https://x.example/api", "text": "More"])
    }

    @Test func templatedForms() throws {
        let receiving = try Receiving([Receiving.answer(201)])
        defer { receiving.server.stop() }
        let channel = try Sample.channel(
            """
            http_configs:
              - url: '\(receiving.url)/2010/Messages.json?to={{ .CommonLabels.service }}'
                headers: {X-Title: '{{ .Title }}'}
                form: {To: '+15551234567', Body: '{{ .Title }} & {{ .CommonAnnotations.summary }}'}
                http_config: {basic_auth: {username: AC1, password: pw}}
            """)
        try channel.deliver(Sample.hostileNotification)
        let request = try #require(receiving.requests.all.first)
        #expect(
            request.head.hasPrefix("POST /2010/Messages.json?to=%3C%21channel%3E%20%3Chttps%3A"))
        #expect(!request.head.contains("%0D%0ABcc: "))
        #expect(request.headers["authorization"] == "Basic QUMxOnB3")
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
        #expect(request.headers["bcc"] == nil)
        #expect(request.headers["x-title"]?.contains("<!channel>") == true)
        #expect(request.body.hasPrefix("To=%2B15551234567&Body=%5BFIRING%5D%20high_error_rate"))
        #expect(request.body.split(separator: "&").count == 2)
    }

    @Test func templatedJSON() throws {
        let fields = try body(
            "http_configs: [{url: URL, json: {text: 'a {{ .CommonAnnotations.summary }}', n: '1'}}]",
            Sample.hostileNotification)
        #expect(try object(fields)["text"] as? String == "a " + Sample.hostile)
        let text = try body(
            #"http_configs: [{url: URL, body: '{"t": ["{{ .CommonAnnotations.summary }}"]}'}]"#,
            Sample.hostileNotification)
        #expect(try object(text)["t"] as? [String] == [Sample.hostile])
        let plain = try body(
            "http_configs: [{url: URL, method: PUT, body: 'alert {{ .Status }}'}]", Sample.firing())
        #expect(plain == "alert firing")
    }

    @Test func alertmanager() throws {
        let receiving = try Receiving()
        defer { receiving.server.stop() }
        var alert = Sample.alert()
        alert.labels = ["alertname": "a", "http.status": "503", "1st": "x", "empty": ""]
        alert.annotations = [:]
        let channel = try Sample.channel("alertmanager_configs: [{url: '\(receiving.url)/am/'}]")
        try channel.deliver(Sample.firing(alerts: [alert, Sample.alert(isFiring: false)]))
        let request = try #require(receiving.requests.all.first)
        #expect(request.head == "POST /am/api/v2/alerts HTTP/1.1")
        #expect(
            request.body.hasPrefix(
                [
                    #"[{"labels":{"_1st":"x","alertname":"a","http_status":"503"},"annotations":{},"#,
                    #""startsAt":"2026-01-05T09:58:00.000Z","endsAt":"2026-01-05T10:04:00.000Z","#,
                    #""generatorURL":"https://weir.example"},{"#,
                ].joined()), "\(request.body)")
        #expect(request.body.contains(#""endsAt":"2026-01-05T10:00:00.000Z""#))
        #expect(channel.refreshInterval == 60 * Timestamp.second)
    }
}
