internal import LogBytes
internal import LogSystem

/// How many lines are wanted around each match.
public struct ContextLines: Sendable, Equatable {
    /// Lines before a match.
    public var before: Int
    /// Lines behind a match.
    public var behind: Int

    /// So many lines on both sides.
    public init(before: Int, behind: Int) {
        self.before = before
        self.behind = behind
    }
}

extension QueryExecutor {
    /// Runs the filter of `query`, which has no pipes, and gives each match with its neighbours: the lines of the same class
    /// before and behind it by time, within the query's range of time.
    ///
    /// Neighbours that touch are one group; groups are given whole, one behind the other, in the order of their first lines,
    /// and a sink that shows groups is told where one ends.
    public static func run(
        _ query: Query, context: ContextLines, store: any LogStore, newest: Int? = nil,
        recorder: ScanRecorder? = nil, into sink: any RowConsumer
    ) throws -> QueryReport {
        let budget = MemoryBudget()
        let preparation = QueryPreparation(
            query, store: store, budget: budget, threads: Processors.count)
        let query = try preparation.prepared(query)
        var first: MatchPlace?
        if let newest {
            let places = PlaceSink()
            _ = try run(query, store: store, newest: newest, recorder: recorder, into: places)
            // Nothing is found: the scan below finds nothing either, and tells of damage.
            first = places.first ?? MatchPlace(time: .max, sequence: .max)
        }
        let stage = ContextStage(context, sink, budget)
        let order = TimeOrderStage(stage, budget)
        var report = QueryReport()
        var request = ScanRequest(timeRange: query.filter.timeRange, filter: query.filter)
        request.wantsAllRows = true
        request.recorder = recorder
        // A match may have any line as its neighbour, but only times in the range are asked for.
        let range = query.filter.timeRange
        let faults = try recorder.measure(.store) {
            try store.scan(request) { block in
                try recorder?.beginPart()
                report.blocksRead += 1
                report.rowsRead += block.rowCount
                recorder?.statistics.rows += block.rowCount
                var matches = try recorder.measure(.filter) {
                    let rows = try query.filter.evaluate(block)
                    return try query.raw?.evaluate(block, within: rows) ?? rows
                }
                let times = try block.times()
                if let first {
                    let sequences = try block.sequences()
                    for row in matches.rows
                    where MatchPlace(time: times[row], sequence: sequences[row]) < first {
                        matches[row] = false
                    }
                }
                report.rowsMatched += matches.population
                recorder?.rowsMatched += matches.population
                let rows = (0..<block.rowCount).filter { range.contains(times[$0]) }
                stage.expect(block, matches: matches, rows: rows.count)
                if rows.isEmpty { return .proceed }
                return try recorder.measure(.pipes) {
                    try order.consume(RowSlice(block: block, rows: rows))
                }
            }
        }
        try recorder.measure(.pipes) { try order.finish() }
        report.rowsGiven = report.rowsMatched
        report.faults = preparation.faults + faults + stage.faults
        return report
    }
}

/// Where a row stands in the order of time.
private struct MatchPlace: Comparable {
    let time: Int64
    let sequence: UInt64

    static func < (left: MatchPlace, right: MatchPlace) -> Bool {
        (left.time, left.sequence) < (right.time, right.sequence)
    }
}

/// Keeps the place of the first row.
private final class PlaceSink: RowConsumer {
    private(set) var first: MatchPlace?

    func consume(_ slice: RowSlice) throws -> ScanControl {
        guard first == nil, let row = slice.rows.first else { return .proceed }
        first = MatchPlace(
            time: try slice.block.times()[row], sequence: try slice.block.sequences()[row])
        return .proceed
    }

    func finish() {}
}
