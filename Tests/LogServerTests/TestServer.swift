import LogBytes
import LogMetrics
import LogSegments
import LogServer
import LogSources
import LogSystem
import Synchronization
import TestSupport
import Testing

/// A listener on a port of its own, and a pipeline behind it that says of all lines that they are durable.
final class TestServer: Sendable {
    let source: HTTPSource
    let outlet: ChunkOutlet
    let counters = MetricsRegistry()
    let directory: TemporaryDirectory
    private let pipeline: TestPipeline
    private let running: Background<String?>
    private let draining: Background<Void>

    init(
        options: HTTPOptions = HTTPOptions(), positions: [SourcePosition] = [],
        chunkBytes: Int = 1 << 16, chunkCount: Int = 4, holding: Bool = false,
        keys: AccessKeys? = nil, files: TLSFiles? = nil
    ) throws {
        let directory = try TemporaryDirectory(inMemory: false)
        self.directory = directory
        let outlet = ChunkOutlet(chunkCount: chunkCount, chunkBytes: chunkBytes)
        self.outlet = outlet
        try keys?.save(directory: directory.path)
        let source = try HTTPSource(
            TestServer.socket("127.0.0.1:0"), directory: directory.path, options: options,
            files: files)
        self.source = source
        let context = SourceContext(outlet: outlet, counters: counters, positions: positions)
        running = Background {
            do {
                try source.run(in: context)
                return nil
            } catch {
                return "\(error)"
            }
        }
        let pipeline = TestPipeline(outlet, isHeld: holding)
        self.pipeline = pipeline
        draining = Background { pipeline.drain() }
    }

    /// A socket bound to `address`.
    static func socket(_ address: String) throws -> BoundSocket {
        let sockets = try BoundSocket.open(ListenAddress(address, kind: .http), kind: .http)
        return try #require(sockets.first)
    }

    /// The lines so far.
    var lines: [String] { pipeline.taken.lines }
    /// Everything so far.
    var taken: TestPipeline.Taken { pipeline.taken }

    /// Lets the pipeline take lines, or not.
    func hold(_ isHeld: Bool) { pipeline.hold(isHeld) }

    /// What is said of lines from now on.
    func answer(_ outcome: DeliveryOutcome) { pipeline.answer(outcome) }

    /// A connection to it.
    func connect() throws -> TestClient { try TestClient(source.name) }

    /// Sends one request over a connection of its own.
    func post(
        _ path: String, _ body: String, _ headers: [String] = []
    ) throws -> TestClient.Answer {
        try post(path, Array(body.utf8), headers)
    }

    func post(
        _ path: String, _ body: [UInt8], _ headers: [String] = []
    ) throws -> TestClient.Answer {
        let client = try connect()
        try client.send(TestClient.head("POST", path, headers, length: body.count) + body)
        return try client.answer()
    }

    func get(_ path: String, _ headers: [String] = []) throws -> TestClient.Answer {
        let client = try connect()
        try client.send(TestClient.head("GET", path, headers, length: nil))
        return try client.answer()
    }

    /// Ends it; the error that ended it, if one did.
    @discardableResult
    func stop() -> String? {
        hold(false)
        source.stop()
        let error = try? running.result()
        outlet.finish()
        _ = try? draining.result()
        return error ?? nil
    }
}
