internal import ArgumentParser
internal import LogSegments
internal import LogServer
internal import LogSources

/// The options of `weir ingest` about HTTP.
struct HTTPListenOptions: ParsableArguments {
    @Option(
        name: .customLong("http"),
        help: ArgumentHelp(
            "Take lines over HTTP, with TLS where --tls-cert is given; systemd[:NAME]: its socket.",
            valueName: "host:port"))
    var addresses: [String] = []

    @Option(
        help: ArgumentHelp(
            "Lines a second that one key, or one address without a key, may send over HTTP.",
            valueName: "lines"))
    var rateLimit: Double?

    @Option(help: "Connections over HTTP at once; beyond, idle ones go first.")
    var httpConnections = 10_000

    @Option(
        help: ArgumentHelp(
            "An origin whose web pages may read health, metrics and alerts from a browser, as "
                + "https://status.example.org; * for all; may be given again.",
            valueName: "origin"))
    var corsOrigin: [String] = []

    /// The listeners, bound, so that an address that cannot be had is told before anything is read.
    func sources(
        _ listen: ListenOptions, directory: String, ingester: IngesterLink
    ) throws -> [any LineSource] {
        if let rateLimit, !(rateLimit >= 1 && rateLimit <= 1e9) {
            throw CommandFailure("--rate-limit is from 1 to 1000000000 lines a second")
        }
        guard (1...1_000_000).contains(httpConnections) else {
            throw CommandFailure("--http-connections is from 1 to 1000000")
        }
        for origin in corsOrigin where origin != "*" {
            let host = origin.hasPrefix("https://") ? origin.dropFirst(8) : origin.dropFirst(7)
            guard origin.hasPrefix("https://") || origin.hasPrefix("http://"), !host.isEmpty,
                !host.contains("/")
            else {
                throw CommandFailure(
                    "--cors-origin is scheme and host, as https://status.example.org, not "
                        + "`\(origin)`")
            }
        }
        guard !addresses.isEmpty else { return [] }
        let files = try listen.tls.files()
        let keysAreInForce = try AccessKeys(directory: directory).isInForce
        let policy = ListenPolicy(isInsecureAllowed: listen.insecureListen)
        var sources: [any LineSource] = []
        for address in addresses {
            let kind = SocketKind.http
            for socket in try BoundSocket.open(ListenAddress(address, kind: kind), kind: kind) {
                let knowsClients = keysAreInForce || files?.clientAuthority != nil
                try policy.check(
                    socket.name, isLocal: socket.isLocal,
                    protection: files == nil ? .none : knowsClients ? .authenticated : .encrypted,
                    remedy: "give --tls-cert and --tls-key and make a key with `weir keys add`")
                var options = HTTPOptions()
                options.linesPerSecond = rateLimit
                options.connectionsMax = httpConnections
                options.corsOrigins = corsOrigin
                // Outside of this machine, no key means nobody, whatever becomes of the file of keys.
                options.requiresKey =
                    !socket.isLocal && !listen.insecureListen && files?.clientAuthority == nil
                sources.append(
                    try HTTPSource(
                        socket, directory: directory, options: options, files: files,
                        ingester: ingester))
            }
        }
        return sources
    }
}
