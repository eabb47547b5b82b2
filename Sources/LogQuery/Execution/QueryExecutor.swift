internal import LogBytes

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
    /// - Throws: `QueryFailure`, or what the store or the sink throws.
    public static func run(
        _ query: Query, store: any LogStore, newest: Int? = nil,
        memoryBytesMax: Int = MemoryBudget.bytesMax, into sink: any RowConsumer
    ) throws -> QueryReport {
        let budget = MemoryBudget(limitBytes: memoryBytesMax)
        let counter = CountingStage(sink)
        let deciding = query.pipes.first { $0.ordering != .rowwise }?.ordering
        var last: any RowConsumer = counter
        var newestStage: NewestStage?
        if let newest {
            if deciding == nil {
                let stage = NewestStage(newest, counter, budget)
                newestStage = stage
                last = stage
            } else {
                last = LimitStage(offset: 0, limit: newest, counter)
            }
        }
        var first = query.pipes.reversed().reduce(last) { $1.makeStage($0, budget) }
        var order: TimeOrderStage?
        if newestStage == nil, deciding != .makesOrder {
            let stage = TimeOrderStage(first, budget)
            order = stage
            first = stage
        }
        let scan = Scan(
            query.filter, query.inputFields, first, order: order, newest: newestStage)
        var request = ScanRequest(timeRange: query.filter.timeRange, filter: query.filter)
        request.order = newestStage == nil ? .oldestFirst : .newestFirst
        let faults = try store.scan(request) { try scan.consume($0) }
        try first.finish()
        var report = scan.report
        report.rowsGiven = counter.count
        report.faults = faults
        return report
    }
}

/// The way from the store's blocks to the first pipe.
private final class Scan {
    private let filter: Filter
    private let fields: Set<String>?
    private let next: any RowConsumer
    private let order: TimeOrderStage?
    private let newest: NewestStage?
    private(set) var report = QueryReport()

    init(
        _ filter: Filter, _ fields: Set<String>?, _ next: any RowConsumer, order: TimeOrderStage?,
        newest: NewestStage?
    ) {
        self.filter = filter
        self.fields = fields
        self.next = next
        self.order = order
        self.newest = newest
    }

    func consume(_ block: any ColumnBlock) throws -> ScanControl {
        if let oldest = newest?.oldestWanted, block.timeBounds.last < oldest { return .stop }
        // Also a block without matches lets rows before it go on, so that a limit can end the scan.
        if try order?.release(before: block.timeBounds.first) == .stop { return .stop }
        report.blocksRead += 1
        report.rowsRead += block.rowCount
        let matching = try filter.evaluate(block)
        let population = matching.population
        if population > 0 { try block.load(fields, rows: matching) }
        report.rowsMatched += population
        if population == 0 { return .proceed }
        let rows =
            population == block.rowCount
            ? Array(0..<block.rowCount) : matching.rows
        return try next.consume(RowSlice(block: block, rows: rows))
    }
}

extension Bitmap {
    /// The rows in the set, ascending.
    var rows: [Int] {
        var rows: [Int] = []
        rows.reserveCapacity(population)
        visit { rows.append($0) }
        return rows
    }
}

/// Counts what the sink is given.
private final class CountingStage: RowConsumer {
    private let sink: any RowConsumer
    private(set) var count = 0

    init(_ sink: any RowConsumer) { self.sink = sink }

    func consume(_ slice: RowSlice) throws -> ScanControl {
        count += slice.rows.count
        return try sink.consume(slice)
    }

    func finish() throws { try sink.finish() }
}
