internal import ArgumentParser
internal import LogSources

/// `--tcp` and the other options of sockets that take lines.
struct ListenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take lines over TCP, with TLS where --tls-cert is given; systemd[:NAME]: its socket.",
            valueName: "host:port"))
    var tcp: [String] = []

    @Option(
        help: ArgumentHelp(
            "Take lines in UDP datagrams, GELF's chunks among them.", valueName: "host:port"))
    var udp: [String] = []

    @Option(help: ArgumentHelp("Take lines over a Unix socket (mode 0660).", valueName: "path"))
    var unix: [String] = []

    @Option(
        help: ArgumentHelp("Take lines in datagrams over a Unix socket.", valueName: "path"))
    var unixDatagram: [String] = []

    @Option(help: "How connections tell lines apart: auto, newline, nul, octet (RFC 6587).")
    var framing = "auto"

    @Option(help: "Connections open at a time, over all sockets.")
    var maxConnections = ConnectionLedger.connectionsMaxDefault

    @Option(help: "Seconds without a byte after which a connection is closed; 0: never.")
    var idleTimeout = 0

    @Option(help: "Threads that read a UDP address.")
    var udpReaders = 1

    @OptionGroup(title: "TLS") var tls: TLSOptions

    @Flag(help: "Listen beyond this machine without TLS and client certificates.")
    var insecureListen = false

    /// Binds all sockets, so that an address that cannot be had is told before anything is read.
    ///
    /// - Parameter isTLSUsed: something else than `--tcp` serves with the certificate.
    func sources(isTLSUsed: Bool) throws -> [any LineSource] {
        guard maxConnections > 0 else {
            throw CommandFailure("--max-connections is at least 1, not \(maxConnections)")
        }
        guard idleTimeout >= 0 else {
            throw CommandFailure("--idle-timeout is at least 0 seconds, not \(idleTimeout)")
        }
        guard (1...DatagramSettings.readersMax).contains(udpReaders) else {
            throw CommandFailure(
                "--udp-readers is from 1 to \(DatagramSettings.readersMax), not \(udpReaders)")
        }
        guard let framing = LineFraming(rawValue: framing) else {
            let known = LineFraming.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure("--framing is one of \(known), not `\(framing)`")
        }
        let stream = StreamSettings(
            framing: framing, idleSeconds: idleTimeout > 0 ? idleTimeout : nil,
            ledger: ConnectionLedger(connectionsMax: maxConnections))
        let datagrams = DatagramSettings(framing: framing, readers: udpReaders)
        let files = try tls.files()
        guard files == nil || !tcp.isEmpty || isTLSUsed else {
            throw CommandFailure("--tls-cert is for --tcp and --http, which are not given")
        }
        var sources: [any LineSource] = []
        for (kind, addresses) in [
            (SocketKind.tcp, tcp), (.udp, udp), (.unix, unix), (.unixDatagram, unixDatagram),
        ] {
            for address in addresses {
                for socket in try bound(address, kind, files) {
                    if kind.isDatagram {
                        sources.append(try DatagramSource(socket, settings: datagrams))
                    } else if kind == .tcp, let files {
                        sources.append(
                            try TLSStreamSource(socket, files: files, settings: stream))
                    } else {
                        sources.append(try StreamSocketSource(socket, settings: stream))
                    }
                }
            }
        }
        return sources
    }

    private func bound(
        _ text: String, _ kind: SocketKind, _ files: TLSFiles?
    ) throws -> [BoundSocket] {
        let policy = ListenPolicy(isInsecureAllowed: insecureListen)
        let sockets = try BoundSocket.open(
            try ListenAddress(text, kind: kind), kind: kind,
            sharing: kind == .udp && udpReaders > 1)
        let protection: ListenPolicy.Protection =
            if kind == .tcp, let files {
                files.clientAuthority == nil ? .encrypted : .authenticated
            } else {
                .none
            }
        for socket in sockets {
            try policy.check(
                socket.name, isLocal: socket.isLocal, protection: protection,
                remedy: kind == .tcp ? "give --tls-cert, --tls-key and --tls-client-ca" : nil)
        }
        return sockets
    }
}
