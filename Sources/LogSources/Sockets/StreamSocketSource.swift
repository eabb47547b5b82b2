internal import LogSystem

/// Lines that come over the connections of one listening socket, TCP or Unix.
///
/// One thread serves all connections; each read takes what has arrived, and whole lines go to the outlet at once. While the
/// outlet has no room nothing is read, so that the senders wait. The lines of a connection stay in their order.
public final class StreamSocketSource: LineSource {
    /// The kind and the address.
    public var name: String { socket.name }
    private let socket: BoundSocket
    private let settings: StreamSettings
    private let wake: WakePipe

    /// A source over a socket that listens.
    public init(_ socket: BoundSocket, settings: StreamSettings) throws(ListenError) {
        self.socket = socket
        self.settings = settings
        wake = try WakePipe(socket.name)
    }

    /// Serves until `stop`. What has arrived by then is taken, also of connections that nobody had accepted yet.
    public func run(in context: SourceContext) throws {
        context.report("listening on \(name)")
        let server = try StreamServer(socket, settings: settings, wake: wake, context: context)
        defer { socket.close() }
        try server.run()
    }

    /// Ends `run` soon.
    public func stop() { wake.wake() }
}
