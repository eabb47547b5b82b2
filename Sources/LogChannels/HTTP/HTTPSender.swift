internal import AsyncHTTPClient
internal import LogAlerting
internal import LogRecords
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// One message to a receiver.
struct HTTPMessage {
    var method = "POST"
    /// The address, which may be secret.
    let address: String
    var headers: [(name: String, text: String)] = []
    let body: [UInt8]
    /// False where the address comes from a log line or over the API, and not from the operator: then it must be https and
    /// lead to the open network.
    var isAddressTrusted = true
}

/// What a receiver answered.
struct HTTPAnswer: Equatable {
    let status: Int
    /// The beginning of its body.
    let body: String
    /// How long it asks to wait, in nanoseconds.
    let retryAfter: Int64?
}

/// Sends messages for one channel, one after the other, waiting for each answer. It follows no redirect, keeps no more than the
/// beginning of an answer, and shows no secret in its errors.
struct HTTPSender {
    let channel: String
    let settings: HTTPSettings
    let now: @Sendable () -> Int64

    /// Kept of an answer's body: enough for the reason of a refusal.
    static let answerBytesMax = 4 << 10
    /// Shown of it in an error.
    private static let shownBytesMax = 200

    /// Delivers `message`; returning means that the receiver answered with 2xx.
    @discardableResult
    func deliver(_ message: HTTPMessage) throws(DeliveryError) -> HTTPAnswer {
        let address: WebAddress
        do throws(WebAddress.Fault) {
            address = try WebAddress(message.address)
        } catch {
            throw failure(error.message, isTemporary: false)
        }
        let path = String(address.url.dropFirst(address.shown.count + 1))
        // Tokens are parts of the path, or values of the query.
        var secrets = [path] + path.split { "/?&=".contains($0) }.map(String.init)
        let answer = try send(message, to: address, &secrets)
        guard !(200...299).contains(answer.status) else { return answer }
        let isTemporary =
            answer.status >= 500 || [408, 425, 429].contains(answer.status)
        var text = "\(address.shown) answered \(answer.status)"
        if (300...399).contains(answer.status) {
            text += ", a redirect, which weir does not follow; name the last address itself"
        } else if !answer.body.isEmpty {
            text += ": " + Self.shown(answer.body, without: secrets)
        }
        throw DeliveryError(
            receiver: channel, message: text, isTemporary: isTemporary,
            retryAfter: isTemporary ? answer.retryAfter : nil)
    }

    private func failure(_ message: String, isTemporary: Bool) -> DeliveryError {
        DeliveryError(receiver: channel, message: message, isTemporary: isTemporary)
    }

    /// The beginning of an answer on one line. A receiver may repeat what it got: secrets in it are not shown.
    private static func shown(_ body: String, without secrets: [String]) -> String {
        var text = body
        // Very short ones would be found everywhere.
        for secret in secrets where secret.utf8.count >= 6 {
            text = text.replacing(secret, with: "<secret>")
        }
        return SafeText.visible(SafeText.cut(text, bytes: shownBytesMax))
    }

    // MARK: One exchange

    private func send(
        _ message: HTTPMessage, to address: WebAddress, _ secrets: inout [String]
    ) throws(DeliveryError) -> HTTPAnswer {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .nanoseconds(settings.timeout)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.tlsConfiguration = settings.tls
        configuration.proxy = settings.proxy
        if !message.isAddressTrusted {
            configuration.dnsOverride = try publicAddress(of: address)
            configuration.proxy = nil
        }
        let headers = try headers(message, address, &secrets)
        // Notifications are rare: each gets a connection of its own, and no broken one is met again.
        let client = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        defer { try? client.syncShutdown() }
        do {
            let request = try HTTPClient.Request(
                url: address.url, method: HTTPMethod(rawValue: message.method), headers: headers,
                body: message.body.isEmpty ? nil : .bytes(message.body))
            let collector = AnswerCollector(now: now())
            return try client.execute(
                request: request, delegate: collector,
                deadline: .now() + .nanoseconds(settings.timeout)
            ).wait()
        } catch {
            throw failure("\(address.shown): \(text(error))", isTemporary: isTemporary(error))
        }
    }

