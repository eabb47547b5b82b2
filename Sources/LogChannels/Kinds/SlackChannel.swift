public import LogAlerting

/// The kind `slack`.
public struct SlackKind: ChannelKind {
    /// `slack`.
    public let name = "slack"
    /// One line for help.
    public let summary = "a message in Slack, or in what takes Slack's webhooks"
    /// It does not, as in Alertmanager.
    public let sendsResolved = false

    /// The kind.
    public init() {}

    /// Alertmanager's settings, and `mentions` (severity → `channel`, `here` or an id) and `style` (attachments, blocks).
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        guard let address = try settings.address("api_url", global: "slack_api_url") else {
            throw settings.fault(
                nil,
                "\(settings.what) has no `api_url`, and `global` has no `slack_api_url`: the "
                    + "address of an incoming webhook")
        }
        let message = try SlackMessage(settings)
        let http = try settings.http()
        return { name, services in
            SlackChannel(
                sender: HTTPSender(channel: name, settings: http, now: services.now),
                address: address, message: message)
        }
    }
}

/// Posts notifications to an incoming webhook of Slack.
final class SlackChannel: Channel {
    private let sender: HTTPSender
    private let address: Secret
    private let message: SlackMessage

    var name: String { sender.channel }

    init(sender: HTTPSender, address: Secret, message: SlackMessage) {
        self.sender = sender
        self.address = address
        self.message = message
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        try sender.deliver(
            HTTPMessage(
                address: try sender.reveal(address),
                headers: [
                    ("content-type", "application/json"), ("idempotency-key", notification.key),
                ], body: Array(message.body(notification).utf8)))
    }
}
