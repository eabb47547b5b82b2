internal import LogBytes
internal import LogRecords

/// A block whose filter was asked: the rows that matched, and what reading them needs, loaded.
struct MatchedBlock {
    let block: any ColumnBlock
    let matching: Bitmap
    /// The number of rows in `matching`.
    let population: Int

    var slice: RowSlice {
        population == block.rowCount
            ? RowSlice(wholeBlock: block) : RowSlice(block: block, rows: matching.rows)
    }
}

/// What became of a part of a scan. Handed from the thread that made it to the one that uses it.
struct ScannedPart {
    /// The blocks in which a row matched.
    var blocks: [MatchedBlock] = []
    /// Blocks and rows that were looked at, and rows that matched.
    var report = QueryReport()
    /// Where the time went, in nanoseconds; all zero when nobody asks.
    var filterTime: Int64 = 0
    var loadTime: Int64 = 0
    /// What is damaged; blocks before it count.
    var fault: ScanFault?
    /// Why the query cannot go on.
    var failure: (any Error)?
}

/// Asks the filter of a query of the parts of a store.
struct PartScanner: Sendable {
    let filter: Filter
    let raw: RawFilter?
    /// The fields that are needed of matching rows; nil: whole lines.
    let fields: Set<String>?
    /// Whether lines are all that is wanted, and are to be written at once.
    let writesLines: Bool
    /// The fields by which matching rows are counted, with those that the filter looks at; nil: rows are looked at one by one.
    let countedFields: Set<String>?
    /// Whose clock says where the time goes.
    let recorder: ScanRecorder?

    /// So many lines of a block are written ahead: those of a whole one, which has 24 MiB of them at most.
    private static let writtenMax = 1 << 16

    /// Reads `part` and asks the filter of its rows.
    func scan(_ part: any ScanPart) -> ScannedPart {
        var result = ScannedPart()
        do {
            for block in try part.blocks() {
                result.report.blocksRead += 1
                result.report.rowsRead += block.rowCount
                let start = recorder?.now ?? 0
                if let counted = try kinds(of: block) {
                    let matching = try filter.evaluate(counted)
                    result.filterTime += (recorder?.now ?? 0) - start
                    if matching.isEmpty { continue }
                    matching.visit { result.report.rowsMatched += counted.weights[$0] }
                    result.blocks.append(
                        MatchedBlock(
                            block: counted, matching: matching, population: matching.population))
                    continue
                }
                var matching = try filter.evaluate(block)
                if let raw { matching = try raw.evaluate(block, within: matching) }
                let filtered = recorder?.now ?? 0
                result.filterTime += filtered - start
                let population = matching.population
                if population == 0 { continue }
                try block.load(fields, rows: matching)
                result.loadTime += (recorder?.now ?? 0) - filtered
                result.report.rowsMatched += population
                let given =
                    writesLines && population <= Self.writtenMax
                    ? try WrittenLines(block, rows: matching) : block
                result.blocks.append(
                    MatchedBlock(block: given, matching: matching, population: population))
            }
        } catch let fault as ScanFault {
            result.fault = fault
        } catch {
            result.failure = error
        }
        return result
    }

    /// The rows of `block` by all that the query asks of them, where that is known without looking at each.
    private func kinds(of block: any ColumnBlock) throws -> (any WeightedBlock)? {
        guard raw == nil, let countedFields, filter.ignoresTime(within: block.timeBounds) else {
            return nil
        }
        if countedFields.isSubset(of: ["_class"]) { return CountedRows(block) }
        return try block.rowKinds(countedFields)
    }
}

/// All rows of a block as one, where nothing but their class is asked of them.
private final class CountedRows: WeightedBlock {
    private let base: any ColumnBlock

    init(_ base: any ColumnBlock) { self.base = base }

    var weights: [Int] { [base.rowCount] }
    var rowCount: Int { 1 }
    var timeBounds: (first: Int64, last: Int64) { base.timeBounds }
    var className: String { base.className }
    var origin: BlockOrigin { base.origin }
    func column(_ name: String) -> Column { .constant([], rowCount: 1) }
    func fieldNames() -> [String] { [] }
    func times() throws -> [Int64] { try Array(base.times().prefix(1)) }
    func sequences() throws -> [UInt64] { try Array(base.sequences().prefix(1)) }
    func lineFormat(row: Int) throws -> LineFormat { try base.lineFormat(row: row) }

    func appendLine(row: Int, into out: inout ByteWriter) throws {
        try base.appendLine(row: row, into: &out)
    }
}

extension QueryReport {
    /// Adds what was read for another part.
    mutating func add(_ other: QueryReport) {
        blocksRead += other.blocksRead
        rowsRead += other.rowsRead
        rowsMatched += other.rowsMatched
        rowsGiven += other.rowsGiven
        faults += other.faults
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
