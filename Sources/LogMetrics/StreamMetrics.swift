internal import LogBytes
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

/// What the stream of records says about the systems that write it: requests, errors and latencies of each service and
/// templated endpoint, lines of each level, answers of each status class.
///
/// One thread at a time uses it: the ingest thread, or whoever it hands it to between two batches.
public final class StreamMetrics {
    /// Series that are kept; at 2 KB for a histogram at most 20 MB. Requests of further endpoints count in one series,
    /// `other`, and in `overflowed`.
    public static let seriesMax = 10_000
    /// The service and endpoint of the series that takes what is beyond the limit.
    public static let overflowLabel = "other"

    private var core: StreamMetricsCore

    /// Metrics of nothing yet. `seriesMax` is for tests.
    public init(seriesMax: Int = StreamMetrics.seriesMax) {
        core = StreamMetricsCore(seriesMax: seriesMax)
    }

    /// Counts every record of `batch`.
    public func observe(_ batch: RecordBatch) { core.observe(batch) }

    /// The records counted.
    public var records: UInt64 { core.levels.buffer.reduce(0, +) }

    /// The records of a level.
    public func records(level: LogLevel) -> UInt64 { core.levels[Int(level.rawValue)] }

    /// The requests whose status begins with the digit `statusClass`, 1 to 5; 0 for those without a status.
    public func requests(statusClass: Int) -> UInt64 {
        (0...5).contains(statusClass) ? core.statusClasses[statusClass] : 0
    }

    /// The requests that were counted in the `other` series.
    public var overflowed: UInt64 { core.overflowed }

    /// The number of series, `other` not counted.
    public var seriesCount: Int { core.count - 1 }

    /// The endpoints, those with most requests first.
    public func summaryByEndpoint() -> [EndpointSummary] {
        var rows: [EndpointSummary] = []
        core.forEachSeries { service, endpoint, series in
            rows.append(
                EndpointSummary(
                    service: service.isEmpty ? nil : service, endpoint: endpoint,
                    requests: series.requests, errors: series.errors,
                    errorRate: Double(series.errors) / Double(max(series.requests, 1)),
                    p50: series.latency.quantile(0.5), p95: series.latency.quantile(0.95),
                    p99: series.latency.quantile(0.99)))
        }
        return rows.sorted {
            $0.requests != $1.requests
                ? $0.requests > $1.requests
                : ($0.service ?? "", $0.endpoint) < ($1.service ?? "", $1.endpoint)
        }
    }

    /// The bounds of the latency buckets in `/metrics`, in seconds: those of Prometheus' client libraries and, since APIs call
    /// language models, up to two minutes.
    public static let latencyBoundsSeconds: [Double] = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60, 120,
    ]

    /// Writes all series.
    public func write(into text: inout PrometheusText) {
        text.begin("weir_records_total", .counter, help: "Records by level.")
        for level in LogLevel.allCases {
            text.sample(Double(records(level: level)), [("level", level.name)])
        }
        text.begin(
            "weir_responses_total", .counter, help: "Requests by the class of their HTTP status.")
        for first in 1...5 {
            text.sample(Double(requests(statusClass: first)), [("status", "\(first)xx")])
        }
        text.begin("weir_requests_total", .counter, help: "Requests by service and endpoint.")
        core.forEachSeries { service, endpoint, series in
            text.sample(Double(series.requests), Self.labels(service, endpoint))
        }
        text.begin(
            "weir_request_errors_total", .counter,
            help: "Requests that failed (status 5xx, or level error without a status).")
        core.forEachSeries { service, endpoint, series in
            text.sample(Double(series.errors), Self.labels(service, endpoint))
        }
        text.begin("weir_request_duration_seconds", .histogram, help: "How long requests took.")
        core.forEachSeries { service, endpoint, series in
            guard !series.latency.isEmpty else { return }
            text.histogram(
                series.latency, boundsSeconds: Self.latencyBoundsSeconds,
                Self.labels(service, endpoint))
        }
        text.begin(
            "weir_requests_other_total", .counter,
            help: "Requests counted in the series `other` because there are too many endpoints.")
        text.sample(Double(overflowed))
    }

    private static func labels(_ service: String, _ endpoint: String) -> [PrometheusText.Label] {
        [("service", service), ("endpoint", endpoint)]
    }
}
