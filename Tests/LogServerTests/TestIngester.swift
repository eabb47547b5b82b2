import LogAlerting
import LogBytes
import LogChannels
import LogPipeline
import LogQuery
import LogSegments
import LogServer
import LogSources
import LogSystem
import Synchronization
import TestSupport
import Testing

/// A whole ingester behind a listener on a port of its own.
final class TestIngester: Sendable {
    let directory: TemporaryDirectory
    let source: HTTPSource
    private let running: Background<Void>
    private let ingester: Ingester
    private let lines: WrittenLines

    init(
        alerts: String = "groups: []\n", options: HTTPOptions = HTTPOptions(),
        keys: AccessKeys? = nil
    ) throws {
        let directory = try TemporaryDirectory(inMemory: false)
        self.directory = directory
        try keys?.save(directory: directory.path)
        let alerting = try AlertConfiguration.parse(
            alerts, file: "alerts.yaml", channels: .all)
        let ingest = IngestOptions(
            directory: directory.path,
            policy: try RetentionPolicy(text: "production 30 days *\n", file: "retention.conf"),
            alerting: alerting)
        let link = IngesterLink()
        let source = try HTTPSource(
            TestServer.socket("127.0.0.1:0"), directory: directory.path, options: options,
            ingester: link)
        self.source = source
        let lines = WrittenLines()
        let clock = SystemClock()
        let services = ChannelServices(now: { clock.now() }, writeLine: { lines.add($0) })
        self.lines = lines
        let ingester = try Ingester(options: ingest, services: services) { _ in }
        self.ingester = ingester
        link.attach(ingester)
        running = Background { _ = try? ingester.run([source]) }
        try waitUntil { (try? self.get("/health").status) == 200 }
    }

    /// What the stdout channel was told.
    var told: [String] { lines.all }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, _ headers: [String] = []
    ) throws -> TestClient.Answer {
        let client = try TestClient(source.name)
        let bytes = body.map { Array($0.utf8) }
        try client.send(
            TestClient.head(
                method, path, headers, length: bytes?.count ?? (method == "POST" ? 0 : nil))
                + (bytes ?? []))
        return try client.answer(toHead: method == "HEAD")
    }

    func get(_ path: String, _ headers: [String] = []) throws -> TestClient.Answer {
        try send("GET", path, nil, headers)
    }

    func post(
        _ path: String, _ body: String = "", _ headers: [String] = []
    ) throws -> TestClient.Answer {
        try send("POST", path, body, headers)
    }

    /// Has lines stored.
    func insert(_ lines: [String]) throws {
        let answer = try post("/insert/jsonline", lines.joined(separator: "\n") + "\n")
        try #require(answer.status == 200, "\(answer.text)")
    }

    func stop() {
        ingester.stop()
        _ = try? running.result()
    }
}

/// Lines that a channel wrote on its thread.
private final class WrittenLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// The stored lines that a query finds.
enum StoredText {
    static func read(_ directory: String, _ query: String) throws -> String {
        let text = Mutex("")
        let raw = try #require(OutputFormat.named("raw"))
        let sink = raw.makeSink(OutputOptions()) { bytes in
            let piece = bytes.text
            text.withLock { $0 += piece }
        }
        _ = try QueryExecutor.run(
            try QueryParser.parse(query, now: SystemClock().now()),
            store: try SegmentStore(directory: directory), into: sink)
        return text.withLock { $0 }
    }
}
