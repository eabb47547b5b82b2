internal import LogRecords

/// The families of what is derived from every record, under the names that dashboards look for.
enum DerivedFamilies {
    static let lines = MetricFamily(
        "log_lines_total", .counter, help: "Log lines by service, retention class and level.",
        category: MetricFamily.performanceCategory)
    static let requests = MetricFamily(
        "http_requests_total", .counter,
        help: "Requests by service, endpoint, class of the status and level of the line.",
        category: MetricFamily.performanceCategory)
    static let errors = MetricFamily(
        "http_errors_total", .counter,
        help: "Requests that failed (status 5xx, or level error without a status).",
        category: MetricFamily.performanceCategory)
    static let latency = MetricFamily(
        "http_request_duration_seconds", .histogram, help: "How long requests took.",
        keptUnit: .milliseconds, category: MetricFamily.performanceCategory,
        bounds: StreamMetrics.latencyBoundsSeconds.map { $0 * 1_000 })
    static let series = MetricFamily(
        "weir_metric_series", .gauge, help: "Series derived from requests.")
    static let overflow = MetricFamily(
        "weir_metric_overflow_total", .counter,
        help: "Records counted in a series `other` because there are too many label values.")
    static let refused = MetricFamily(
        "weir_metric_lines_refused_total", .counter,
        help: "Lines that say that they are metrics and cannot be used, by reason.")

    /// All names.
    static var names: Set<String> {
        Set([lines, requests, errors, latency, series, overflow, refused].map(\.exposedName))
    }

    /// Writes all families but those whose names are among `skipping`.
    static func write(
        _ core: borrowing StreamMetricsCore, into sink: inout some MetricSink, slot: Int32,
        skipping: Set<String>
    ) {
        if !skipping.contains(lines.name), sink.begin(lines) {
            core.lines.forEachCount { service, className, level, count in
                sink.add(
                    MetricSample(Double(count)),
                    [("service", service), ("class", className), ("level", level.name)])
            }
        }
        writeRequests(core, into: &sink, slot: slot, skipping: skipping)
        if sink.begin(series) { sink.add(MetricSample(Double(core.seriesCount)), []) }
        if sink.begin(overflow) {
            for (metric, count) in [
                ("requests", core.overflowed), ("lines", core.lines.overflowed),
                ("configured", core.configured.overflowed), ("own", core.ownLines.overflowed),
            ] {
                sink.add(MetricSample(Double(count)), [("metrics", metric)])
            }
        }
        if sink.begin(refused) {
            for reason in MetricLines.Refusal.allCases {
                let count = core.ownLines.refused[reason] ?? 0
                sink.add(MetricSample(Double(count)), [("reason", reason.rawValue)])
            }
        }
    }

    private static func writeRequests(
        _ core: borrowing StreamMetricsCore, into sink: inout some MetricSink, slot: Int32,
        skipping: Set<String>
    ) {
        if !skipping.contains(requests.name), sink.begin(requests) {
            forEachCell(core) { labels, cell in
                let minute = cell.recent.sum(endingAt: slot - 1, slots: 6)
                let share = Double(minute.count) / Double(max(cell.requests, 1))
                labels.append(("level", ""))
                for level in LogLevel.allCases {
                    let count = cell.levels[Int(level.rawValue)]
                    guard count > 0 else { continue }
                    // Windows are kept for all levels together; a level has its share of them.
                    labels[labels.count - 1].value = level.name
                    sink.add(
                        MetricSample(
                            Double(count), lastMinute: (share * Double(count)).rounded()),
                        labels)
                }
                labels.removeLast()
            }
        }
        if !skipping.contains(errors.name), sink.begin(errors) {
            forEachCell(core) { labels, cell in
                let minute = cell.recent.sum(endingAt: slot - 1, slots: 6)
                sink.add(MetricSample(Double(cell.errors), lastMinute: minute.amount), labels)
            }
        }
        if !skipping.contains(latency.name), sink.begin(latency) {
            forEachCell(core) { labels, cell in
                guard !cell.latency.isEmpty else { return }
                let minute = cell.recent.sum(endingAt: slot - 1, slots: 6)
                sink.add(
                    cell.latency, labels,
                    exemplars: sink.wantsExemplars ? cell.exemplars.all : [],
                    lastMinute: Double(minute.count))
            }
        }
    }

    /// The labels of statuses by their first digit.
    private static let statuses = ["", "1xx", "2xx", "3xx", "4xx", "5xx"]

    /// Calls `body` with the labels of each cell, in an array that it may use for more, and the cell.
    private static func forEachCell(
        _ core: borrowing StreamMetricsCore,
        _ body: (inout [MetricLabel], borrowing StreamMetricsCore.Cell) -> Void
    ) {
        // One array for all: a family has thousands of cells.
        var labels: [MetricLabel] = [("service", ""), ("endpoint", ""), ("status", "")]
        labels.reserveCapacity(4)
        core.forEachEndpoint { service, endpoint, cells in
            labels[0].value = service
            labels[1].value = endpoint
            for (statusClass, place) in cells {
                labels[2].value = statuses[statusClass]
                core.withCell(place) { body(&labels, $0) }
            }
        }
    }
}
