internal import LogMetrics
public import LogPipeline
internal import LogSystem
internal import Synchronization

/// The ingester's metrics for `GET /metrics`: written on the ingester's thread, when somebody has asked.
public final class MetricsPage: Sendable {
    private struct State {
        var text = ""
        var written: Int64 = .min
        var isWanted = false
    }

    private let state = Mutex(State())
    private let clock = SystemClock()

    /// How often the ingester looks whether somebody asks (nanoseconds); as old may an answer be.
    static let interval: Int64 = 500_000_000

    /// A page with nothing on it yet.
    public init() {}

    /// Has `ingester` write the page. Before it runs.
    public func attach(_ ingester: Ingester) {
        ingester.observe(every: Self.interval) { [self] ingester in
            guard state.withLock({ $0.isWanted }) else { return }
            let text = MetricsFile.text(ingester).text
            state.withLock { $0 = State(text: text, written: clock.monotonic()) }
        }
    }

    /// The page, unless it is too old; then it is wanted.
    func fresh() -> String? {
        let now = clock.monotonic()
        return state.withLock { state in
            if state.written > .min, now - state.written <= Self.interval { return state.text }
            state.isWanted = true
            return nil
        }
    }
}
