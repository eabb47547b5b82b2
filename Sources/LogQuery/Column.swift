public import LogBytes

/// The values of one field for the rows of a block, as text: distinct values once, and for each row the number of its own.
///
/// A missing field and an empty one are the same in LogsQL: the empty text. A filter looks at each of `valueCount` values
/// once and not at each row. Immutable; owns its bytes.
public struct Column: Sendable {
    /// The bytes of all values, one behind the other.
    let bytes: [UInt8]
    /// The end of each value in `bytes`.
    let ends: [Int]
    /// For each row the number of its value; nil when every row has its own (`codes[row] == row`) or all share value 0.
    let codes: [UInt32]?
    /// The number of rows.
    public let rowCount: Int

    /// How many values are kept; at most `rowCount`, at least one when there are rows.
    public var valueCount: Int { ends.count }

    /// True when all rows share one value.
    public var isConstant: Bool { ends.count == 1 }

    /// Calls `body` with a view of value `number`, valid during the call.
    @inline(__always)
    public func withValue<Result>(
        _ number: Int, _ body: (ByteView) throws -> Result
    ) rethrows -> Result {
        try bytes.withView { view in
            let start = number == 0 ? 0 : ends[number - 1]
            return try body(ByteView(view.start + start, ends[number] - start))
        }
    }

    /// The number of the value that `row` has.
    @inline(__always)
    public func valueNumber(row: Int) -> Int {
        if let codes { return Int(codes[row]) }
        return ends.count == 1 ? 0 : row
    }

    /// Calls `body` with a view of the value of `row`, valid during the call.
    public func withText<Result>(
        row: Int, _ body: (ByteView) throws -> Result
    ) rethrows -> Result {
        try withValue(valueNumber(row: row), body)
    }

    /// A column in which every row has the same value.
    public static func constant(_ value: [UInt8], rowCount: Int) -> Column {
        Column(bytes: value, ends: [value.count], codes: nil, rowCount: rowCount)
    }

    /// Distinct values and each row's number.
    public static func dictionary(bytes: [UInt8], ends: [Int], codes: [UInt32]) -> Column {
        Column(bytes: bytes, ends: ends, codes: codes, rowCount: codes.count)
    }

    /// One value a row, in row order.
    public static func plain(bytes: [UInt8], ends: [Int]) -> Column {
        Column(bytes: bytes, ends: ends, codes: nil, rowCount: ends.count)
    }

    /// A column whose rows are the rows `rows` of this one, all of which it has, in that order.
    public func selecting(_ rows: [UInt32]) -> Column {
        if isConstant {
            return Column(bytes: bytes, ends: ends, codes: nil, rowCount: rows.count)
        }
        return Column(
            bytes: bytes, ends: ends,
            codes: codes.map { codes in rows.map { codes[Int($0)] } } ?? rows,
            rowCount: rows.count)
    }

    /// The same rows with other text for each value: `bytes` and `ends` hold as many values as this column has.
    public func replacingValues(bytes: [UInt8], ends: [Int]) -> Column {
        precondition(ends.count == self.ends.count, "BUG: a column keeps its number of values")
        return Column(bytes: bytes, ends: ends, codes: codes, rowCount: rowCount)
    }

    private init(bytes: [UInt8], ends: [Int], codes: [UInt32]?, rowCount: Int) {
        self.bytes = bytes
        self.ends = ends
        self.codes = codes
        self.rowCount = rowCount
    }
}

extension Column {
    /// The rows of `candidates` whose value meets the condition. Each value is looked at once, and not at all when
    /// every row has its own and none of `candidates` has this one.
    func rows(matching matcher: ValueMatcher, within candidates: Bitmap) -> Bitmap {
        if isConstant {
            let matches = withValue(0) { matcher.matches($0) }
            return matches ? candidates : Bitmap(count: candidates.count)
        }
        var rows = Bitmap(count: candidates.count)
        bytes.withView { view in
            func value(_ number: Int) -> ByteView {
                let start = number == 0 ? 0 : ends[number - 1]
                return ByteView(view.start + start, ends[number] - start)
            }
            guard let codes else {
                candidates.visit { row in
                    if matcher.matches(value(row)) { rows[row] = true }
                }
                return
            }
            let matching = (0..<ends.count).map { matcher.matches(value($0)) }
            guard matching.contains(true) else { return }
            candidates.visit { row in
                if matching[Int(codes[row])] { rows[row] = true }
            }
        }
        return rows
    }
}
