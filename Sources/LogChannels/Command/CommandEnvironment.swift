internal import LogAlerting

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The environment of a command: the notification, and of weir's own no more than programs need, since it may hold secrets.
enum CommandEnvironment {
    private static let kept = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"]
    /// The system refuses programs with 128 KiB in a variable, and with some megabytes in all.
    private static let valueBytesMax = 8 << 10

    /// Whether a shell could name a variable so.
    static func isName(_ text: String) -> Bool {
        let first = text.utf8.first ?? UInt8(ascii: "0")
        return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
            && text.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// `NAME=value` each.
    static func variables(_ notification: AlertNotification) -> [String] {
        var result: [String] = []
        for name in kept {
            if let value = getenv(name) { result.append("\(name)=\(String(cString: value))") }
        }
        let firing = notification.alerts.filter(\.isFiring)
        let first = firing.first ?? notification.alerts.first
        var values = [
            ("ALERT_STATUS", notification.isFiring ? "firing" : "resolved"),
            ("ALERT_REASON", notification.reason.rawValue),
            ("ALERT_NAME", first?.name ?? ""),
            ("ALERT_SEVERITY", notification.severity.map { "\($0)" } ?? ""),
            ("ALERT_TITLE", NotificationText.title(notification)),
            ("ALERT_SUMMARY", first.map(NotificationText.summary) ?? ""),
            ("ALERT_FIRING", "\(firing.count)"),
            ("ALERT_RESOLVED", "\(notification.alerts.count - firing.count)"),
            ("ALERT_RECEIVER", notification.receiver),
            ("ALERT_GROUP_KEY", notification.groupKey),
            ("ALERT_KEY", notification.key),
        ]
        for (name, text) in notification.commonLabels.sorted(by: { $0.key < $1.key }) {
            values.append(("ALERT_LABEL_" + variable(name), text))
        }
        for (name, text) in notification.commonAnnotations.sorted(by: { $0.key < $1.key }) {
            values.append(("ALERT_ANNOTATION_" + variable(name), text))
        }
        for (name, text) in values {
            let value = SafeText.cut(SafeText.visible(text), bytes: valueBytesMax)
            result.append("\(name)=\(value)")
        }
        return result
    }

    private static func variable(_ label: String) -> String {
        String(
            decoding: label.uppercased().utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "_") },
            as: UTF8.self)
    }
}
