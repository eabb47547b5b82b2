public import LogAlerting
internal import LogJSON

/// The kind `http`.
public struct TemplatedHTTPKind: ChannelKind {
    /// `http`.
    public let name = "http"
    /// One line for help.
    public let summary = "a request made from templates: SMS, calls, chats with an API of their own"

    /// The kind.
    public init() {}

    private static let methods = ["POST", "PUT", "PATCH", "GET", "DELETE"]

    /// `url`, `method`, `headers`, one of `form`, `json` and `body`, `secret`s in `http_config`, `timeout`.
    public func read(_ settings: ChannelSettings) throws(AlertFileError) -> ChannelMaker {
        var request = TemplatedRequest(
            method: try settings.word("method", of: Self.methods) ?? "POST",
            address: try settings.secret("url"))
        guard let address = request.address else {
            throw settings.fault(nil, "\(settings.what) has no `url`")
        }
        if let text = try? address.reveal() {
            let template = try settings.template("url", text)
            if !template.hasActions { _ = try settings.address("url") }
        }
        request.headers = try settings.templates("headers")
        for header in request.headers where !TemplatedRequest.isHeaderName(header.name) {
            throw settings.fault("headers", "`\(header.name)` is no name of a header")
        }
        request.form = try settings.templates("form")
        request.json = try settings.templates("json")
        request.body = try settings.template("body")
        let bodies = ["form", "json", "body"].filter { settings.has($0) }
        guard bodies.count <= 1 else {
            throw settings.fault(
                bodies[1],
                "\(settings.what) has `\(bodies[0])` and `\(bodies[1])`; a request has "
                    + "one of `form`, `json` and `body`")
        }
        let http = try settings.http()
        let made = request
        return { name, services in
            TemplatedHTTPChannel(
                sender: HTTPSender(channel: name, settings: http, now: services.now), request: made)
        }
    }
}

/// The parts of a request with places for what a notification holds. Each value is encoded for where it stands: percent-encoded in
/// the address and in forms, as JSON text in JSON, on one line in headers.
struct TemplatedRequest: Sendable {
    let method: String
    let address: Secret?
    var headers: [(name: String, text: MessageTemplate)] = []
    var form: [(name: String, text: MessageTemplate)] = []
    var json: [(name: String, text: MessageTemplate)] = []
    var body: MessageTemplate?

    init(method: String, address: Secret?) {
        self.method = method
        self.address = address
    }

    static func isHeaderName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z"))
                    || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }

    /// The request for a notification, to the address that `template` gives.
    func message(_ notification: AlertNotification, _ template: MessageTemplate) -> HTTPMessage {
        let data = TemplateValue(notification)
        var fields: [(name: String, text: String)] = headers.map {
            ($0.name, $0.text.render(data, escape: SafeText.header))
        }
        let (type, body) = content(data)
        if let type, !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
            fields.append(("content-type", type))
        }
        if !fields.contains(where: { $0.name.lowercased() == "idempotency-key" }) {
            fields.append(("idempotency-key", notification.key))
        }
        // Where the address has a slash behind its host before the first value, values can only be in path and query.
        let host = template.prefix.firstRange(of: "://").map { template.prefix[$0.upperBound...] }
        let isFixed = !template.hasActions || host?.contains("/") == true
        return HTTPMessage(
            method: method,
            address: isFixed
                ? template.render(data, escape: PercentEncoding.encode) : template.render(data),
            headers: fields, body: Array(body.utf8), isAddressTrusted: isFixed)
    }

    private func content(_ data: TemplateValue) -> (type: String?, body: String) {
        if !form.isEmpty {
            let fields = form.map { ($0.name, $0.text.render(data, escape: SafeText.visibleLines)) }
            return ("application/x-www-form-urlencoded", PercentEncoding.form(fields))
        }
        if !json.isEmpty {
            var object = JSONObjectWriter()
            for (name, text) in json { object.add(name, text: text.render(data)) }
            return ("application/json", object.text)
        }
        guard let body else { return (nil, "") }
        let text = body.render(data) { String(JSONList.quoted($0).dropFirst().dropLast()) }
        let isJSON = "{[".contains(body.source.first { !$0.isWhitespace } ?? " ")
        return isJSON
            ? ("application/json", text)
            : ("text/plain; charset=utf-8", body.render(data, escape: SafeText.visibleLines))
    }
}

/// Sends a request made from templates, which is how providers of SMS and calls are reached.
final class TemplatedHTTPChannel: Channel {
    private let sender: HTTPSender
    private let request: TemplatedRequest

    var name: String { sender.channel }

    init(sender: HTTPSender, request: TemplatedRequest) {
        self.sender = sender
        self.request = request
    }

    func deliver(_ notification: AlertNotification) throws(ChannelError) {
        guard let address = request.address else { return }
        let text = try sender.reveal(address)
        let template: MessageTemplate
        do throws(TemplateFault) {
            template = try MessageTemplate(text)
        } catch {
            throw ChannelError(receiver: name, message: error.message, isTemporary: false)
        }
        try sender.deliver(request.message(notification, template))
    }
}
