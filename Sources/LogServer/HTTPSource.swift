internal import Hummingbird
internal import HummingbirdCore
internal import LogMetrics
public import LogSources
internal import LogSystem
internal import Logging
internal import NIOCore
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
    private let metrics: MetricsPage?
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
    ///   - metrics: what `GET /metrics` answers.
    public init(
        _ socket: BoundSocket, directory: String, options: HTTPOptions = HTTPOptions(),
        files: TLSFiles? = nil, metrics: MetricsPage? = nil
    ) throws(ListenError) {
        self.socket = socket
        name = socket.name
        self.directory = directory
        self.options = options
        self.files = files
        self.metrics = metrics
        if let files { _ = try TLSIdentity(files) }
    }

    /// Serves until `stop`.
    public func run(in context: SourceContext) throws {
        let loops = MultiThreadedEventLoopGroup(
            numberOfThreads: min(max(System.coreCount, 1), Self.loopsMax))
        defer { try? loops.syncShutdownGracefully() }
        let connections = OpenConnections(limit: options.connectionsMax)
        let identity = try files.map {
            try TLSIdentity($0, clock: context.clock, report: context.report)
        }
        self.identity.withLock { $0 = identity }
        let server: any Channel
        do {
            server = try bootstrap(loops, connections, identity, context)
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
        connections.quiesce()
        let deadline = context.clock.monotonic() + Self.graceNanoseconds
        stopping.lock.locked {
            while connections.count > 0, context.clock.monotonic() < deadline {
                _ = stopping.lock.wait(until: context.clock.monotonic() + Self.lookNanoseconds)
            }
        }
        connections.closeAll()
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

    private func bootstrap(
        _ loops: MultiThreadedEventLoopGroup, _ connections: OpenConnections,
        _ identity: TLSIdentity?, _ context: SourceContext
    ) -> ServerBootstrap {
        let gate = AccessGate(directory: directory, options: options, clock: context.clock)
        let handler = RequestHandler(
            context, source: name, options: options, gate: gate, metrics: metrics)
        // What Hummingbird would log is either counted or in the answer.
        let logger = Logger(label: "weir") { _ in SwiftLogNoOpLogHandler() }
        let http = HTTP1Channel(responder: handler.respond, configuration: configuration(context))
        let source = name
        return ServerBootstrap(group: loops)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard connections.add(channel) else {
                    context.counters.add(.connectionsRefused, label: "too_many")
                    return channel.close()
                }
                context.counters.add(.connections, label: source)
                let publish = { @Sendable in
                    context.counters.set(
                        .openConnections, Double(connections.count), label: source)
                }
                publish()
                channel.closeFuture.whenComplete { _ in publish() }
                if let identity {
                    do {
                        let handler = NIOSSLServerHandler(context: identity.context)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    } catch {
                        return channel.eventLoop.makeFailedFuture(error)
                    }
                }
                return http.setup(channel: channel, logger: logger).map { value in
                    let executor = LoopExecutor(channel.eventLoop)
                    Task(executorPreference: executor) {
                        await http.handle(value: value, logger: logger)
                    }
                }
            }
    }

    private func configuration(_ context: SourceContext) -> HTTP1Channel.Configuration {
        let counters = context.counters
        var limits = ConnectionDeadlines.Limits()
        limits.head = .seconds(Int64(options.idleSeconds))
        limits.body = .seconds(Int64(options.idleSeconds))
        let deadlines = limits
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionDeadlines(deadlines) { reason in
                    counters.add(.connectionsRefused, label: reason)
                }
            ],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Self.headBytesMax, maxHeaderListSize: Self.headBytesMax,
                maxHeaderFieldCount: Self.headerFieldsMax))
    }

    /// The bytes of a request's head, and its fields: clients send some hundred bytes in a dozen.
    private static let headBytesMax = 32 << 10
    private static let headerFieldsMax = 100
}
