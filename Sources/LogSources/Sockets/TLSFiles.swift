#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The files that make a TLS server, in PEM.
public struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, those of its issuers behind it.
    public var certificate: String
    /// The private key.
    public var key: String
    /// The certificates of those who may issue certificates for clients; nil: clients need none.
    public var clientAuthority: String?

    /// These files.
    public init(certificate: String, key: String, clientAuthority: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthority = clientAuthority
    }

    /// Throws where a file is missing, or the key is open to everybody.
    func check() throws(ListenError) {
        for (option, path) in [
            ("--tls-cert", certificate), ("--tls-key", key), ("--tls-client-ca", clientAuthority),
        ] {
            guard let path else { continue }
            guard access(path, R_OK) == 0 else {
                throw ListenError("read \(option)", path, code: errno)
            }
        }
        var status = stat()
        guard stat(key, &status) == 0 else { throw ListenError("look at", key, code: errno) }
        guard status.st_mode & 0o007 == 0 else {
            throw ListenError(
                "--tls-key \(key) can be read by everybody on this machine (mode "
                    + "\(String(status.st_mode & 0o777, radix: 8))); do: chmod o= \(key)")
        }
    }

    /// What changes when a file is replaced or written to.
    var fingerprint: [Int] {
        [certificate, key, clientAuthority].compactMap(\.self).flatMap { path -> [Int] in
            var status = stat()
            guard stat(path, &status) == 0 else { return [0] }
            return [
                Int(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                Int(status.st_size),
            ]
        }
    }
}
