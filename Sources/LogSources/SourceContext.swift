public import LogMetrics
public import LogSystem

/// What a source works with.
public struct SourceContext: Sendable {
    /// Where its lines go.
    public let outlet: ChunkOutlet
    /// Where it counts what it has read and refused.
    public let counters: MetricsRegistry
    /// Where time comes from.
    public let clock: any WallClock
    /// How far sources had been read when the data directory was opened.
    public let positions: [SourcePosition]
    /// Takes sentences for the operator.
    public let report: @Sendable (String) -> Void

    /// A context; all but the outlet may be left out where nobody looks at it.
    public init(
        outlet: ChunkOutlet, counters: MetricsRegistry = MetricsRegistry(),
        clock: any WallClock = SystemClock(), positions: [SourcePosition] = [],
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.outlet = outlet
        self.counters = counters
        self.clock = clock
        self.positions = positions
        self.report = report
    }
}
