public import LogBytes
public import LogRecords

/// A half-open range of time, nanoseconds since the epoch.
public struct TimeRange: Equatable, Sendable, BitwiseCopyable {
    /// The first nanosecond inside.
    public var start: Int64
    /// The first nanosecond behind; `Int64.max` means without end.
    public var end: Int64

    /// The times from `start` up to and without `end`.
    public init(start: Int64 = .min, end: Int64 = .max) {
        self.start = start
        self.end = end
    }

    /// All of time.
    public static let all = TimeRange()

    /// True when `time` lies inside.
    public func contains(_ time: Int64) -> Bool {
        time >= start && (time < end || end == .max)
    }

    /// True when some time from `first` to `last` (both inclusive) lies inside.
    public func overlaps(first: Int64, last: Int64) -> Bool {
        last >= start && (first < end || end == .max)
    }

    /// True when all times from `first` to `last` (both inclusive) lie inside.
    public func covers(first: Int64, last: Int64) -> Bool {
        contains(first) && contains(last)
    }

    /// The times in both ranges.
    public func intersection(_ other: TimeRange) -> TimeRange {
        TimeRange(start: max(start, other.start), end: min(end, other.end))
    }
}

/// Some thousands of records as columns. Loaded lazily; used by one thread.
public protocol ColumnBlock: AnyObject {
    /// The number of rows.
    var rowCount: Int { get }
    /// The earliest and the latest time of a row, both inclusive.
    var timeBounds: (first: Int64, last: Int64) { get }
    /// The retention class that all rows belong to.
    var className: String { get }
    /// The time of each row.
    func times() throws -> [Int64]
    /// The arrival sequence number of each row: the order in which lines came in, and the tie-break for equal times.
    func sequences() throws -> [UInt64]
    /// The values of the field that a query calls `name`, resolved as `Shape.slot(named:)` does for each row's shape.
    func column(_ name: String) throws -> Column
    /// The flattened paths that occur in the block, in no order.
    func fieldNames() throws -> [String]
    /// The format in which the line of `row` was read.
    func lineFormat(row: Int) throws -> LineFormat
    /// Where the rows come from.
    var origin: BlockOrigin { get }
    /// The rows of `candidates` whose `field` meets the condition. A store may know without making the field's column.
    func rows(
        _ field: String, matching matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap
    /// The rows of `candidates` whose lines hold the bytes `literal`; nil where only the lines can tell.
    func rows(containing literal: [UInt8], within candidates: Bitmap) throws -> Bitmap?
    /// The block's rows by the values of `fields`, where the store knows how many rows have which without looking at each; else nil.
    func rowKinds(_ fields: Set<String>) throws -> (any WeightedBlock)?
    /// Loads what is needed to read `fields` of `rows`, nil for whole lines; what is damaged shows now, before a row has gone on.
    func load(_ fields: Set<String>?, rows: Bitmap) throws
    /// Appends the very bytes of the line of `row`, without a newline.
    func appendLine(row: Int, into out: inout ByteWriter) throws
    /// Appends the very bytes of the lines of `rows`, one behind the other, and to `ends` where each ends in `out`.
    func appendLines(_ rows: Bitmap, into out: inout ByteWriter, ends: inout Vector<Int>) throws
}

/// A block of which each row stands for all rows of another one that have the same values in some fields. Only these are asked of it.
public protocol WeightedBlock: ColumnBlock {
    /// For each row how many rows it stands for, at least one.
    var weights: [Int] { get }
}

/// Where the rows of a block come from.
public enum BlockOrigin: Equatable, Sendable {
    /// The store: `_time` and `_class` are no columns.
    case store
    /// A pipe that changed their order: they are still stored lines, with a column for each field that a query can name.
    case lines
    /// A pipe that made them: there is a column for each field, and no line.
    case pipe
}

extension ColumnBlock {
    /// The store.
    public var origin: BlockOrigin { .store }

