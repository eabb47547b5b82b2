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
        var first: LinePlace?
        let budget = MemoryBudget()
        let preparation = QueryPreparation(
            query, store: store, budget: budget, threads: Processors.count)
        let query = try preparation.prepared(query)
        if let newest {
            let places = PlaceSink()
            _ = try run(query, store: store, newest: newest, into: places)
            // Nothing is found: the scan below finds nothing either, and tells of damage.
            first = places.first ?? LinePlace(time: .max, sequence: .max)
        }
        let stage = ContextStage(context, sink, budget)
        let scan = ContextScan(
            query, context, from: first, stage, TimeOrderStage(stage, budget), recorder)
        var request = ScanRequest(timeRange: query.filter.timeRange, filter: query.filter)
        request.wantsAllRows = true
        request.recorder = recorder
        let found = try recorder.measure(.store) { try store.parts(request) }
        recorder?.begin(found.parts)
        for part in found.parts { try scan.consume(part) }
        try recorder.measure(.pipes) { try scan.order.finish() }
        var report = scan.report
        report.rowsGiven = report.rowsMatched
        report.faults =
            preparation.faults + found.faults + report.faults + scan.order.faults + stage.faults
        return report
    }
}

/// The way of all rows, those that match marked, into the stage that keeps them with their neighbours.
private final class ContextScan {
    private let query: Query
    private let context: ContextLines
    /// The place of the first match that is wanted; nil when all are.
    private let first: LinePlace?
    private let stage: ContextStage
    let order: TimeOrderStage
    private let recorder: ScanRecorder?
    /// A match may have any line as its neighbour, but only times in the range are asked for.
    private let range: TimeRange
    private(set) var report = QueryReport()

    init(
        _ query: Query, _ context: ContextLines, from first: LinePlace?, _ stage: ContextStage,
        _ order: TimeOrderStage, _ recorder: ScanRecorder?
    ) {
        self.query = query
        self.context = context
        self.first = first
        self.stage = stage
        self.order = order
        self.recorder = recorder
        range = query.filter.timeRange
    }

    func consume(_ part: any ScanPart) throws {
        try recorder?.beginPart()
        _ = try recorder.measure(.pipes) { try order.release(before: part.timeBounds.first) }
        recorder?.addRead(part)
        do {
            for block in try recorder.measure(.store, part.blocks) { try consume(block) }
        } catch let fault as ScanFault {
            report.faults.append(fault)
        }
    }

    private func consume(_ block: any ColumnBlock) throws {
        report.blocksRead += 1
        report.rowsRead += block.rowCount
        recorder?.statistics.rows += block.rowCount
        var matches = Bitmap(count: block.rowCount)
        let rows: [Int]
        if let first, block.timeBounds.last < first.time {
            rows = try lastRows(of: block)
        } else {
            matches = try recorder.measure(.filter) { try self.matches(block) }
            let times = try block.times()
            rows = (0..<block.rowCount).filter { range.contains(times[$0]) }
        }
        report.rowsMatched += matches.population
        recorder?.rowsMatched += matches.population
        if rows.isEmpty { return }
        stage.expect(block, matches: matches, rows: rows.count)
        try recorder.measure(.pipes) {
            _ = try order.consume(RowSlice(block: block, rows: rows))
        }
    }

    private func matches(_ block: any ColumnBlock) throws -> Bitmap {
        var rows = try query.filter.evaluate(block)
        if let raw = query.raw { rows = try raw.evaluate(block, within: rows) }
        guard let first else { return rows }
        let times = try block.times()
        let sequences = try block.sequences()
        for row in rows.rows
        where LinePlace(time: times[row], sequence: sequences[row]) < first {
            rows[row] = false
        }
        return rows
    }

    /// The rows of `block` that can stand before a match behind it: its last ones.
    private func lastRows(of block: any ColumnBlock) throws -> [Int] {
        if context.before == 0 { return [] }
        let times = try block.times()
        let sequences = try block.sequences()
        return (0..<block.rowCount).filter { range.contains(times[$0]) }
            .sorted { (times[$0], sequences[$0]) < (times[$1], sequences[$1]) }
            .suffix(context.before)
    }
}

/// Where a row stands in the order of time.
private struct LinePlace: Comparable {
    let time: Int64
    let sequence: UInt64

    static func < (left: LinePlace, right: LinePlace) -> Bool {
        (left.time, left.sequence) < (right.time, right.sequence)
    }
}

/// Keeps the place of the first row.
private final class PlaceSink: RowConsumer {
    private(set) var first: LinePlace?

    func consume(_ slice: RowSlice) throws -> ScanControl {
        guard first == nil, let row = slice.rows.first else { return .proceed }
        first = LinePlace(
            time: try slice.block.times()[row], sequence: try slice.block.sequences()[row])
        return .proceed
    }

    func finish() {}
}
