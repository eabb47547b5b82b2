public import LogAlerting

/// The kind `pagerduty`.
public struct PagerDutyKind: ChannelKind {
    /// `pagerduty`.
    public let name = "pagerduty"
    /// One line for help.
    public let summary = "an event of PagerDuty's Events API v2"

    /// A group of alerts is an incident.
    public var keepsGroups: Bool { true }

    /// The kind.
    public init() {}

    /// Where events go when neither the receiver nor `global` says.
    private static let address = Secret("https://events.pagerduty.com/v2/enqueue")

    /// Alertmanager's settings.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        if settings.has("service_key") || settings.has("service_key_file") {
            throw settings.fault(
                "service_key",
                "weir speaks PagerDuty's Events API v2: write its integration key as `routing_key`")
        }
        guard let key = try settings.secret("routing_key") else {
            throw settings.fault(nil, "\(settings.what) has no `routing_key`")
        }
        let address =
            try settings.address("url")
            ?? settings.globals.text("pagerduty_url").map { Secret($0) } ?? Self.address
        let event = try PagerDutyEvent(settings)
        let http = try settings.http()
        return { name, services in
            PagerDutyChannel(
                sender: HTTPSender(channel: name, settings: http, now: services.now),
                address: address, key: key, event: event)
        }
    }
}

/// Sends events to PagerDuty: an incident for each group of alerts.
final class PagerDutyChannel: Channel {
    private let sender: HTTPSender
    private let address: Secret
    private let key: Secret
    private let event: PagerDutyEvent

    var name: String { sender.channel }

    init(sender: HTTPSender, address: Secret, key: Secret, event: PagerDutyEvent) {
        self.sender = sender
        self.address = address
        self.key = key
        self.event = event
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        // The incident goes on while others of the group fire.
        if notification.reason == .moved, notification.isFiring { return }
        let body = event.body(notification, routingKey: try sender.reveal(key))
        try sender.deliver(
            HTTPMessage(
                address: try sender.reveal(address),
                headers: [("content-type", "application/json")], body: Array(body.utf8)))
    }
}