    /// Looks at the field's column.
    public func rows(
        _ field: String, matching matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap {
        try queryColumn(field).rows(matching: matcher, within: candidates)
    }

    /// The lines have to be looked at.
    public func rows(containing literal: [UInt8], within candidates: Bitmap) -> Bitmap? { nil }

    /// Appends one after the other.
    public func appendLines(
        _ rows: Bitmap, into out: inout ByteWriter, ends: inout Vector<Int>
    ) throws {
        try rows.visit { row in
            try appendLine(row: row, into: &out)
            ends.append(out.count)
        }
    }

    /// Nobody knows.
    public func rowKinds(_ fields: Set<String>) throws -> (any WeightedBlock)? { nil }

    /// Nothing: the block is in memory.
    public func load(_ fields: Set<String>?, rows: Bitmap) {}

    /// Loads what is needed to read whole lines, all of them.
    public func loadLines() throws { try load(nil, rows: Bitmap(count: rowCount, all: true)) }
}

/// What a query asks of a store.
public struct ScanRequest: Sendable {
    /// Blocks that have no row in this range need not be given; rows outside may be given.
    public var timeRange: TimeRange
    /// The query's filter; a store may leave out blocks in which it can match no row.
    public var filter: Filter
    /// What lines have to match besides; a store may leave out blocks in which no line has its `requiredLiterals`.
    public var raw: RawFilter?
    /// Whether rows that do not match are wanted, too: then only the range of time and the classes leave out blocks.
    public var wantsAllRows = false
    /// Where the store says what it read and what it left out; nil when nobody asks.
    public var recorder: ScanRecorder?
    /// The order in which blocks are wanted.
    public var order: ScanOrder = .oldestFirst

    /// A request for the rows in `timeRange` that `filter` may match.
    public init(timeRange: TimeRange, filter: Filter) {
        self.timeRange = timeRange
        self.filter = filter
    }
}

/// The order in which a scan gives blocks.
public enum ScanOrder: Sendable {
    /// By their first time, ascending.
    case oldestFirst
    /// By their last time, descending: for the newest rows without reading the old ones.
    case newestFirst
}

/// The answer of a scan's consumer: go on, or enough.
public enum ScanControl: Sendable {
    case proceed, stop
}

/// A piece of a store that a scan concerns: what it takes to make blocks of it, and no more.
public protocol ScanPart: Sendable {
    /// The earliest and the latest time of a row, both inclusive.
    var timeBounds: (first: Int64, last: Int64) { get }
    /// How many rows it has, roughly.
    var rowCount: Int { get }
    /// The bytes that it takes in its file.
    var storedBytes: Int { get }
    /// Whether it is a part of the journal, and not of a segment.
    var isJournal: Bool { get }
    /// Whether its blocks may be made, and used, by one thread only: the one that asked the store for the parts.
    var isThreadBound: Bool { get }
    /// Its blocks. Parts that are not bound may be asked by several threads at once; a block is used by one thread at a time.
    ///
    /// - Throws: `ScanFault` where it is damaged.
    func blocks() throws -> [any ColumnBlock]
}

/// What of a store a request concerns.
public struct ScanParts {
    /// The parts in the request's order.
    public var parts: [any ScanPart]
    /// What could not be read while they were found.
    public var faults: [ScanFault]

    /// Parts and what is missing from them.
    public init(parts: [any ScanPart], faults: [ScanFault] = []) {
        self.parts = parts
        self.faults = faults
    }

    /// Puts the parts in `order`.
    public mutating func sort(_ order: ScanOrder) {
        switch order {
        case .oldestFirst: parts.sort { $0.timeBounds.first < $1.timeBounds.first }
        case .newestFirst: parts.sort { $0.timeBounds.last > $1.timeBounds.last }
        }
    }
}

/// Where stored records are found. The query layer knows no more of a store than this.
public protocol LogStore {
    /// The parts of the store that `request` concerns, which stay readable as long as they are kept.
    func parts(_ request: ScanRequest) throws -> ScanParts
}

extension LogStore {
    /// Gives every block that the request concerns to `body`, in the request's order, until `body` answers `.stop`. The block is
    /// valid during the call only, unless the consumer keeps a reference to it.
    ///
    /// - Returns: what could not be read (damaged blocks); the rest was given.
    public func scan(
        _ request: ScanRequest, _ body: (any ColumnBlock) throws -> ScanControl
    ) throws -> [ScanFault] {
        let found = try parts(request)
        var faults = found.faults
        for part in found.parts {
            do {
                for block in try part.blocks() {
                    if try body(block) == .stop { return faults }
                }
            } catch let fault as ScanFault {
                faults.append(fault)
            }
        }
        return faults
    }
}

/// A part of the store that could not be read.
public struct ScanFault: Error, Equatable, Sendable {
    /// The file.
    public let file: String
    /// The offset in the file.
    public let offset: Int
    /// What is wrong, and what it means for the answer.
    public let message: String

    /// A fault of `file` at `offset`.
    public init(file: String, offset: Int, message: String) {
        self.file = file
        self.offset = offset
        self.message = message
    }
}
