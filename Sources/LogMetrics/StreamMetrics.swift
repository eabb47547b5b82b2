public import LogBytes
public import LogRecords

/// One row of the summary: an endpoint of a service.
public struct EndpointSummary: Equatable, Sendable {
    /// The service, nil when its lines name none.
    public let service: String?
    /// The templated endpoint, empty for requests that have a status but name none.
    public let endpoint: String
    /// The requests.
    public let requests: UInt64
    /// The requests that failed.
    public let errors: UInt64
    /// The failed share of the requests, 0 to 1.
    public let errorRate: Double
    /// Half of the requests took at most so many milliseconds; nil when no line said how long.
    public let p50: Double?
    /// 95 of 100 requests took at most so many milliseconds.
    public let p95: Double?
    /// 99 of 100 requests took at most so many milliseconds.
    public let p99: Double?
}

/// What the stream of records says about the systems that write it: requests, errors and latencies of each service, templated
/// endpoint and class of status, lines of each service, class and level, the metrics that the configuration defines, and
/// those that lines bring themselves.
///
/// The same records in the same order give the same series, however they are cut into batches. One thread at a time uses it:
/// the ingest thread, or whoever it hands it to between two batches.
public final class StreamMetrics {
    /// Series that are kept in all; at 2 KB for a histogram at most 20 MB. What is beyond counts in one series of its metric,
    /// `other`, and in `overflowed`.
    public static let seriesMax = 10_000
    /// The label values of the series that takes what is beyond the limit.
    public static let overflowLabel = "other"

    private var core: StreamMetricsCore
    private let limits: (series: Int, metric: Int)
    /// What the configuration defines.
    public let definitions: [MetricDefinition]
    private var classNames: [String]
    /// Where the values of records are looked up, for all who observe the same batches.
    package let columns: FieldColumns

    /// Metrics of nothing yet.
    ///
    /// - Parameters:
    ///   - definitions: what the configuration defines beside what is derived from every record.
    ///   - classNames: the retention classes by the numbers that records have.
    ///   - seriesMax: the series in all, for tests.
    ///   - metricSeriesMax: the series of one metric, for tests.
    public convenience init(
        definitions: [MetricDefinition] = [], classNames: [String] = [],
        seriesMax: Int = StreamMetrics.seriesMax, metricSeriesMax: Int? = nil
    ) {
        self.init(
            definitions: definitions, classNames: classNames, columns: FieldColumns(),
            seriesMax: seriesMax, metricSeriesMax: metricSeriesMax)
    }

    /// As `init(definitions:classNames:seriesMax:metricSeriesMax:)`, with columns that others look at, too.
    package init(
        definitions: [MetricDefinition], classNames: [String], columns: FieldColumns,
        seriesMax: Int = StreamMetrics.seriesMax, metricSeriesMax: Int? = nil
    ) {
        let metricMax = metricSeriesMax ?? MetricTable.seriesMax
        self.definitions = definitions
        self.classNames = classNames
        self.columns = columns
        limits = (seriesMax, metricMax)
        core = StreamMetricsCore(
            seriesMax: seriesMax, definitions: definitions, metricSeriesMax: metricMax,
            columns: columns)
        core.setClassNames(classNames)
    }

    /// Counts every record of `batch`.
    public func observe(_ batch: RecordBatch) { core.observe(batch) }

    /// Says which retention classes the numbers in records stand for from now on.
    public func setClassNames(_ names: [String]) {
        classNames = names
        core.setClassNames(names)
    }

    /// The records counted.
    public var records: UInt64 { core.levels.buffer.reduce(0, &+) }

    /// The records of a level.
    public func records(level: LogLevel) -> UInt64 { core.levels[Int(level.rawValue)] }

    /// The requests whose status begins with the digit `statusClass`, 1 to 5; 0 for those without a status.
    public func requests(statusClass: Int) -> UInt64 {
        (0...5).contains(statusClass) ? core.statusClasses[statusClass] : 0
    }

    /// The requests that were counted in the `other` series.
    public var overflowed: UInt64 { core.overflowed }

    /// The number of derived series, `other` not counted.
    public var seriesCount: Int { core.seriesCount }

    /// The latest event time, nanoseconds since the epoch; nil before the first record.
    public var latestTime: Int64? { core.clock.latest == .min ? nil : core.clock.latest }

    /// The endpoints, those with most requests first.
    public func summaryByEndpoint() -> [EndpointSummary] {
        var rows: [EndpointSummary] = []
        core.forEachEndpoint { service, endpoint, cells in
            var latency = LatencyHistogram()
            var requests: UInt64 = 0
            var errors: UInt64 = 0
            for (_, place) in cells {
                core.withCell(place) { cell in
                    latency.merge(cell.latency)
                    requests &+= cell.requests
                    errors &+= cell.errors
                }
            }
            rows.append(
                EndpointSummary(
                    service: service.isEmpty ? nil : service, endpoint: endpoint,
                    requests: requests, errors: errors,
                    errorRate: Double(errors) / Double(max(requests, 1)),
                    p50: latency.quantile(0.5), p95: latency.quantile(0.95),
                    p99: latency.quantile(0.99)))
        }
        return rows.sorted {
            $0.requests != $1.requests
                ? $0.requests > $1.requests
                : ($0.service ?? "", $0.endpoint) < ($1.service ?? "", $1.endpoint)
        }
    }

