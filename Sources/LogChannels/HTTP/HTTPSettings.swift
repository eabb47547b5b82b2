internal import AsyncHTTPClient
internal import LogAlerting
internal import LogRecords
internal import NIOSSL

/// How a channel talks HTTP: what Alertmanager calls `http_config`.
struct HTTPSettings: Sendable {
    /// The header `Authorization`, made of secrets that are read for each message.
    enum Authorization: Sendable {
        case basic(user: Secret, password: Secret?)
        case scheme(String, Secret)
    }

    var authorization: Authorization?
    var headers: [(name: String, text: String)] = []
    var tls: TLSConfiguration?
    var proxy: HTTPClient.Configuration.Proxy?
    /// The time that one attempt may take, in nanoseconds.
    var timeout = HTTPSettings.timeoutDefault

    /// Receivers answer within a second; after ten they will not.
    static let timeoutDefault: Int64 = 10 * 1_000_000_000
    private static let timeoutLeast: Int64 = 1_000_000
}

extension ChannelSettings {
    /// `http_config` and `timeout`.
    func http() throws(AlertFileError) -> HTTPSettings {
        var result = HTTPSettings()
        if let timeout = try duration("timeout", atLeast: 1_000_000), timeout > 0 {
            result.timeout = timeout
        }
        guard let group = try group("http_config") else { return result }
        group.accept("enable_http2", "no_proxy", "proxy_connect_header")
        if try group.flag("follow_redirects") == true {
            throw group.fault(
                "follow_redirects", "weir follows no redirects; name the last address itself")
        }
        if group.has("oauth2") {
            throw group.fault("oauth2", "weir has `basic_auth` and `authorization`, not OAuth 2")
        }
        result.authorization = try authorization(group)
        result.tls = try group.tlsConfiguration()
        for (name, text) in try group.pairs("http_headers") {
            result.headers.append((name, SafeText.header(text)))
        }
        if let text = try group.text("proxy_url") {
            result.proxy = try group.proxy(text)
        }
        return result
    }

    private func authorization(
        _ group: ChannelSettings
    ) throws(AlertFileError) -> HTTPSettings.Authorization? {
        var result: [HTTPSettings.Authorization] = []
        if let basic = try group.group("basic_auth") {
            guard let user = try basic.secret("username") else {
                throw basic.fault(nil, "`basic_auth` has no `username`")
            }
            result.append(.basic(user: user, password: try basic.secret("password")))
        }
        if let other = try group.group("authorization") {
            let scheme = try other.text("type") ?? "Bearer"
            guard let credentials = try other.secret("credentials") else {
                throw other.fault(nil, "`authorization` has no `credentials`")
            }
            result.append(.scheme(SafeText.header(scheme), credentials))
        }
        if let token = try group.secret("bearer_token") {
            result.append(.scheme("Bearer", token))
        }
        guard result.count <= 1 else {
            throw group.fault(
                nil, "one of `basic_auth`, `authorization` and `bearer_token` is enough")
        }
        return result.first
    }

    /// `tls_config`: whom to trust, and how to show who one is.
    func tlsConfiguration() throws(AlertFileError) -> TLSConfiguration? {
        guard let group = try group("tls_config") else { return nil }
        var result = TLSConfiguration.makeClientConfiguration()
        if try group.flag("insecure_skip_verify") == true {
            result.certificateVerification = .none
        }
        switch try group.word("min_version", of: ["TLS12", "TLS13"]) {
        case "TLS13": result.minimumTLSVersion = .tlsv13
        default: result.minimumTLSVersion = .tlsv12
        }
        if group.has("server_name") {
            throw group.fault(
                "server_name", "weir checks the certificate for the host of the address")
        }
        let authority = try group.text("ca_file")
        let certificate = try group.text("cert_file")
        let key = try group.text("key_file")
        var file = "ca_file"
        do {
            if let authority {
                result.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority))
            }
            file = "cert_file"
            if let certificate {
                result.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate)
                    .map { .certificate($0) }
            }
            file = "key_file"
            if let key {
                result.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
        } catch {
            throw group.fault(file, "`\(file)` cannot be used: \(error)")
        }
        guard (certificate == nil) == (key == nil) else {
            throw group.fault(nil, "`cert_file` and `key_file` come together")
        }
        return result
    }

    private func proxy(
        _ text: String
    ) throws(AlertFileError) -> HTTPClient.Configuration.Proxy {
        do throws(WebAddress.Fault) {
            let address = try WebAddress(text)
            let login = address.authorization.map { String($0.dropFirst("Basic ".count)) }
            return .server(
                host: address.host, port: address.port ?? 3_128,
                authorization: login.map { .basic(credentials: $0) })
        } catch {
            throw fault("proxy_url", error.message)
        }
    }

    /// The address under `key`, which may be secret; its text is checked where it is known already.
    func address(
        _ key: String, global: String? = nil
    ) throws(AlertFileError) -> Secret? {
        guard let secret = try secret(key, global: global) else { return nil }
        guard let text = try? secret.reveal() else { return secret }
        do throws(WebAddress.Fault) {
            _ = try WebAddress(text)
        } catch {
            throw fault(has(key) ? key : nil, "`\(key)` cannot be used: \(error.message)")
        }
        return secret
    }
}
