internal import LogAlerting
internal import LogRecords

/// A notification as templates see it: Alertmanager's names, and those of weir.
extension TemplateValue {
    /// The fields that exist; any other is a fault when the file is read.
    static let fieldNames: Set<String> = [
        "Receiver", "Status", "Alerts", "GroupLabels", "CommonLabels", "CommonAnnotations",
        "ExternalURL", "TruncatedAlerts", "GroupKey", "Reason", "Severity", "Title", "Labels",
        "Annotations", "StartsAt", "EndsAt", "GeneratorURL", "Fingerprint", "Value", "Threshold",
        "Sentence", "Name", "Query", "Lines", "AcknowledgedBy", "Firing", "Resolved", "SortedPairs",
        "Names", "Values",
    ]

    init(_ notification: AlertNotification) {
        self = .record([
            "Receiver": .text(notification.receiver),
            "Status": .text(notification.isFiring ? "firing" : "resolved"),
            "Alerts": .alerts(
                firing: notification.alerts.filter(\.isFiring).map { TemplateValue($0) },
                resolved: notification.alerts.filter { !$0.isFiring }.map { TemplateValue($0) }),
            "GroupLabels": .texts(notification.groupLabels),
            "CommonLabels": .texts(notification.commonLabels),
            "CommonAnnotations": .texts(notification.commonAnnotations),
            "ExternalURL": .text(notification.externalURL),
            "TruncatedAlerts": .number(Double(notification.truncatedAlerts)),
            "GroupKey": .text(notification.groupKey),
            "Reason": .text(notification.reason.rawValue),
            "Severity": .text(notification.severity.map { "\($0)" } ?? ""),
            "Title": .text(NotificationText.title(notification)),
        ])
    }

    init(_ alert: AlertNotification.Alert) {
        self = .record([
            "Status": .text(alert.isFiring ? "firing" : "resolved"),
            "Labels": .texts(alert.labels),
            "Annotations": .texts(alert.annotations),
            "StartsAt": .text(Timestamp.text(alert.startTime, digits: 3)),
            "EndsAt": .text(alert.endTime.map { Timestamp.text($0, digits: 3) } ?? ""),
            "GeneratorURL": .text(alert.annotations["dashboard_url"] ?? ""),
            "Fingerprint": .text(alert.fingerprint),
            "Value": .text(alert.unit.text(alert.value)),
            "Threshold": .text(alert.unit.text(alert.threshold)),
            "Sentence": .text(alert.sentence),
            "Name": .text(alert.name),
            "Query": .text(alert.query),
            "Lines": .list(alert.lines.map { .text($0) }),
            "AcknowledgedBy": .text(alert.acknowledgedBy ?? ""),
            "Severity": .text(alert.severity.map { "\($0)" } ?? ""),
        ])
    }
}
