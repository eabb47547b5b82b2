public import LogBytes

extension Filter {
    /// The rows of `block` that match.
    public func evaluate(_ block: any ColumnBlock) throws -> Bitmap {
        try evaluate(block, within: Bitmap(count: block.rowCount, all: true))
    }

    /// The rows of `candidates` that match. Conditions are asked cheapest first and only of rows that are still open.
    func evaluate(_ block: any ColumnBlock, within candidates: Bitmap) throws -> Bitmap {
        if candidates.isEmpty { return candidates }
        switch self {
        case .all:
            return candidates
        case .and(let filters):
            var rows = candidates
            for filter in filters.sorted(by: { $0.cost < $1.cost }) {
                rows = try filter.evaluate(block, within: rows)
                if rows.isEmpty { break }
            }
            return rows
        case .or(let filters):
            var open = candidates
            var rows = Bitmap(count: candidates.count)
            for filter in filters.sorted(by: { $0.cost < $1.cost }) {
                let found = try filter.evaluate(block, within: open)
                rows.formUnion(found)
                open.subtract(found)
                if open.isEmpty { break }
            }
            return rows
        case .not(let filter):
            var rows = candidates
            rows.subtract(try filter.evaluate(block, within: candidates))
            return rows
        case .time(let filter):
            return try filter.evaluate(block, within: candidates)
        case .fields(let comparison):
            return try comparison.evaluate(block, within: candidates)
        case .leaf(let field, let predicate):
            return try block.rows(field, matching: predicate.matcher, within: candidates)
        }
    }
}

extension Filter {
    /// Whether the filter says the same of all rows whose times lie within `bounds` and whose other fields are the same.
    func ignoresTime(within bounds: (first: Int64, last: Int64)) -> Bool {
        switch self {
        case .all: true
        case .leaf(let field, _): field != "_time"
        case .fields(let comparison):
            comparison.field != "_time" && comparison.other != "_time"
        case .time(let filter):
            filter.schedule == nil
                && filter.range.covers(first: bounds.first, last: bounds.last)
        case .not(let filter): filter.ignoresTime(within: bounds)
        case .and(let filters), .or(let filters):
            filters.allSatisfy { $0.ignoresTime(within: bounds) }
        }
    }
}

extension TimeFilter {
    fileprivate func evaluate(
        _ block: any ColumnBlock, within candidates: Bitmap
    ) throws -> Bitmap {
        let bounds = block.timeBounds
        if schedule == nil, range.covers(first: bounds.first, last: bounds.last) {
            return candidates
        }
        var rows = Bitmap(count: candidates.count)
        guard range.overlaps(first: bounds.first, last: bounds.last) else { return rows }
        let times = try block.times()
        candidates.visit { row in
            if contains(times[row]) { rows[row] = true }
        }
        return rows
    }
}

/// A block that knows all fields that a query can name, `_time` and `_class` among them: what pipes hand on.
protocol NamedColumns: ColumnBlock {
    /// Whether the rows are still the stored lines, so that they can be given byte for byte.
    var hasLines: Bool { get }
}

extension NamedColumns {
    var origin: BlockOrigin { hasLines ? .lines : .pipe }
}

extension ColumnBlock {
    /// The column of any field that a query can name; a stored block has no column for `_time` and `_class`.
    public func queryColumn(_ name: String) throws -> Column {
        if origin != .store { return try column(name) }
        switch name {
        case "_time": return .times(try times())
        case "_class": return .constant(Array(className.utf8), rowCount: rowCount)
        default: return try column(name)
        }
    }

    /// The names of the fields of the rows: `_time _msg _class` first, then the others by the alphabet.
    func queryFieldNames() throws -> [String] {
        if origin != .store { return try fieldNames() }
        let special = ["_time", "_msg", "_class"]
        return special + (try fieldNames()).filter { !special.contains($0) }.sorted()
    }

    /// Whether the rows are stored lines.
    var rowsAreLines: Bool { origin != .pipe }
}

extension Column {
    /// Times as RFC 3339 text, written when somebody looks: most rows of a block are not among those that are asked for.
    static func times(_ times: [Int64]) -> Column {
        times.isEmpty ? .constant([], rowCount: 0) : .encoded(TimeTexts(times))
    }
}

/// Times as RFC 3339 text.
private final class TimeTexts: EncodedValues {
    private let times: [Int64]

    init(_ times: [Int64]) {
        self.times = times
        super.init(count: times.count)
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        NumberFormat.append(time: times[number], into: &out)
    }

    override var alphabet: ByteSet { ByteSet(ByteView("0123456789-:.TZ")) }
}
