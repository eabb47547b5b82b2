internal import Synchronization

/// The ingester's own counters. Any thread may add and read; adding without a label is one atomic instruction.
public final class MetricsRegistry: Sendable {
    /// Label values kept of one counter; more go into `other`, so that no input can fill the memory. The reasons, states and
    /// channels that exist are far fewer.
    public static let labelValuesMax = 64
    /// The label value that takes what is beyond the limit.
    public static let overflowLabel = "other"

    private let plain: UnsafeCells
    private let labelled = Mutex<[IngestCounter: [String: UInt64]]>([:])
    private let gauges = Mutex<[IngestGauge: [String: Double]]>([:])

    /// All counters at zero.
    public init() {
        plain = UnsafeCells(count: IngestCounter.allCases.count)
    }

    /// Adds `amount` to a counter.
    public func add(_ counter: IngestCounter, _ amount: Int = 1) {
        guard amount > 0 else { return }
        plain[counter.index].wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds `amount` to a counter under the value of its label (a reason, a state, a channel). Takes a lock: once a batch,
    /// not once a line.
    public func add(_ counter: IngestCounter, _ amount: Int = 1, label value: String) {
        guard amount > 0 else { return }
        labelled.withLock { all in
            var values = all[counter, default: [:]]
            let isKnown = values[value] != nil
            let key = isKnown || values.count < Self.labelValuesMax ? value : Self.overflowLabel
            values[key, default: 0] += UInt64(amount)
            all[counter] = values
        }
    }

    /// Sets a gauge that has no label.
    public func set(_ gauge: IngestGauge, _ value: Double) { set(gauge, [("", value)]) }

    /// Sets all values of a gauge by its label; those beyond the limit are added up under `other`.
    public func set(_ gauge: IngestGauge, _ values: [(label: String, value: Double)]) {
        var kept: [String: Double] = [:]
        for (label, value) in values {
            let key =
                kept[label] != nil || kept.count < Self.labelValuesMax
                ? label : Self.overflowLabel
            kept[key, default: 0] += value
        }
        gauges.withLock { [kept] in $0[gauge] = kept }
    }

    /// Sets one value of a gauge with a label, where each source knows its own only.
    public func set(_ gauge: IngestGauge, _ value: Double, label: String) {
        gauges.withLock { all in
            let values = all[gauge, default: [:]]
            let isKept = values[label] != nil || values.count < Self.labelValuesMax
            all[gauge, default: [:]][isKept ? label : Self.overflowLabel] = value
        }
    }

    /// The values of a gauge by its label, under the empty one that of a plain gauge.
    public func values(_ gauge: IngestGauge) -> [String: Double] {
        gauges.withLock { $0[gauge] ?? [:] }
    }

    /// The value of a counter, all of its labels together.
    public func value(_ counter: IngestCounter) -> UInt64 {
        let sum = labelled.withLock { $0[counter]?.values.reduce(0, +) ?? 0 }
        return plain[counter.index].load(ordering: .relaxed) + sum
    }

    /// The values of a counter by its label.
    public func values(_ counter: IngestCounter) -> [String: UInt64] {
        labelled.withLock { $0[counter] ?? [:] }
    }
}

extension MetricsRegistry: MetricSource {
    /// Writes all counters and the gauges that were set. A counter with a label is written when it has counted something.
    public func write(into sink: inout some MetricSink) {
        for counter in IngestCounter.allCases {
            guard sink.begin(MetricFamily(counter.rawValue, .counter, help: counter.help)) else {
                continue
            }
            let plainValue = plain[counter.index].load(ordering: .relaxed)
            guard let label = counter.label else {
                sink.add(MetricSample(Double(plainValue)), [])
                continue
            }
            if plainValue > 0 { sink.add(MetricSample(Double(plainValue)), []) }
            for (value, count) in values(counter).sorted(by: { $0.key < $1.key }) {
                sink.add(MetricSample(Double(count)), [(label, value)])
            }
        }
        for gauge in IngestGauge.allCases {
            let values = values(gauge)
            guard !values.isEmpty,
                sink.begin(MetricFamily(gauge.rawValue, .gauge, help: gauge.help))
            else { continue }
            for (value, number) in values.sorted(by: { $0.key < $1.key }) {
                sink.add(MetricSample(number), gauge.label.map { [($0, value)] } ?? [])
            }
        }
    }
}

extension IngestCounter {
    fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Atomic cells of fixed number, owned by one registry.
private final class UnsafeCells: @unchecked Sendable {
    private let base: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    init(count: Int) {
        self.count = count
        base = .allocate(capacity: count)
        for index in 0..<count { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    subscript(index: Int) -> Atomic<UInt64> {
        _read { yield base[index] }
    }
}
