internal import LogMetrics
internal import LogSystem
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// The connections of a `TLSStreamSource`. Everything but starting and ending it happens on its one event loop.
final class TLSServer: @unchecked Sendable {
    let settings: StreamSettings
    let context: SourceContext
    let source: String
    let handoff: LineHandoff
    let report: RepeatedReport
    private let identity: TLSIdentity
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private var listener: (any Channel)?
    private var connections: [ObjectIdentifier: any Channel] = [:]
    /// Reads since the start: what ending waits to stand still.
    var readCount = 0

    /// A client that has not agreed on keys by then is closed (seconds): a good one needs less than one.
    static let handshakeSeconds: Int64 = 10
    /// The largest record of TLS, with its head and its tag: what a connection reads at once (bytes).
    private static let recordBytes = 16_384 + 512
    /// How long ending goes on taking from clients that do not stop sending (nanoseconds).
    private static let endNanoseconds: Int64 = 5_000_000_000

    init(
        identity: TLSIdentity, settings: StreamSettings, context: SourceContext, source: String
    ) {
        self.identity = identity
        self.settings = settings
        self.context = context
        self.source = source
        handoff = LineHandoff(context, source: source)
        report = RepeatedReport(clock: context.clock, report: context.report)
    }

    /// Accepts connections to `socket` from now on.
    func start(_ socket: BoundSocket) throws {
        let bootstrap = ServerBootstrap(group: group)
            .childChannelOption(
                .recvAllocator,
                value: TransientReceiveAllocator(capacity: Self.recordBytes)
            )
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try begin(channel) }
            }
        do {
            listener = try bootstrap.withBoundSocket(try socket.duplicate()).wait()
        } catch {
            throw ListenError("cannot serve \(source): \(error)")
        }
    }

    private func begin(_ channel: any Channel) throws {
        guard settings.ledger.admit(source) else {
            refuse("too_many", "there are \(settings.ledger.connectionsMax), --max-connections")
            channel.close(promise: nil)
            return
        }
        let id = ObjectIdentifier(channel)
        connections[id] = channel
        context.counters.add(.connections, label: source)
        settings.ledger.publish(source, to: context.counters)
        channel.closeFuture.whenComplete { [self] _ in
            connections[id] = nil
            settings.ledger.release(source)
            settings.ledger.publish(source, to: context.counters)
        }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLServerHandler(context: identity.context))
        if let seconds = settings.idleSeconds {
            try pipeline.addHandler(IdleStateHandler(readTimeout: .seconds(Int64(seconds))))
        }
        try pipeline.addHandler(TLSLineHandler(self))
    }

    /// Counts and reports a connection that weir does not want.
    func refuse(_ reason: String, _ sentence: String) {
        context.counters.add(.connectionsRefused, label: reason)
        report.note("\(source) refuses connections: \(sentence)")
    }

    /// Takes what has arrived and closes everything.
    func end() throws {
        let loop = group.next()
        let deadline = context.clock.monotonic() + Self.endNanoseconds
        var quietRounds = 0
        var seen = -1
        // Between two tasks the event loop serves every connection that has something. Connections that the kernel has
        // accepted need a round to be taken, and one for each of the two flights of the handshake.
        while quietRounds < 4, context.clock.monotonic() < deadline {
            let count = try loop.submit { self.readCount }.wait()
            quietRounds = count == seen ? quietRounds + 1 : 0
            seen = count
        }
        try? listener?.close().wait()
        let open = try loop.submit { Array(self.connections.values) }.wait()
        // All of them at once: a client that does not answer the farewell makes its own wait only.
        let closing = open.map { $0.close() }
        for closed in closing { try? closed.wait() }
        try loop.submit {
            self.handoff.flushCounts()
            self.report.finish()
        }.wait()
        try group.syncShutdownGracefully()
    }
}
