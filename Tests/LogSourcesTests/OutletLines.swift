import LogBytes
import LogMetrics
import LogSources
import LogSystem
import TestSupport
import Testing

/// What sources handed on, as the pipeline would see it: lines with newlines inside are one.
struct OutletLines: Equatable, Sendable {
    var lines: [String] = []
    var cutLines = 0
    var cutBytes = 0

    mutating func take(_ chunk: ByteChunk) {
        cutLines += chunk.cutLines
        cutBytes += chunk.cutBytes
        var start = 0
        var ranges = chunk.oneLineRanges[...]
        while start < chunk.count {
            var end = start
            if let range = ranges.first, range.lowerBound == start {
                ranges.removeFirst()
                end = range.upperBound
            } else {
                end += chunk.view.dropFirst(start).firstIndex(of: ASCII.newline).map { $0 + 1 } ?? 0
                precondition(end > start, "BUG: a gathered line without its newline")
            }
            lines.append(String(decoding: Array(chunk.view.slice(start..<end - 1)), as: UTF8.self))
            start = end
        }
    }
}

/// A running source with an outlet of its own, whose lines a test looks at.
final class RunningSource: Sendable {
    let outlet: ChunkOutlet
    let counters = MetricsRegistry()
    private let source: any LineSource
    private let running: Background<String?>
    private let draining: Background<Void>?
    private let received = Shared(OutletLines())
    private let reports = Shared([String]())

    /// - Parameter isDrained: whether anybody takes what comes; else the outlet fills up.
    init(
        _ source: any LineSource, chunkCount: Int = 4, chunkBytes: Int = 1 << 16,
        isDrained: Bool = true
    ) {
        let outlet = ChunkOutlet(chunkCount: chunkCount, chunkBytes: chunkBytes)
        let received = received
        let reports = reports
        let counters = counters
        self.outlet = outlet
        self.source = source
        draining = isDrained ? Background { Self.drain(outlet, received) } : nil
        running = Background {
            let context = SourceContext(
                outlet: outlet, counters: counters,
                report: { text in reports.change { $0.append(text) } })
            do {
                try source.run(in: context)
                return nil
            } catch {
                return "\(error)"
            }
        }
    }

    private static func drain(_ outlet: ChunkOutlet, _ received: Shared<OutletLines>) {
        while case .delivery(let delivery) = outlet.receive(until: nil) {
            received.change { $0.take(delivery.chunk) }
            outlet.recycle(delivery.chunk)
        }
    }

    /// Waits until the source takes what is sent.
    func waitForListening() -> Bool {
        eventually { texts.contains { $0.hasPrefix("listening on") } }
    }

    /// What has come so far.
    var lines: [String] { received.value.lines }
    /// What the operator was told.
    var texts: [String] { reports.value }

    /// Waits until `condition` holds.
    func wait(_ condition: () -> Bool) -> Bool { eventually(condition) }

    /// Stops the source; all that came.
    func end() throws -> OutletLines {
        source.stop()
        let failure = try running.result()
        outlet.finish()
        if draining == nil { Self.drain(outlet, received) } else { try draining?.result() }
        if let failure { throw ListenError(failure) }
        return received.value
    }
}

/// A value that several threads look at.
final class Shared<Value: Sendable>: @unchecked Sendable {
    private let lock = Lock()
    private var content: Value

    init(_ value: Value) { content = value }

    var value: Value { lock.locked { content } }
    func change(_ body: (inout Value) -> Void) { lock.locked { body(&content) } }
}

/// Whether `condition` comes to hold; only a test that has failed waits for long.
func eventually(_ condition: () -> Bool) -> Bool {
    let clock = SystemClock()
    let deadline = clock.monotonic() + 30_000_000_000
    let lock = Lock()
    while !condition() {
        guard clock.monotonic() < deadline else { return false }
        lock.locked { _ = lock.wait(until: clock.monotonic() + 2_000_000) }
    }
    return true
}