    private func publicAddress(of address: WebAddress) throws(DeliveryError) -> [String: String] {
        guard address.isSecure else {
            throw failure(
                "\(address.shown) is no https address, which one must be that comes from a log line",
                isTemporary: false)
        }
        do throws(PublicAddress.Refusal) {
            return [address.host: try PublicAddress.resolve(address.host)]
        } catch {
            throw failure(error.message, isTemporary: error.isTemporary)
        }
    }

    private func headers(
        _ message: HTTPMessage, _ address: WebAddress, _ secrets: inout [String]
    ) throws(DeliveryError) -> HTTPHeaders {
        var headers = HTTPHeaders()
        headers.add(name: "user-agent", value: "weir")
        headers.add(name: "connection", value: "close")
        for (name, text) in settings.headers + message.headers {
            headers.replaceOrAdd(name: name, value: SafeText.header(text))
        }
        let authorization: String?
        do throws(SecretError) {
            switch settings.authorization {
            case .basic(let user, let password):
                let secret = try password?.reveal() ?? ""
                secrets.append(secret)
                authorization = "Basic " + Base64.encode("\(try user.reveal()):\(secret)")
            case .scheme(let scheme, let credentials):
                let secret = try credentials.reveal()
                secrets.append(secret)
                authorization = "\(scheme) \(secret)"
            case nil: authorization = address.authorization
            }
        } catch {
            throw failure(error.message, isTemporary: true)
        }
        if let authorization {
            secrets.append(authorization)
            headers.replaceOrAdd(name: "authorization", value: authorization)
        }
        return headers
    }

    // MARK: Errors

    private func isTemporary(_ error: any Error) -> Bool {
        guard let error = error as? HTTPClientError else { return true }
        let permanent: [HTTPClientError] = [
            .invalidURL, .emptyHost, .missingSocketPath, .emptyScheme, .redirectLimitReached,
        ]
        return !permanent.contains(error)
    }

    private func text(_ error: any Error) -> String {
        let late: [HTTPClientError] = [
            .deadlineExceeded, .connectTimeout, .readTimeout, .tlsHandshakeTimeout,
        ]
        if let error = error as? HTTPClientError, late.contains(error) {
            return "no answer within \(DurationText.text(settings.timeout))"
        }
        if let error = error as? NIOConnectionError {
            if let first = error.connectionErrors.first { return "\(first.error)" }
            if let fault = error.dnsAError ?? error.dnsAAAAError {
                return "the host is not known: \(fault)"
            }
        }
        if error is NIOSSLError || error is BoringSSLError {
            return "TLS failed: \(error); `tls_config` names the authority to trust"
        }
        return "\(error)"
    }
}

/// Keeps the beginning of an answer and lets the rest go by.
private final class AnswerCollector: HTTPClientResponseDelegate, @unchecked Sendable {
    private let now: Int64
    private var status = 0
    private var body: [UInt8] = []
    private var retryAfter: Int64?

    init(now: Int64) { self.now = now }

    func didReceiveHead(
        task: HTTPClient.Task<HTTPAnswer>, _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        status = Int(head.status.code)
        retryAfter = head.headers.first(name: "retry-after").flatMap {
            RetryAfter.parse($0, now: now)
        }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<HTTPAnswer>, _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let room = HTTPSender.answerBytesMax - body.count
        if room > 0 { body += buffer.readableBytesView.prefix(room) }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<HTTPAnswer>) throws -> HTTPAnswer {
        HTTPAnswer(
            status: status, body: String(decoding: body, as: UTF8.self), retryAfter: retryAfter)
    }
}
