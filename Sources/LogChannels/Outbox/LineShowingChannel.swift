internal import LogAlerting

/// A channel whose alerts show some of the lines that they are about, looked up when a message is first sent: by then the lines
/// are stored, and whoever evaluates rules has nothing to do with it.
final class LineShowingChannel: Channel {
    private let channel: any Channel
    private let lines: @Sendable (AlertNotification.Alert) -> [String]
    /// What was looked up for the notification that was tried last: a repeated attempt is the same message.
    private var last: (key: String, notification: AlertNotification)?

    /// Alerts of one message whose lines are looked up: a storm must not become one of queries.
    private static let alertsMax = 5

    init(
        _ channel: any Channel, _ lines: @escaping @Sendable (AlertNotification.Alert) -> [String]
    ) {
        self.channel = channel
        self.lines = lines
    }

    var name: String { channel.name }

    var refreshInterval: Int64? { channel.refreshInterval }

    var showsLines: Bool { channel.showsLines }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        guard channel.showsLines else { return try channel.deliver(notification) }
        if let last, last.key == notification.key {
            return try channel.deliver(last.notification)
        }
        var shown = notification
        var count = 0
        for index in shown.alerts.indices
        where shown.alerts[index].isFiring && shown.alerts[index].lines.isEmpty {
            guard count < Self.alertsMax else { break }
            count += 1
            shown.alerts[index].lines = lines(shown.alerts[index])
        }
        last = (notification.key, shown)
        try channel.deliver(shown)
    }
}
