internal import LogRecords

extension AlertNotification {
    /// A message to `receiver` that says that it is a test.
    public static func test(to receiver: String, now: Int64) -> AlertNotification {
        let alert = AlertNotification.Alert(
            name: "weir_test", isFiring: true,
            labels: ["alertname": "weir_test", "severity": "info"],
            annotations: ["summary": "A test message of weir: this channel works."],
            severity: .info, value: 1, threshold: 0, unit: .count, subject: "test messages",
            window: 60 * Timestamp.second, startTime: now, endTime: nil,
            fingerprint: "00000000000000ff")
        return AlertNotification(
            key: "weir-test-\(now)", receiver: receiver, reason: .test, groupKey: "weir-test",
            groupLabels: ["alertname": "weir_test"], alerts: [alert], time: now)
    }
}
