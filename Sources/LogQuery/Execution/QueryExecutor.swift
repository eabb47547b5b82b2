internal import LogBytes
public import LogSystem

/// What a query did, besides its rows.
public struct QueryReport: Sendable, Equatable {
    /// Blocks that were looked into.
    public var blocksRead = 0
    /// Rows in those blocks.
    public var rowsRead = 0
    /// Rows that the filter matched.
    public var rowsMatched = 0
    /// Rows that came out of the last pipe.
    public var rowsGiven = 0
    /// What could not be read; the answer lacks its rows.
    public var faults: [ScanFault] = []

    /// A report of nothing.
    public init() {}
}

/// Answers queries from a store.
public enum QueryExecutor {
    /// Runs `query` and pushes the rows that come out into `sink`, whose `finish` is called at the end.
    ///
    /// Rows come in the order of their time, and of their arrival where times are equal, unless a pipe gives them another
    /// order. The scan stops as soon as no further row can change the answer.
    ///
    /// - Parameters:
    ///   - newest: give only the newest so many rows, in the order of time. Where pipes make rows of their own (`stats`,
    ///     `sort`, `limit`, …), it limits their number instead.
    ///   - memoryBytesMax: the memory that the query may use for what it has to hold.
    ///   - threads: how many threads may work on the query, the caller's counted.
    ///   - recorder: takes down what happens, and may end the query at any part.
    /// - Throws: `QueryFailure`, or what the store or the sink throws.
    public static func run(
        _ query: Query, store: any LogStore, newest: Int? = nil,
        memoryBytesMax: Int = MemoryBudget.bytesMax, threads: Int = Processors.count,
        recorder: ScanRecorder? = nil, into sink: any RowConsumer
    ) throws -> QueryReport {
        let budget = MemoryBudget(limitBytes: memoryBytesMax)
        let threads = min(threads, query.options.concurrency ?? threads)
        let preparation = QueryPreparation(query, store: store, budget: budget, threads: threads)
        let query = try preparation.prepared(query)
        let counter = CountingStage(sink)
        let scanner = PartScanner(
            filter: query.filter, raw: query.raw, fields: query.inputFields,
            writesLines: query.pipes.isEmpty && newest == nil && sink.wantsLines,
            countedFields: query.pipes.first?.countedFields.map {
                $0.union(query.filter.fieldNames)
            },
            recorder: recorder)
        var request = ScanRequest(timeRange: query.filter.timeRange, filter: query.filter)
        request.raw = query.raw
        request.recorder = recorder
        var report: QueryReport
        if let partial = PartialPath(query, newest: newest, counter, budget) {
            let found = try recorder.measure(.store) { try store.parts(request) }
            recorder?.begin(found.parts)
            let scan = PartialScan(scanner, partial.pipes, partial.last, budget, recorder)
            report = try scan.run(found.parts, threads: threads, into: partial.next)
            report.faults = found.faults + report.faults
        } else {
            let stages = Stages(query, newest: newest, counter, budget)
            request.order = stages.newest == nil ? .oldestFirst : .newestFirst
            let found = try recorder.measure(.store) { try store.parts(request) }
            recorder?.begin(found.parts)
            report = try run(found.parts, scanner, stages, threads: threads, recorder)
            try recorder.measure(.pipes) { try stages.first.finish() }
            report.faults = found.faults + report.faults + (stages.order?.faults ?? [])
        }
        report.faults = preparation.faults + report.faults
        report.rowsGiven = counter.count
        return report
    }

    /// Pushes the matching rows of `parts` into the stages, as long as they want any.
    private static func run(
        _ parts: [any ScanPart], _ scanner: PartScanner, _ stages: Stages, threads: Int,
        _ recorder: ScanRecorder?
    ) throws -> QueryReport {
        var report = QueryReport()
        let scan = OrderedScan(parts, scanner, threads: threads)
        defer { scan.stop() }
        for (index, part) in parts.enumerated() {
            if let oldest = stages.newest?.oldestWanted, part.timeBounds.last < oldest { break }
            // Also a part without matches lets rows before it go on, so that a limit can end the scan.
            let control = try recorder.measure(.pipes) {
                try stages.order?.release(before: part.timeBounds.first)
            }
            if control == .stop { break }
            try recorder?.beginPart()
            let scanned = scan.next(index)
            report.add(scanned.report)
            recorder?.add(part, scanned)
            if let failure = scanned.failure { throw failure }
            do {
                for block in scanned.blocks {
                    let control = try recorder.measure(.pipes) {
                        try stages.first.consume(block.slice)
                    }
                    if control == .stop { return report }
                }
            } catch let fault as ScanFault {
                report.faults.append(fault)
            }
            if let fault = scanned.fault { report.faults.append(fault) }
        }
        return report
    }
}

/// The way of a query whose first pipe that is not row-wise can be begun by several threads.
private struct PartialPath {
    /// The row-wise pipes.
    let pipes: ArraySlice<any Pipe>
    let last: any Pipe
    /// What comes behind.
    let next: any RowConsumer

    init?(_ query: Query, newest: Int?, _ sink: any RowConsumer, _ budget: MemoryBudget) {
        guard let deciding = query.pipes.firstIndex(where: { $0.ordering != .rowwise }),
            query.pipes[deciding].isPartial
        else { return nil }
        pipes = query.pipes[..<deciding]
        last = query.pipes[deciding]
        let end: any RowConsumer =
            if let newest { LimitStage(offset: 0, limit: newest, sink) } else { sink }
        next = query.pipes[(deciding + 1)...].reversed().reduce(end) { $1.makeStage($0, budget) }
    }
}

/// The way of rows from the store's blocks to the sink.
private struct Stages {
    let first: any RowConsumer
    /// The stage that puts rows in the order of time, where there is one.
    let order: TimeOrderStage?
    /// The stage that keeps the newest rows, where there is one.
    let newest: NewestStage?

    init(_ query: Query, newest: Int?, _ sink: any RowConsumer, _ budget: MemoryBudget) {
        let deciding = query.pipes.first { $0.ordering != .rowwise }?.ordering
        var last = sink
        var newestStage: NewestStage?
        if let newest {
            if deciding == nil {
                let stage = NewestStage(newest, sink, budget)
                newestStage = stage
                last = stage
            } else {
                last = LimitStage(offset: 0, limit: newest, sink)
            }
        }
        var first = query.pipes.reversed().reduce(last) { $1.makeStage($0, budget) }
        var order: TimeOrderStage?
        if newestStage == nil, deciding != .makesOrder {
            let stage = TimeOrderStage(first, budget)
            order = stage
            first = stage
        }
        self.first = first
        self.order = order
        self.newest = newestStage
    }
}

/// Counts what the sink is given.
private final class CountingStage: RowConsumer {
    private let sink: any RowConsumer
    private(set) var count = 0

    init(_ sink: any RowConsumer) { self.sink = sink }

    var wantsLines: Bool { sink.wantsLines }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        count += slice.rows.count
        return try sink.consume(slice)
    }

    func finish() throws { try sink.finish() }
}
