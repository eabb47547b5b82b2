internal import LogMetrics
public import LogSources
internal import LogSystem
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Lines that come over HTTP: the ingestion interfaces of VictoriaLogs, Elasticsearch, Loki and OpenTelemetry on one port.
///
/// Connections live on event loops; a body goes from its socket to the outlet on the loop's thread. An answer of success is
/// written when the lines are on the disk.
public final class HTTPSource: LineSource {
    private let socket: BoundSocket
    private let options: HTTPOptions
    private let files: TLSFiles?
    private let directory: String
    private let ingester: IngesterLink?
    private let stopping = Stopping()
    private let identity = Mutex<TLSIdentity?>(nil)

    /// What `stop` says to `run`.
    private final class Stopping: @unchecked Sendable {
        let lock = Lock()
        var isAsked = false
    }

    /// `http 127.0.0.1:40001`.
    public let name: String

    /// How long requests that are being served may take to end when weir does (nanoseconds): longer than a commit.
    private static let graceNanoseconds: Int64 = 10_000_000_000
    /// How often an ending server looks whether its connections have ended (nanoseconds).
    private static let lookNanoseconds: Int64 = 20_000_000
    /// Event loops: reading is a small part of the work, the pipeline's one thread is the rest.
    private static let loopsMax = 4
    /// Serves on `socket`.
    ///
    /// - Parameters:
    ///   - directory: the data directory, whose keys are asked for.
    ///   - files: certificate and key, where it speaks TLS; what is wrong with them is told now.
    ///   - ingester: whom questions about health, metrics and alerts go to.
    public init(
        _ socket: BoundSocket, directory: String, options: HTTPOptions = HTTPOptions(),
        files: TLSFiles? = nil, ingester: IngesterLink? = nil
    ) throws(ListenError) {
        self.socket = socket
        name = socket.name
        self.directory = directory
        self.options = options
        self.files = files
        self.ingester = ingester
        if let files { _ = try TLSIdentity(files) }
    }

    /// Serves until `stop`.
    public func run(in context: SourceContext) throws {
        let loops = MultiThreadedEventLoopGroup(
            numberOfThreads: min(max(System.coreCount, 1), Self.loopsMax))
        defer { try? loops.syncShutdownGracefully() }
        let connections = OpenConnections(limit: options.connectionsMax)
        let homes = self.homes(loops, context)
        let identity = try files.map {
            try TLSIdentity($0, clock: context.clock, report: context.report)
        }
        self.identity.withLock { $0 = identity }
        let server: any Channel
        do {
            server = try bootstrap(loops, homes, connections, identity, context)
                .withBoundSocket(try socket.duplicate()).wait()
        } catch {
            throw ListenError("cannot serve \(name): \(error)")
        }
        context.report("listening on \(name)")
        stopping.lock.locked {
            while !stopping.isAsked { _ = stopping.lock.wait() }
        }
        try? server.close().wait()
        socket.close()
        for home in homes.values { home.quiesce() }
        let deadline = context.clock.monotonic() + Self.graceNanoseconds
        stopping.lock.locked {
            while connections.count > 0, context.clock.monotonic() < deadline {
                _ = stopping.lock.wait(until: context.clock.monotonic() + Self.lookNanoseconds)
            }
        }
        for home in homes.values { home.closeAll() }
    }

    /// Takes no more requests; `run` returns when those being served have been answered.
    public func stop() {
        stopping.lock.locked {
            stopping.isAsked = true
            stopping.lock.signal()
        }
    }

    /// Reads the certificate and its key again.
    public func reload() { identity.withLock { $0 }?.reload() }

    /// What the connections of each loop share.
    private func homes(
        _ loops: MultiThreadedEventLoopGroup, _ context: SourceContext
    ) -> [ObjectIdentifier: ConnectionLoop] {
        let gate = AccessGate(directory: directory, options: options, clock: context.clock)
        let handler = RequestHandler(
            context, source: name, options: options, gate: gate,
            api: ingester.map { APIEndpoint($0, context, directory: directory) },
            refusals: ingester.map { link in
                RefusalLog(clock: context.clock, counters: context.counters) { link.record($0) }
            })
        var limits = ConnectionLimits()
        limits.headSeconds = options.idleSeconds
        limits.bodySeconds = options.idleSeconds
        limits.bodyBytesMin = options.bodyBytesMin
        limits.evictSeconds = options.evictSeconds
        limits.patienceSeconds = options.patienceSeconds
        var homes: [ObjectIdentifier: ConnectionLoop] = [:]
        let all = Array(loops.makeIterator())
        limits.places = max(options.requestsMax / all.count, 1)
        for loop in all {
            let home = ConnectionLoop(loop, handler, limits: limits, counters: context.counters)
            home.start()
            homes[ObjectIdentifier(loop)] = home
        }
        return homes
    }

    private func bootstrap(
        _ loops: MultiThreadedEventLoopGroup, _ homes: [ObjectIdentifier: ConnectionLoop],
        _ connections: OpenConnections, _ identity: TLSIdentity?, _ context: SourceContext
    ) -> ServerBootstrap {
        let counters = context.counters
        let source = name
        return ServerBootstrap(group: loops)
            .serverChannelOption(ChannelOptions.backlog, value: Self.backlog)
            .childChannelOption(ChannelOptions.autoRead, value: false)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(ChannelOptions.recvAllocator, value: ReadBuffers())
            .childChannelOption(ChannelOptions.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                guard let home = homes[ObjectIdentifier(channel.eventLoop)],
                    connections.add() || home.evict() && connections.add(beyondLimit: true)
                else {
                    counters.add(.connectionsRefused, label: "too_many")
                    return channel.close()
                }
                counters.add(.connections, label: source)
                counters.set(.openConnections, Double(connections.count), label: source)
                channel.closeFuture.whenComplete { _ in
                    connections.remove()
                    counters.set(.openConnections, Double(connections.count), label: source)
                }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let identity {
                        try pipeline.addHandler(NIOSSLServerHandler(context: identity.context))
                    }
                    let connection = HTTPConnection(home)
                    let decoder = ByteToMessageHandler(MeteredDecoder(connection))
                    try pipeline.addHandlers([decoder, connection])
                }
            }
    }

    /// Connections that wait to be accepted: a crowd that comes at once, as after a restart.
    private static let backlog: Int32 = 1_024
}
