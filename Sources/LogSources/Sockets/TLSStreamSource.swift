internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Lines that come over the TLS connections of one listening socket.
///
/// SwiftNIO serves them on a thread of this source's own, which waits where the outlet has no room: all of its connections
/// have the same one.
public final class TLSStreamSource: LineSource {
    /// The kind and the address.
    public var name: String { socket.name }
    private let socket: BoundSocket
    private let settings: StreamSettings
    private let files: TLSFiles
    private let identity = Mutex<TLSIdentity?>(nil)
    private let wake: WakePipe

    /// A source over a socket that listens; what is wrong with the files is told now.
    public init(
        _ socket: BoundSocket, files: TLSFiles, settings: StreamSettings
    ) throws(ListenError) {
        self.socket = socket
        self.settings = settings
        self.files = files
        wake = try WakePipe(socket.name)
        _ = try TLSIdentity(files)
    }

    /// Serves until `stop`. What has arrived by then is taken.
    public func run(in context: SourceContext) throws {
        let identity = try TLSIdentity(files, clock: context.clock, report: context.report)
        self.identity.withLock { $0 = identity }
        let server = TLSServer(
            identity: identity, settings: settings, context: context, source: name)
        try server.start(socket)
        context.report("listening on \(name) with TLS")
        waitForStop()
        socket.close()
        try server.end()
    }

    /// Ends `run` soon.
    public func stop() { wake.wake() }

    /// Reads the certificate and its key again.
    public func reload() { identity.withLock { $0 }?.reload() }

    private func waitForStop() {
        var ready = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
        while !wake.isAwake { _ = poll(&ready, 1, -1) }
    }
}
