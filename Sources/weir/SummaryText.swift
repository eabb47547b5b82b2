internal import LogAlerting
internal import LogMetrics
internal import LogPipeline
internal import LogSegments

/// What an ingester did, as lines for people.
struct SummaryText {
    let lines: [String]

    /// Endpoints that are shown; `weir query '* | stats by (endpoint) …'` shows all.
    private static let endpointsMax = 10
    /// Partitions that are shown; `weir stats` shows all.
    private static let partitionsMax = 12

    init(_ summary: IngestSummary) {
        lines =
            Self.input(summary) + Self.endpoints(summary.endpoints) + Self.alerts(summary)
            + Self.partitions(summary.partitions)
    }

    private static func input(_ summary: IngestSummary) -> [String] {
        var lines: [String] = []
        let recovery = summary.recovery
        if recovery.lines > 0 || recovery.tornBytes > 0 {
            lines.append(
                "recovered: \(Figure.count(recovery.lines)) lines from the journal of a run that did "
                    + "not end well; \(recovery.tornBytes) bytes of a frame cut short dropped")
        }
        lines += recovery.damages.map { "damaged: \($0)" }
        let unparsed = summary.unparsed.values.reduce(0, +)
        let reasons = summary.unparsed.sorted { $0.key < $1.key }
            .map { "\($0.key) \(Figure.count($0.value))" }.joined(separator: ", ")
        lines.append(
            "read: \(Figure.count(summary.lines)) lines, \(Figure.bytes(summary.bytes)); "
                + "refused as JSON and kept as text: \(Figure.count(unparsed))"
                + (unparsed > 0 ? " (\(reasons))" : ""))
        if summary.truncatedLines > 0 {
            lines.append(
                "cut at --max-line-bytes: \(Figure.count(summary.truncatedLines)) lines, "
                    + "\(Figure.bytes(summary.skippedBytes)) dropped")
        }
        if summary.skewedLines > 0 {
            lines.append(
                "dated more than a day ahead of the clock: \(Figure.count(summary.skewedLines)) "
                    + "lines, stored under their arrival time")
        }
        return lines
    }

    private static func endpoints(_ endpoints: [EndpointSummary]) -> [String] {
        guard !endpoints.isEmpty else { return [] }
        var table = TextTable([
            .text("endpoint"), .text("service"), .number("requests"), .number("errors"),
            .number("rate"), .number("p50 ms"), .number("p95 ms"), .number("p99 ms"),
        ])
        for row in endpoints.prefix(endpointsMax) {
            table.add([
                row.endpoint.isEmpty ? "-" : row.endpoint, row.service ?? "-",
                Figure.count(row.requests), Figure.count(row.errors),
                Figure.percent(row.errorRate), Figure.milliseconds(row.p50),
                Figure.milliseconds(row.p95), Figure.milliseconds(row.p99),
            ])
        }
        let more = endpoints.count - endpointsMax
        return ["requests by endpoint:"] + table.lines()
            + (more > 0 ? ["  and \(more) more endpoints"] : [])
    }

    private static func alerts(_ summary: IngestSummary) -> [String] {
        let fired = summary.transitions.filter { $0.state == .firing }.count
        let resolved = summary.transitions.filter { $0.state == .resolved }.count
        let further =
            summary.furtherTransitions > 0
            ? " (and \(Figure.count(summary.furtherTransitions)) further transitions)" : ""
        var lines = ["alerts: \(fired) fired, \(resolved) resolved\(further)"]
        if summary.refusedGroups > 0 {
            lines.append(
                "left out of rules that have as many groups as they may: "
                    + "\(Figure.count(summary.refusedGroups)) records; fewer labels in `by` help")
        }
        if summary.refusedValues > 0 {
            lines.append(
                "not remembered by rules with `new`, which have as many values as they may: "
                    + "\(Figure.count(summary.refusedValues)); these raised nothing")
        }
        return lines
    }

    private static func partitions(_ partitions: [PartitionSummary]) -> [String] {
        guard !partitions.isEmpty else { return [] }
        var table = TextTable([
            .text("class"), .text("day"), .number("segments"), .number("lines"), .number("raw"),
            .number("stored"), .number("ratio"),
        ])
        for entry in partitions.prefix(partitionsMax) {
            table.add([
                entry.key.className, entry.key.dayName, "\(entry.segments)",
                Figure.count(entry.lines), Figure.bytes(entry.rawBytes),
                Figure.bytes(entry.storedBytes),
                Figure.ratio(raw: entry.rawBytes, stored: entry.storedBytes),
            ])
        }
        let more = partitions.count - partitionsMax
        return ["segments written:"] + table.lines()
            + (more > 0 ? ["  and \(more) more classes and days"] : [])
    }
}
