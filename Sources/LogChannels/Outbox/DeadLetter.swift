internal import LogAlerting

/// A notification in an outbox, as lists show it.
public struct QueuedNotification: Equatable, Sendable {
    /// The channel.
    public let channel: String
    /// Its number among those of the channel.
    public let number: UInt64
    /// What happened, in one word: `firing`, `resolved`, `acknowledged`, `escalated`, `storm`, `test`.
    public let kind: String
    /// The names of its alerts, each once.
    public let alerts: [String]
    /// What it says, in a line.
    public let title: String
    /// Its key.
    public let key: String
    /// When it was queued, nanoseconds since the epoch.
    public let time: Int64
    /// How often it was tried so far.
    public let attempts: Int
    /// Why the last attempt failed; nil before the first one.
    public let lastError: String?

    init(_ waiting: OutboxState.Waiting, channel: String) {
        let notification = waiting.notification
        self.channel = channel
        number = waiting.number
        kind =
            notification.reason == .storm
            ? "storm" : NotificationText.word(notification).lowercased()
        alerts = NotificationText.names(notification)
        title = NotificationText.title(notification)
        key = notification.key
        time = waiting.time
        attempts = waiting.attempts
        lastError = waiting.lastError
    }
}

/// A notification that was given up.
public struct DeadLetter: Equatable, Sendable {
    /// The notification.
    public let notification: QueuedNotification
    /// When it was given up, nanoseconds since the epoch.
    public let endTime: Int64
    /// How often it was tried.
    public let attempts: Int
    /// The last failure.
    public let reason: String

    init(_ dead: OutboxState.Dead, channel: String) {
        notification = QueuedNotification(dead.waiting, channel: channel)
        endTime = dead.time
        attempts = dead.attempts
        reason = dead.reason
    }
}
