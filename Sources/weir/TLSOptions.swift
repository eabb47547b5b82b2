internal import ArgumentParser
internal import LogSources

/// `--tls-cert` and what belongs to it, for everything that listens.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server's certificate, its issuers' behind it, in PEM; read again when it changes.",
            valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("Its private key, not readable by everybody.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "Clients must show a certificate that one of these has issued.", valueName: "file"))
    var tlsClientCa: String?

    /// The files; nil where TLS is not asked for.
    func files() throws -> TLSFiles? {
        guard let tlsCert, let tlsKey else {
            for (option, value) in [
                ("--tls-cert", tlsCert), ("--tls-key", tlsKey), ("--tls-client-ca", tlsClientCa),
            ] where value != nil {
                throw CommandFailure("\(option) needs --tls-cert and --tls-key beside it")
            }
            return nil
        }
        return TLSFiles(certificate: tlsCert, key: tlsKey, clientAuthority: tlsClientCa)
    }
}
