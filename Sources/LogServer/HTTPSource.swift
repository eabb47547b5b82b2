internal import Hummingbird
internal import HummingbirdCore
internal import LogMetrics
public import LogSources
internal import LogSystem
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Lines that come over HTTP: the ingestion interfaces of VictoriaLogs, Elasticsearch, Loki and OpenTelemetry on one port.
///
/// Connections live on event loops; a body goes from its socket to the outlet on the loop's thread. An answer of success is
/// written when the lines are on the disk.
public final class HTTPSource: LineSource {
    private struct State {
        var isStopping = false
    }

    private let socket: ListeningSocket
    private let options: HTTPOptions
    private let directory: String
    private let metrics: MetricsPage?
    private let lock = Lock()
    private let state = Mutex(State())

    /// `http 127.0.0.1:40001`.
    public let name: String

    /// How long requests that are being served may take to end when weir does (nanoseconds): longer than a commit.
    private static let graceNanoseconds: Int64 = 10_000_000_000
    /// How often an ending server looks whether its connections have ended (nanoseconds).
    private static let lookNanoseconds: Int64 = 20_000_000
    /// Event loops: reading is a small part of the work, the pipeline's one thread is the rest.
    private static let loopsMax = 4
    /// Connections that the system keeps for us while we are busy.
    private static let backlog: Int32 = 1_024

    /// Listens on `address`, bound now so that a wrong one is told before anything is read.
    ///
    /// - Parameters:
    ///   - directory: the data directory, whose keys are asked for.
    ///   - metrics: what `GET /metrics` answers.
    public init(
        _ address: String, directory: String, options: HTTPOptions = HTTPOptions(),
        metrics: MetricsPage? = nil
    ) throws {
        socket = try ListeningSocket(address)
        name = "http \(socket.name)"
        self.directory = directory
        self.options = options
        self.metrics = metrics
    }

    /// The address with the port that it got.
    public var address: String { socket.name }

    /// Serves until `stop`.
    public func run(in context: SourceContext) throws {
        let loops = MultiThreadedEventLoopGroup(
            numberOfThreads: min(max(System.coreCount, 1), Self.loopsMax))
        defer { try? loops.syncShutdownGracefully() }
        let connections = OpenConnections(limit: options.connectionsMax)
        let server: any Channel
        do {
            server = try bootstrap(loops, connections, context).withBoundSocket(socket.descriptor)
                .wait()
        } catch {
            throw ListenError(socket.name, "\(error)")
        }
        context.report("listening on \(name)")
        lock.locked {
            while !state.withLock({ $0.isStopping }) { _ = lock.wait() }
        }
        try? server.close().wait()
        connections.quiesce()
        let deadline = context.clock.monotonic() + Self.graceNanoseconds
        while connections.count > 0, context.clock.monotonic() < deadline {
            lock.locked { _ = lock.wait(until: context.clock.monotonic() + Self.lookNanoseconds) }
        }
        connections.closeAll()
    }

    /// Takes no more requests; `run` returns when those being served have been answered.
    public func stop() {
        lock.locked {
            state.withLock { $0.isStopping = true }
            lock.signal()
        }
    }

    private func bootstrap(
        _ loops: MultiThreadedEventLoopGroup, _ connections: OpenConnections,
        _ context: SourceContext
    ) -> ServerBootstrap {
        let gate = AccessGate(directory: directory, options: options, clock: context.clock)
        let handler = RequestHandler(
            context, source: name, options: options, gate: gate, metrics: metrics)
        // What Hummingbird would log is either counted or in the answer.
        let logger = Logger(label: "weir") { _ in SwiftLogNoOpLogHandler() }
        let http = HTTP1Channel(responder: handler.respond, configuration: configuration(context))
        let source = name
        return ServerBootstrap(group: loops)
            .serverChannelOption(ChannelOptions.backlog, value: Self.backlog)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard connections.add(channel) else {
                    context.counters.add(.connectionsRefused, label: "too_many")
                    return channel.close()
                }
                context.counters.add(.connections, label: source)
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
