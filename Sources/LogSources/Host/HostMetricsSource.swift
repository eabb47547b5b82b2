internal import LogBytes
internal import LogRecords
internal import LogSystem

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Readings of this machine as lines of class `metrics`: processors, memory, load, file systems, devices and network.
public struct HostMetricsSource: LineSource {
    /// `host`.
    public let name = "host"
    private let interval: Int64
    private let proc: ProcFiles
    private let timetable = Timetable()

    /// More often than this, reading costs more than it tells (nanoseconds).
    private static let intervalMin: Int64 = 1_000_000_000

    /// A source that reads every `interval`, a duration as text (`15s`).
    public init(interval: String) throws(SourceError) {
        try self.init(interval: interval, root: "/proc")
    }

    init(interval: String, root: String) throws(SourceError) {
        guard let nanoseconds = DurationText.parse(interval), nanoseconds >= Self.intervalMin else {
            throw SourceError(
                "--host-metrics is a duration of at least a second, such as 15s, not `\(interval)`")
        }
        self.interval = nanoseconds
        proc = ProcFiles(root: root)
    }

    /// `--host-metrics 15s`.
    static let kind = LineSourceKind(
        option: "host-metrics",
        help: "Readings of this machine, so often, as lines of class metrics."
    ) { try HostMetricsSource(interval: $0) }

    /// Reads until `stop`.
    public func run(in context: SourceContext) throws {
        let host = Self.hostName
        var before = HostReading(proc)
        var readAt = context.clock.monotonic()
        var due = readAt + interval
        while timetable.wait(until: due, context.clock) {
            let now = HostReading(proc)
            let instant = context.clock.monotonic()
            let lines = HostLines(
                before, now, seconds: Double(instant - readAt) / 1e9, time: context.clock.now(),
                host: host)
            guard Self.send(lines.all, as: name, className: "metrics", to: context.outlet) else {
                return
            }
            before = now
            readAt = instant
            due = max(due + interval, instant)
        }
    }

    /// Ends `run`.
    public func stop() { timetable.stop() }

    /// Hands `lines` on as one delivery. False when the outlet is closed.
    static func send(
        _ lines: [String], as source: String, className: String?, to outlet: ChunkOutlet
    ) -> Bool {
        guard let chunk = outlet.emptyChunk() else { return false }
        for line in lines {
            (line + "\n").withView { bytes in
                if chunk.count + bytes.count <= chunk.capacity { chunk.append(bytes) }
            }
        }
        var delivery = Delivery(chunk, source: source)
        delivery.className = className
        return outlet.send(delivery)
    }

    private static var hostName: String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        return String(
            decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
