/// Where notifications go.
///
/// One delivery thread calls a channel, one notification at a time and never from the ingest path; a channel may take its
/// time and need not be safe for two callers. Once a call has thrown, the caller decides whether to try again.
public protocol Channel: AnyObject {
    /// The name of the channel, as errors and counters show it.
    var name: String { get }

    /// How often a notification is delivered again while its alerts fire, in nanoseconds: for receivers that take an alert
    /// for resolved when they hear no more of it. Nil for all others.
    var refreshInterval: Int64? { get }

    /// Whether messages show the lines that their alerts are about (`AlertNotification.Alert.lines`): they are looked up for such
    /// channels only, and each time is a query.
    var showsLines: Bool { get }

    /// Delivers one notification; returning means that it has been taken over by the other side.
    ///
    /// A repeated call with the same notification must be the same message to the receiver, as far as its protocol knows
    /// such a thing: `AlertNotification.key` goes with it.
    func deliver(_ notification: AlertNotification) throws(ChannelError)
}

extension Channel {
    /// Never.
    public var refreshInterval: Int64? { nil }

    /// Most do.
    public var showsLines: Bool { true }
}

/// Why a notification was not delivered.
public struct ChannelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The channel.
    public let receiver: String
    /// What happened and what to do. It never holds a secret.
    public let message: String
    /// Whether another try may help.
    public let isTemporary: Bool
    /// How long the receiver asks to wait before the next try, in nanoseconds; nil where it says nothing.
    public let retryAfter: Int64?

    /// A failure of `receiver`.
    public init(receiver: String, message: String, isTemporary: Bool, retryAfter: Int64? = nil) {
        self.receiver = receiver
        self.message = message
        self.isTemporary = isTemporary
        self.retryAfter = retryAfter
    }

    /// `receiver console: message`
    public var description: String { "receiver \(receiver): \(message)" }
}

/// What channels may use of the world; tests give them something else.
public struct ChannelServices {
    /// Writes a line, without its newline, to the standard output.
    public let writeLine: (String) throws(ChannelError) -> Void
    /// The time of day, nanoseconds since the epoch.
    public let now: @Sendable () -> Int64
    /// Up to five stored lines that an alert is about.
    public let lines: @Sendable (AlertNotification.Alert) -> [String]

    /// The given services.
    public init(
        now: @escaping @Sendable () -> Int64 = { 0 },
        lines: @escaping @Sendable (AlertNotification.Alert) -> [String] = { _ in [] },
        writeLine: @escaping (String) throws(ChannelError) -> Void
    ) {
        self.now = now
        self.lines = lines
        self.writeLine = writeLine
    }
}
