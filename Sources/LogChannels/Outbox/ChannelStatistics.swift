/// What one channel has done since weir started, and what it has still to do.
public struct ChannelStatistics: Equatable, Sendable {
    /// The channel: `team/slack`.
    public let channel: String
    /// The receiver that it belongs to.
    public let receiver: String
    /// Notifications delivered.
    public var sent = 0
    /// Attempts that failed.
    public var failed = 0
    /// Attempts that were not the first of their notification.
    public var retried = 0
    /// Notifications given up.
    public var dead = 0
    /// Notifications not taken because too many wait.
    public var refused = 0
    /// Notifications not taken because one of the same key was.
    public var repeated = 0
    /// Notifications delivered again because their alerts still fire.
    public var refreshed = 0
    /// Notifications that wait now.
    public var waiting = 0
    /// Dead letters that are kept now.
    public var letters = 0
    /// The last failure, nil when the last attempt succeeded.
    public var lastError: String?
    /// When something was delivered last, nanoseconds since the epoch.
    public var lastSuccess: Int64?
    /// Why what waits may be lost in a crash; nil when it is on disk.
    public var diskError: String?
}
