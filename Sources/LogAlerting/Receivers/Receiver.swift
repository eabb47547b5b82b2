/// Where notifications go: a name that routes refer to, and the channels behind it. Without channels it is where
/// notifications end that nobody wants.
public struct Receiver: Equatable, Sendable {
    /// The name that a route refers to.
    public let name: String
    /// The channels, in file order; each gets every notification.
    public let channels: [ReceiverChannel]

    /// The receiver `name`.
    public init(name: String, channels: [ReceiverChannel] = []) {
        self.name = name
        self.channels = channels
    }
}

/// One channel of a receiver, as the alert file describes it.
public struct ReceiverChannel: Equatable, Sendable {
    /// The name of the channel: `team/slack`, and `team/slack-2` for the second of its kind. The same as long as the file has
    /// it at this place, so that its outbox is found again.
    public let name: String
    /// The kind, one that the channel registry knows.
    public let kind: String
    /// Whether it tells of alerts that have ended.
    public let sendsResolved: Bool
    /// Whether what it sends to keeps a state by groups (`ChannelKind`).
    public let keepsGroups: Bool
    /// How long it tries to deliver a notification, in nanoseconds.
    public let giveUpAfter: Int64
    /// Makes the channel. The thread that delivers calls it, once.
    public let makeChannel: @Sendable (ChannelServices) -> any Channel

    /// How long a notification is worth trying when the file does not say: over a night or a Sunday.
    public static let giveUpAfterDefault: Int64 = 24 * 3_600 * 1_000_000_000

    /// A channel of kind `kind`.
    public init(
        name: String, kind: String, sendsResolved: Bool = true, keepsGroups: Bool = false,
        giveUpAfter: Int64 = giveUpAfterDefault,
        makeChannel: @escaping @Sendable (ChannelServices) -> any Channel
    ) {
        self.name = name
        self.kind = kind
        self.sendsResolved = sendsResolved
        self.keepsGroups = keepsGroups
        self.giveUpAfter = giveUpAfter
        self.makeChannel = makeChannel
    }

    /// Whether both are the same place in the file and behave alike; their settings are not compared.
    public static func == (left: ReceiverChannel, right: ReceiverChannel) -> Bool {
        left.name == right.name && left.kind == right.kind
            && left.sendsResolved == right.sendsResolved && left.giveUpAfter == right.giveUpAfter
    }
}
