public import LogAlerting
internal import LogJSON
internal import LogRecords

/// The kind `alertmanager`.
public struct AlertmanagerKind: ChannelKind {
    /// `alertmanager`.
    public let name = "alertmanager"
    /// One line for help.
    public let summary = "the alerts themselves to Alertmanagers (API v2), which route them"

    /// What a group was told last is told again and again.
    public var keepsGroups: Bool { true }

    /// The kind.
    public init() {}

    /// What Prometheus and vmalert do by default.
    private static let intervalDefault: Int64 = 60 * Timestamp.second

    /// `url` or `urls`, `resend_interval`, `generator_url`, `http_config`, `timeout`.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        var addresses: [Secret] = []
        if let address = try settings.address("url") { addresses.append(address) }
        for text in try settings.texts("urls") {
            do throws(WebAddress.Fault) {
                _ = try WebAddress(text)
            } catch {
                throw settings.fault("urls", "an entry of `urls` cannot be used: \(error.message)")
            }
            addresses.append(Secret(text))
        }
        guard !addresses.isEmpty else {
            throw settings.fault(nil, "\(settings.what) has no `url` and no `urls`")
        }
        let interval =
            try settings.duration("resend_interval", atLeast: Timestamp.second)
            ?? Self.intervalDefault
        let http = try settings.http()
        let urls = addresses
        return { name, services in
            AlertmanagerChannel(
                sender: HTTPSender(channel: name, settings: http, now: services.now),
                addresses: urls, interval: interval)
        }
    }
}

/// Posts alerts to Alertmanager, again and again while they fire: what it does not hear of for some time it takes for resolved.
///
/// All addresses get everything, as Prometheus does with the members of a cluster; one that takes it is enough.
final class AlertmanagerChannel: Channel {
    private let sender: HTTPSender
    private let addresses: [Secret]
    private let interval: Int64

    var name: String { sender.channel }
    var refreshInterval: Int64? { interval }
    /// What tells alerts apart there are labels and annotations, which must stay the same.
    var showsLines: Bool { false }

    /// Alerts end by themselves after so many intervals without news, as Prometheus has it.
    private static let intervalsMissedMax: Int64 = 4
    private static let path = "/api/v2/alerts"

    init(sender: HTTPSender, addresses: [Secret], interval: Int64) {
        self.sender = sender
        self.addresses = addresses
        self.interval = interval
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        let body = Array(
            Self.body(notification, silentAt: sender.now() + Self.intervalsMissedMax * interval)
                .utf8)
        var failure: ChannelError?
        var isTaken = false
        for address in addresses {
            do throws(ChannelError) {
                var url = try sender.reveal(address)
                while url.hasSuffix("/") { url.removeLast() }
                if !url.hasSuffix(Self.path) { url += Self.path }
                try sender.deliver(
                    HTTPMessage(
                        address: url, headers: [("content-type", "application/json")], body: body))
                isTaken = true
            } catch {
                // Another try is worth it while one of them may get well.
                if failure == nil || error.isTemporary { failure = error }
            }
        }
        if !isTaken, let failure { throw failure }
    }

    /// - Parameter end: when an alert that fires is over without further news.
    static func body(_ notification: AlertNotification, silentAt end: Int64) -> String {
        JSONList.text(
            notification.alerts.map { alert in
                var json = JSONObjectWriter()
                json.add("labels", texts: labels(alert.labels))
                json.add("annotations", texts: labels(alert.annotations))
                json.add("startsAt", text: Timestamp.text(alert.startTime, digits: 3))
                json.add("endsAt", text: Timestamp.text(alert.endTime ?? end, digits: 3))
                if let link = NotificationText.link(alert, "dashboard_url")
                    ?? NotificationText.webAddress(notification.externalURL)
                {
                    json.add("generatorURL", text: link)
                }
                return json.text
            })
    }

    /// Names of labels have letters, digits and `_` there; an empty label is none.
    private static func labels(_ labels: [String: String]) -> [String: String] {
        var result: [String: String] = [:]
        for (name, text) in labels.sorted(by: { $0.key < $1.key }) where !text.isEmpty {
            var clean = String(
                decoding: name.utf8.map { byte in
                    CommandEnvironment.isName("_" + String(UnicodeScalar(byte)))
                        ? byte : UInt8(ascii: "_")
                }, as: UTF8.self)
            if !CommandEnvironment.isName(clean) { clean = "_" + clean }
            // Two names that become one keep the first one's text.
            if result[clean] == nil { result[clean] = text }
        }
        return result
    }
}
