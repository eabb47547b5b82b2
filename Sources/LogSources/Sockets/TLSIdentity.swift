public import LogSystem
internal import NIOCore
public import NIOSSL

/// Who a TLS server is, and whom it lets in: read from files, and read again when they have changed, as those who renew
/// certificates change them. Connections that are open keep what they began with.
public final class TLSIdentity: @unchecked Sendable {
    /// The files.
    public let files: TLSFiles
    private let clock: any WallClock
    private let report: @Sendable (String) -> Void
    private let lock = Lock()
    private var current: NIOSSLContext
    private var fingerprint: [Int]
    private var checkDue: Int64

    /// How often to look whether the files have changed, at most (nanoseconds).
    private static let checkInterval: Int64 = 1_000_000_000

    /// Reads the files; what is wrong with them is told now.
    ///
    /// - Parameter report: told when changed files cannot be used; those before stay in use then.
    public init(
        _ files: TLSFiles, clock: any WallClock = SystemClock(),
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ListenError) {
        self.files = files
        self.clock = clock
        self.report = report
        fingerprint = files.fingerprint
        checkDue = clock.monotonic() + Self.checkInterval
        current = try Self.context(files)
    }

    /// Whether clients must show a certificate.
    public var verifiesClients: Bool { files.clientAuthority != nil }

    /// What a new connection is to be made with. Any thread may ask.
    public var context: NIOSSLContext {
        lock.locked {
            reloadIfChanged()
            return current
        }
    }

    /// Reads the files again, whether they have changed or not. Any thread may ask.
    public func reload() {
        lock.locked {
            fingerprint = files.fingerprint
            read("was read again")
        }
    }

    private func reloadIfChanged() {
        let now = clock.monotonic()
        guard now >= checkDue else { return }
        checkDue = now + Self.checkInterval
        let fresh = files.fingerprint
        guard fresh != fingerprint else { return }
        // What cannot be used is not tried again before it changes again: it may be half written.
        fingerprint = fresh
        read("has changed")
    }

    private func read(_ what: String) {
        do {
            current = try Self.context(files)
            report("TLS: \(files.certificate) \(what) and is used for new connections")
        } catch {
            report("TLS: \(error); the certificate read before stays in use")
        }
    }

    /// The configuration that the files make, TLS 1.2 at least, for servers that make their contexts themselves.
    public static func configuration(_ files: TLSFiles) throws(ListenError) -> TLSConfiguration {
        try files.check()
        let chain = try read("--tls-cert", files.certificate) {
            try NIOSSLCertificate.fromPEMFile($0)
        }
        guard !chain.isEmpty else {
            throw ListenError("--tls-cert \(files.certificate) holds no certificate in PEM")
        }
        let key = try read("--tls-key", files.key) { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // How long to wait for a client's part of the farewell: loggers that only write never read weir's.
        configuration.shutdownTimeout = .milliseconds(200)
        if let path = files.clientAuthority {
            let roots = try read("--tls-client-ca", path) { try NIOSSLCertificate.fromPEMFile($0) }
            guard !roots.isEmpty else {
                throw ListenError("--tls-client-ca \(path) holds no certificate in PEM")
            }
            configuration.trustRoots = .certificates(roots)
            // Whoever shows a certificate of theirs is let in, from wherever: clients have no fixed names.
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }

    private static func context(_ files: TLSFiles) throws(ListenError) -> NIOSSLContext {
        let configuration = try configuration(files)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ListenError(
                "--tls-cert \(files.certificate) and --tls-key \(files.key) do not go together: "
                    + "\(error)")
        }
    }

    private static func read<Value>(
        _ option: String, _ path: String, _ body: (String) throws -> Value
    ) throws(ListenError) -> Value {
        do {
            return try body(path)
        } catch {
            throw ListenError("\(option) \(path) cannot be used: \(error); weir takes PEM")
        }
    }
}