    /// The latencies of all requests, or of those of one service, in milliseconds.
    public func latency(service: String? = nil) -> LatencyHistogram {
        var result = LatencyHistogram()
        core.forEachEndpoint { name, _, cells in
            guard service == nil || service == name else { return }
            for (_, place) in cells { core.withCell(place) { result.merge($0.latency) } }
        }
        return result
    }

    // MARK: Windows

    /// The requests in the window that ends at `time` (nanoseconds since the epoch), and how many of them failed; exact to
    /// ten seconds, over an hour to two minutes.
    ///
    /// - Parameter time: nil for the latest event time.
    public func recentRequests(
        _ window: MetricDefinition.Window, endingAt time: Int64? = nil, service: String? = nil,
        endpoint: String? = nil
    ) -> CountPair {
        var result = CountPair()
        let last = SlotClock.slot(of: time ?? core.clock.latest)
        let slots = Int32(window.seconds / SlotClock.slotSeconds)
        core.forEachEndpoint { name, path, cells in
            guard service == nil || service == name, endpoint == nil || endpoint == path else {
                return
            }
            for (_, place) in cells {
                let sum = core.withCell(place) { $0.recent.sum(endingAt: last, slots: slots) }
                result.whole &+= sum.count
                result.part &+= UInt64(exactly: sum.amount) ?? 0
            }
        }
        return result
    }

    /// How many records a configured metric took in the window that ends at `time`, and the sum of what they brought, over
    /// the series with all of `labels`; nil when no definition has the name.
    public func recent(
        _ name: String, _ window: MetricDefinition.Window, endingAt time: Int64? = nil,
        labels: [String: String] = [:]
    ) -> (count: UInt64, sum: Double)? {
        let sum = core.configured.recent(
            name, endingAt: SlotClock.slot(of: time ?? core.clock.latest),
            slots: Int32(window.seconds / SlotClock.slotSeconds)
        ) { own in
            labels.allSatisfy { label in own.contains { $0 == (label.key, label.value) } }
        }
        return sum.map { ($0.count, $0.amount) }
    }

    // MARK: Formats

    /// The bounds of the latency buckets in `/metrics`, in seconds: those of Prometheus' client libraries and, since APIs call
    /// language models, up to two minutes.
    public static let latencyBoundsSeconds: [Double] = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60, 120,
    ]

    /// Writes all series as they are at `time`, nil for the latest event time.
    public func write(into sink: inout some MetricSink, at time: Int64?) {
        let slot = SlotClock.slot(of: time ?? core.clock.latest)
        let configured = Set(definitions.flatMap { [$0.name, $0.exposedName] })
        DerivedFamilies.write(core, into: &sink, slot: slot, skipping: configured)
        core.configured.write(into: &sink, slot: slot, skipping: [])
        core.ownLines.write(
            into: &sink, slot: slot, skipping: configured.union(DerivedFamilies.names))
    }

    // MARK: Snapshot

    /// The version of the layout that `snapshot` writes.
    private static let version: UInt8 = 2
    private static let magic = ByteView("weirmetr")

    /// Appends the state of all series but their exemplars: magic and version, then the rest to the end.
    ///
    /// - Parameter pause: called now and then, since thousands of series are megabytes; it may take out what is there.
    public func snapshot(
        into out: inout ByteWriter, pause: (inout ByteWriter) -> Void = { _ in }
    ) {
        out.append(Self.magic)
        out.append(Self.version)
        core.snapshot(into: &out, pause: pause)
        core.snapshotDefined(into: &out)
    }

    /// Goes on from what `snapshot` wrote. Call it before the first record.
    ///
    /// Series of definitions that are no more are left out; those of changed ones begin anew. After an error all series are
    /// empty.
    public func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        core = makeCore()
        do throws(MalformedBytes) {
            let magic = try reader.bytes(Self.magic.count, "metrics")
            guard magic == Self.magic else {
                throw MalformedBytes(offset: reader.offset, what: "metrics")
            }
            let written = try reader.fixed(UInt8.self, "version of the metrics")
            guard written == 1 || written == Self.version else {
                throw MalformedBytes(offset: reader.offset, what: "version of the metrics")
            }
            // The first version told the length of the rest.
            if written == 1 { _ = try reader.varint("the length of the metrics") }
            try core.restore(from: &reader)
            try core.restoreDefined(from: &reader)
            guard reader.remaining == 0 else {
                throw MalformedBytes(offset: reader.offset, what: "end of the metrics")
            }
            core.setClassNames(classNames)
        } catch {
            core = makeCore()
            throw error
        }
    }

    private func makeCore() -> StreamMetricsCore {
        var fresh = StreamMetricsCore(
            seriesMax: limits.series, definitions: definitions, metricSeriesMax: limits.metric,
            columns: columns)
        fresh.setClassNames(classNames)
        return fresh
    }
}

extension StreamMetrics: MetricSource {
    /// Writes all series as they are at the latest event time.
    public func write(into sink: inout some MetricSink) { write(into: &sink, at: nil) }
}
