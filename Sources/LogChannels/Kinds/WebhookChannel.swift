public import LogAlerting
internal import LogBytes
internal import LogJSON
internal import LogRecords

/// The kind `webhook`.
public struct WebhookKind: ChannelKind {
    /// `webhook`.
    public let name = "webhook"
    /// One line for help.
    public let summary = "Alertmanager's JSON to an address, signed"

    /// The kind.
    public init() {}

    /// `url` or `url_file`, `secret` to sign with, `max_alerts`, `http_config`, `timeout`.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        guard let address = try settings.address("url") else {
            throw settings.fault(nil, "\(settings.what) has no `url`")
        }
        let secret = try settings.secret("secret")
        let alertsMax = try settings.number("max_alerts", in: 0...1_000_000) ?? 0
        let http = try settings.http()
        return { name, services in
            WebhookChannel(
                sender: HTTPSender(channel: name, settings: http, now: services.now),
                address: address, secret: secret, alertsMax: alertsMax)
        }
    }
}

/// Posts notifications as Alertmanager's webhook receiver does (version 4), each with its key, and with a signature.
///
///     Idempotency-Key: the notification's key
///     X-Weir-Timestamp: 1767607200
///     X-Weir-Signature: sha256=HMAC-SHA256(secret, timestamp + "." + body), hexadecimal
final class WebhookChannel: Channel {
    private let sender: HTTPSender
    private let address: Secret
    private let secret: Secret?
    private let alertsMax: Int

    var name: String { sender.channel }

    init(sender: HTTPSender, address: Secret, secret: Secret?, alertsMax: Int) {
        self.sender = sender
        self.address = address
        self.secret = secret
        self.alertsMax = alertsMax
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        let body = Array(WebhookBody.text(notification, alertsMax: alertsMax).utf8)
        var message = HTTPMessage(
            address: try sender.reveal(address),
            headers: [
                ("content-type", "application/json"), ("idempotency-key", notification.key),
            ], body: body)
        if let secret {
            let time = "\(sender.now() / Timestamp.second)"
            let signature = MessageSignature.hexadecimal(
                Array("\(time).".utf8) + body, key: Array(try sender.reveal(secret).utf8))
            message.headers.append(("x-weir-timestamp", time))
            message.headers.append(("x-weir-signature", "sha256=\(signature)"))
        }
        try sender.deliver(message)
    }
}

extension HTTPSender {
    /// The text of a secret.
    func reveal(_ secret: Secret) throws(ChannelError) -> String {
        do throws(SecretError) {
            return try secret.reveal()
        } catch {
            throw ChannelError(receiver: channel, message: error.message, isTemporary: true)
        }
    }
}

/// Alertmanager's webhook body, version 4. What weir knows beyond it stands under `weir`.
enum WebhookBody {
    /// What Alertmanager writes for the end of an alert that still fires.
    private static let noTime = "0001-01-01T00:00:00Z"

    /// - Parameter alertsMax: how many alerts may be in it; 0 for all.
    static func text(_ notification: AlertNotification, alertsMax: Int = 0) -> String {
        let kept =
            alertsMax > 0 ? Array(notification.alerts.prefix(alertsMax)) : notification.alerts
        var json = JSONObjectWriter()
        json.add("receiver", text: notification.receiver)
        json.add("status", text: notification.isFiring ? "firing" : "resolved")
        json.add("alerts", raw: JSONList.text(kept.map { alert($0, notification) }))
        json.add("groupLabels", texts: notification.groupLabels)
        json.add("commonLabels", texts: notification.commonLabels)
        json.add("commonAnnotations", texts: notification.commonAnnotations)
        json.add("externalURL", text: notification.externalURL)
        json.add("version", text: "4")
        json.add("groupKey", text: notification.groupKey)
        json.add(
            "truncatedAlerts",
            number: notification.truncatedAlerts + notification.alerts.count - kept.count)
        var own = JSONObjectWriter()
        own.add("key", text: notification.key)
        own.add("reason", text: notification.reason.rawValue)
        own.add("title", text: NotificationText.title(notification))
        own.add("time", text: Timestamp.text(notification.time, digits: 3))
        json.add("weir", raw: own.text)
        return json.text
    }

    private static func alert(
        _ alert: AlertNotification.Alert, _ notification: AlertNotification
    ) -> String {
        var json = JSONObjectWriter()
        json.add("status", text: alert.isFiring ? "firing" : "resolved")
        json.add("labels", texts: alert.labels)
        json.add("annotations", texts: alert.annotations)
        json.add("startsAt", text: Timestamp.text(alert.startTime, digits: 3))
        json.add("endsAt", text: alert.endTime.map { Timestamp.text($0, digits: 3) } ?? noTime)
        json.add(
            "generatorURL",
            text: NotificationText.link(alert, "dashboard_url") ?? notification.externalURL)
        json.add("fingerprint", text: alert.fingerprint)
        json.add("weir", raw: details(alert))
        return json.text
    }

    /// What weir knows of an alert beyond its labels.
    static func details(_ alert: AlertNotification.Alert) -> String {
        var json = JSONObjectWriter()
        if let severity = alert.severity { json.add("severity", text: "\(severity)") }
        json.add("subject", text: alert.subject)
        json.add("value", number: alert.value)
        json.add("threshold", number: alert.threshold)
        json.add("unit", text: alert.unit.rawValue)
        json.add("window", text: DurationText.text(alert.window))
        json.add("sentence", text: alert.sentence)
        if !alert.query.isEmpty { json.add("query", text: alert.query) }
        if !alert.lines.isEmpty {
            json.add("lines", raw: JSONList.text(alert.lines.map(JSONList.quoted)))
        }
        if let person = alert.acknowledgedBy { json.add("acknowledgedBy", text: person) }
        return json.text
    }
}
