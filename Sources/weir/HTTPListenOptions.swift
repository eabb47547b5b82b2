internal import ArgumentParser
internal import LogServer
internal import LogSources

/// The options of `weir ingest` about HTTP.
struct HTTPListenOptions: ParsableArguments {
    @Option(
        name: .customLong("http"),
        help: ArgumentHelp(
            "Listen for lines over HTTP: HOST:PORT, :PORT or [::1]:PORT; may be given again.",
            valueName: "address"))
    var addresses: [String] = []

    @Option(
        help: ArgumentHelp(
            "Lines a second that one key, or one address without a key, may send over HTTP.",
            valueName: "lines"))
    var rateLimit: Double?

    @Option(help: "Connections over HTTP at once; further ones are closed.")
    var httpConnections = 1_024

    /// The listeners, bound.
    func sources(directory: String, metrics: MetricsPage) throws -> [any LineSource] {
        if let rateLimit, !(rateLimit >= 1 && rateLimit <= 1e9) {
            throw CommandFailure("--rate-limit is from 1 to 1000000000 lines a second")
        }
        guard (1...1_000_000).contains(httpConnections) else {
            throw CommandFailure("--http-connections is from 1 to 1000000")
        }
        var options = HTTPOptions()
        options.linesPerSecond = rateLimit
        options.connectionsMax = httpConnections
        do {
            return try addresses.map {
                try HTTPSource($0, directory: directory, options: options, metrics: metrics)
            }
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
