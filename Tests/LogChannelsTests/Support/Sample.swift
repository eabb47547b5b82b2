import LogAlerting
import LogRecords
import Testing

@testable import LogChannels

/// Notifications for tests, and what a channel of a file makes of them.
enum Sample {
    /// 2026-01-05T10:00:00Z
    static let time: Int64 = 1_767_607_200 * Timestamp.second

    static func alert(
        _ name: String = "high_error_rate", service: String = "api", isFiring: Bool = true,
        severity: Severity = .critical
    ) -> AlertNotification.Alert {
        AlertNotification.Alert(
            name: name, isFiring: isFiring,
            labels: ["alertname": name, "severity": "\(severity)", "service": service],
            annotations: [
                "summary": "12.3% fail", "runbook_url": "https://wiki.example/errors",
                "dashboard_url": "https://grafana.example/d/1?a=b&c=d",
            ], severity: severity, value: 0.123, threshold: 0.05, unit: .fraction,
            subject: "error_rate", window: 300 * Timestamp.second,
            startTime: time - 120 * Timestamp.second, endTime: isFiring ? nil : time,
            fingerprint: "00000000000000\(service.count)a",
            query: "weir query 'service:\(service)'", lines: [#"{"status":503}"#])
    }

    static func firing(
        key: String = "k1", group: String = "g1", alerts: [AlertNotification.Alert] = [alert()]
    ) -> AlertNotification {
        AlertNotification(
            key: key, receiver: "team", reason: .change, groupKey: group,
            groupLabels: ["alertname": "high_error_rate"], alerts: alerts, time: time,
            externalURL: "https://weir.example")
    }

    static func resolved(key: String = "k2", group: String = "g1") -> AlertNotification {
        firing(key: key, group: group, alerts: [alert(isFiring: false)])
    }

    /// What somebody who can write log lines would try.
    static let hostile =
        "<!channel> <https://evil.example|x>\r\nBcc: all@example.org\n.\n`\u{1b}[2J\u{202e}\"'&{{ .x }}"

    static var hostileNotification: AlertNotification {
        var alert = alert(service: hostile)
        alert.annotations = [
            "summary": hostile, "description": hostile, "runbook_url": "javascript:alert(1)",
            "dashboard_url": "https://a.example/|x>",
        ]
        alert.lines = [hostile]
        alert.query = hostile
        var notification = firing(alerts: [alert])
        notification.groupLabels = ["service": hostile]
        return notification
    }

    /// The receiver `team` of a file with these channels.
    static func receiver(
        _ channels: String, global: String = "", secrets: SecretSource = .none
    ) throws -> Receiver {
        let text = """
            groups: []
            \(global)
            receivers:
              - name: team
            \(channels.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
            """
        return try AlertConfiguration.parse(
            text, file: "alerts.yaml", channels: .all, secrets: secrets
        ).receiver
    }

    /// The first channel of such a receiver.
    static func channel(
        _ channels: String, global: String = "", secrets: SecretSource = .none,
        now: Int64 = time
    ) throws -> any LogAlerting.Channel {
        let receiver = try receiver(channels, global: global, secrets: secrets)
        return try #require(receiver.channels.first).makeChannel(
            ChannelServices(now: { now }) { _ throws(ChannelError) in })
    }
}
