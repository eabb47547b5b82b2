public import LogAlerting
internal import LogRecords
internal import NIOSSL

/// The kind `email`.
public struct EmailKind: ChannelKind {
    /// `email`.
    public let name = "email"
    /// One line for help.
    public let summary = "a mail over SMTP with TLS"
    /// It does not, as in Alertmanager.
    public let sendsResolved = false

    /// The kind.
    public init() {}

    private static let timeoutDefault: Int64 = 30 * Timestamp.second

    /// Alertmanager's settings; what is missing comes from `global`.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        let globals = settings.globals
        guard let to = EmailAddress.list(try settings.required("to")), !to.isEmpty else {
            throw settings.fault("to", "`to` is an address of mail, or several with commas")
        }
        guard let sender = try settings.text("from") ?? globals.text("smtp_from") else {
            throw settings.fault(
                nil, "\(settings.what) has no `from`, and `global` has no `smtp_from`")
        }
        guard let from = EmailAddress(sender) else {
            throw settings.fault("from", "`\(sender)` is no address of mail")
        }
        let client = try Self.client(settings, from: from)
        let content = try EmailContent(settings, from: from, to: to)
        return { name, services in
            EmailChannel(name: name, client: client, content: content, now: services.now)
        }
    }

    private static func client(
        _ settings: ChannelSettings, from: EmailAddress
    ) throws(AlertFileError) -> SMTPClient {
        let globals = settings.globals
        guard let place = try settings.text("smarthost") ?? globals.text("smtp_smarthost") else {
            throw settings.fault(
                nil, "\(settings.what) has no `smarthost`, and `global` has no `smtp_smarthost`")
        }
        let parts = place.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let port = Int(parts[1]),
            (1...65_535).contains(port)
        else {
            throw settings.fault(
                "smarthost", "`smarthost` is a host and a port, as in `mail.example.org:587`")
        }
        let requiresTLS =
            try settings.flag("require_tls") ?? globals.flag("smtp_require_tls") ?? true
        let isImplicit = try settings.flag("force_implicit_tls") ?? (port == 465)
        let host = String(parts[0])
        let hello =
            try settings.text("hello") ?? globals.text("smtp_hello")
            ?? String(from.address.split(separator: "@").last ?? "localhost")
        guard hello.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
            throw settings.fault("hello", "`hello` is the name of a host")
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let configured = try settings.tlsConfiguration() { tls = configured }
        let user = try settings.text("auth_username") ?? globals.text("smtp_auth_username")
        let password = try settings.secret("auth_password", global: "smtp_auth_password")
        settings.accept("auth_secret", "auth_secret_file")
        let identity =
            try settings.text("auth_identity") ?? globals.text("smtp_auth_identity") ?? ""
        if user != nil, password == nil {
            throw settings.fault(
                "auth_username", "there is an `auth_username` and no `auth_password`")
        }
        guard user == nil || requiresTLS || isImplicit || isLoopback(host) else {
            throw settings.fault(
                "require_tls", "a password is not sent without TLS; leave `require_tls` out")
        }
        let timeout = try settings.duration("timeout", atLeast: 1_000_000) ?? timeoutDefault
        return SMTPClient(
            host: host, port: port,
            security: isImplicit ? .implicit : requiresTLS ? .required : .wanted, hello: hello,
            tls: tls, user: user, password: password, identity: identity, timeout: timeout)
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.")
    }
}

/// What mails of a channel say.
struct EmailContent: Sendable {
    private let from: EmailAddress
    let to: [EmailAddress]
    private var subject: MessageTemplate?
    private var headers: [(name: String, text: MessageTemplate)] = []
    private var text: MessageTemplate?
    private var html: MessageTemplate?

    /// Headers that weir writes itself.
    private static let own: Set<String> = [
        "from", "to", "message-id", "date", "mime-version", "content-type", "references",
        "in-reply-to", "content-transfer-encoding",
    ]

    init(
        _ settings: ChannelSettings, from: EmailAddress, to: [EmailAddress]
    ) throws(AlertFileError) {
        self.from = from
        self.to = to
        for (name, text) in try settings.templates("headers") {
            guard TemplatedRequest.isHeaderName(name) else {
                throw settings.fault("headers", "`\(name)` is no name of a header")
            }
            if name.lowercased() == "subject" {
                subject = text
            } else if !Self.own.contains(name.lowercased()) {
                headers.append((name, text))
            } else if !["from", "to"].contains(name.lowercased()) {
                throw settings.fault("headers", "weir writes the header `\(name)` itself")
            }
        }
        text = try settings.template("text")
        // Alertmanager's own page is not here; the form of weir is.
        if try settings.text("html") != "{{ template \"email.default.html\" . }}" {
            html = try settings.template("html")
        }
        if let threading = try settings.group("threading") {
            threading.accept("enabled", "thread_by_date")
        }
    }

    /// The sender's address in the envelope.
    var sender: String { from.address }

    /// The mail for a notification.
    func message(_ notification: AlertNotification, channel: String, now: Int64) -> [UInt8] {
        let data = TemplateValue(notification)
        let host = String(from.address.split(separator: "@").last ?? "localhost")
        let title =
            subject?.render(data, escape: SafeText.visible) ?? NotificationText.title(notification)
        let identity = channel + "\u{1F}" + notification.key
        // All mails of a group refer to one that need not exist: mail programs show them as one thread.
        let thread = EmailMessage.messageID(channel + "\u{1F}" + notification.groupKey, host: host)
        var message = EmailMessage(
            text: text?.render(data, escape: SafeText.visibleLines)
                ?? EmailText.plain(notification),
            html: html?.render(data, escape: SafeText.html) ?? EmailText.html(notification))
        message.headers = [
            ("From", from.header), ("To", to.map(\.header).joined(separator: ",\r\n ")),
            ("Subject", EncodedWords.encode(SafeText.cut(SafeText.visible(title), bytes: 500))),
            ("Date", EmailMessage.date(now)),
            ("Message-ID", EmailMessage.messageID(identity, host: host)),
            ("References", thread), ("In-Reply-To", thread),
            ("Auto-Submitted", "auto-generated"),
        ]
        for (name, text) in headers {
            let value = SafeText.cut(text.render(data, escape: SafeText.visible), bytes: 500)
            message.headers.append((name, EncodedWords.encode(value)))
        }
        let boundary = "weir-" + EmailMessage.messageID(identity, host: "b").filter(\.isHexDigit)
        return message.bytes(boundary: boundary)
    }
}

/// Sends mails. A mail of the same notification has the same Message-ID, and mails of one group of alerts refer to the same one.
final class EmailChannel: Channel {
    let name: String
    private let client: SMTPClient
    private let content: EmailContent
    private let now: @Sendable () -> Int64

    init(
        name: String, client: SMTPClient, content: EmailContent,
        now: @escaping @Sendable () -> Int64
    ) {
        self.name = name
        self.client = client
        self.content = content
        self.now = now
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        let message = content.message(notification, channel: name, now: now())
        do throws(SMTPClient.Failure) {
            try client.send(message, from: content.sender, to: content.to.map(\.address))
        } catch {
            throw ChannelError(
                receiver: name, message: error.message, isTemporary: error.isTemporary)
        }
    }
}
