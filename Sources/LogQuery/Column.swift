public import LogBytes

/// The values of one field for the rows of a block: distinct values once, and for each row the number of its own.
///
/// A missing field and an empty one are the same in LogsQL: the empty text. A filter looks at each of `valueCount` values
/// once and not at each row, and at numbers as numbers. Values are text, or are written as text when they are asked for.
/// Immutable; used by one thread at a time.
public struct Column {
    /// The bytes of all values, one behind the other; empty where values are encoded.
    let bytes: KeptBytes
    /// The end of each value in `bytes`.
    let ends: [Int]
    /// The values, where they are not text.
    public let encoded: EncodedValues?
    /// For each row the number of its value; nil when every row has its own (`codes[row] == row`) or all share value 0.
    public let codes: [UInt32]?
    /// The number of rows.
    public let rowCount: Int
    /// How many values are kept; at most `rowCount`, at least one when there are rows.
    public let valueCount: Int

    /// True when all rows share one value.
    public var isConstant: Bool { valueCount == 1 }

    /// Calls `body` with a view of value `number`, valid during the call.
    @inline(__always)
    public func withValue<Result>(
        _ number: Int, _ body: (ByteView) throws -> Result
    ) rethrows -> Result {
        if let encoded { return try encoded.withValue(number, body) }
        return try bytes.withView { view in
            let start = number == 0 ? 0 : ends[number - 1]
            return try body(ByteView(view.start + start, ends[number] - start))
        }
    }

    /// Appends value `number`.
    @inline(__always)
    public func appendValue(_ number: Int, into out: inout ByteWriter) {
        if let encoded {
            encoded.append(number, into: &out)
        } else {
            withValue(number) { out.append($0) }
        }
    }

    /// Appends the values `numbers` one behind the other, and to `ends` where each ends in `out`.
    public func appendValues(
        _ numbers: UnsafeBufferPointer<UInt32>, into out: inout ByteWriter,
        ends: inout Vector<UInt32>
    ) {
        if let encoded { return encoded.append(numbers, into: &out, ends: &ends) }
        bytes.withView { view in
            self.ends.withUnsafeBufferPointer { bounds in
                for number in numbers {
                    let start = number == 0 ? 0 : bounds[Int(number) - 1]
                    out.append(ByteView(view.start + start, bounds[Int(number)] - start))
                    ends.append(UInt32(truncatingIfNeeded: out.count))
                }
            }
        }
    }

    /// The number of the value that `row` has.
    @inline(__always)
    public func valueNumber(row: Int) -> Int {
        if let codes { return Int(codes[row]) }
        return valueCount == 1 ? 0 : row
    }

    /// Calls `body` with a view of the value of `row`, valid during the call.
    public func withText<Result>(
        row: Int, _ body: (ByteView) throws -> Result
    ) rethrows -> Result {
        try withValue(valueNumber(row: row), body)
    }

    /// A column in which every row has the same value.
    public static func constant(_ value: [UInt8], rowCount: Int) -> Column {
        Column(bytes: KeptBytes(value), ends: [value.count], codes: nil, rowCount: rowCount)
    }

    /// Distinct values and each row's number.
    public static func dictionary(bytes: [UInt8], ends: [Int], codes: [UInt32]) -> Column {
        Column(bytes: KeptBytes(bytes), ends: ends, codes: codes, rowCount: codes.count)
    }

    /// One value a row, in row order.
    public static func plain(bytes: [UInt8], ends: [Int]) -> Column {
        plain(KeptBytes(bytes), ends: ends)
    }

    /// One value a row, in row order.
    public static func plain(_ bytes: KeptBytes, ends: [Int]) -> Column {
        Column(bytes: bytes, ends: ends, codes: nil, rowCount: ends.count)
    }

    /// One value a row, in row order, none of them text.
    public static func encoded(_ values: EncodedValues) -> Column {
        Column(
            bytes: .none, ends: [], encoded: values, codes: nil, rowCount: values.count)
    }

    /// The values of `parts`, one column's behind the other's, and each row's number among them all.
    public static func joined(_ parts: [Column], codes: [UInt32]) -> Column {
        Column(
            bytes: .none, ends: [], encoded: JoinedValues(parts), codes: codes,
            rowCount: codes.count)
    }

    /// A column whose rows are the rows `rows` of this one, all of which it has, in that order.
    public func selecting(_ rows: [UInt32]) -> Column {
        Column(
            bytes: bytes, ends: ends, encoded: encoded,
            codes: isConstant ? nil : codes.map { codes in rows.map { codes[Int($0)] } } ?? rows,
            rowCount: rows.count)
    }

    /// The same rows with other text for each value: `bytes` and `ends` hold as many values as this column has.
    public func replacingValues(bytes: [UInt8], ends: [Int]) -> Column {
        precondition(ends.count == valueCount, "BUG: a column keeps its number of values")
        return Column(bytes: KeptBytes(bytes), ends: ends, codes: codes, rowCount: rowCount)
    }

    /// The same rows; values that hold `byte`, which are few, are replaced by what `rewrite` makes of them. The values are text.
    ///
    /// - Parameters:
    ///   - keeps: whether a value that has a literal in it when it is rewritten had it before, or hid it.
    ///   - hides: whether a value with the byte may have a literal in it when it is rewritten that it had not before.
    public func rewritingValues(
        with byte: UInt8, keeps: @escaping (ByteView) -> Bool,
        hides: @escaping (ByteView) -> Bool,
        _ rewrite: @escaping (ByteView, inout ByteWriter) -> Void
    ) -> Column {
        precondition(encoded == nil, "BUG: values to rewrite are no text")
        let values = bytes.withView { valuesHolding(byte, $0) }
        if values.isEmpty { return self }
        let rewriting = RewrittenTexts.Rewriting(
            keeps: keeps, hides: hides, rewrite: rewrite)
        return replacingValues(
            RewrittenTexts(
                Column(bytes: bytes, ends: ends, codes: nil, rowCount: ends.count), values,
                rewriting))
    }

    /// The values that `byte` stands in; `view` has all of them.
    private func valuesHolding(_ byte: UInt8, _ view: ByteView) -> Bitmap {
        var found = Bitmap(count: ends.count)
        var number = 0
        var position = 0
        while let hit = view.dropFirst(position).firstIndex(of: byte) {
            while ends[number] <= position + hit { number += 1 }
            found[number] = true
            position = ends[number]
        }
        return found
    }

    /// The same rows with other values, as many as this column has.
    public func replacingValues(_ values: EncodedValues) -> Column {
        precondition(values.count == valueCount, "BUG: a column keeps its number of values")
        return Column(bytes: .none, ends: [], encoded: values, codes: codes, rowCount: rowCount)
    }

    private init(
        bytes: KeptBytes, ends: [Int], encoded: EncodedValues? = nil, codes: [UInt32]?,
        rowCount: Int
    ) {
        self.bytes = bytes
        self.ends = ends
        self.encoded = encoded
        self.codes = codes
        self.rowCount = rowCount
        self.valueCount = encoded?.count ?? ends.count
    }

    /// The bytes that may occur in values.
    public var alphabet: ByteSet {
        encoded?.alphabet ?? bytes.withView { ByteSet($0) }
    }
}

// MARK: Rows and their values

extension Column {
    /// The numbers of the values that `rows` have.
    public func values(of rows: Bitmap) -> Bitmap {
        if isConstant { return Bitmap(count: 1, all: !rows.isEmpty) }
        guard let codes else { return rows }
        if rows.isFull { return Bitmap(count: valueCount, all: true) }
        var values = Bitmap(count: valueCount)
        rows.visit { values[Int(codes[$0])] = true }
        return values
    }

    /// Makes ready what the values of `rows` need: see `EncodedValues.prepare`.
    public func prepare(rows: Bitmap) throws {
        if let encoded { try encoded.prepare(values(of: rows)) }
    }

    /// Makes ready what the values `numbers` need.
    public func prepareValues(_ numbers: Bitmap) throws { try encoded?.prepare(numbers) }

    /// The rows of `candidates` whose value meets the condition. Each value is looked at once, and not at all when none of
    /// `candidates` has it.
    public func rows(matching matcher: ValueMatcher, within candidates: Bitmap) throws -> Bitmap {
        let found = try values(matching: matcher, within: values(of: candidates))
        if isConstant { return found[0] ? candidates : Bitmap(count: candidates.count) }
        guard let codes else { return found }
        if found.isEmpty { return Bitmap(count: candidates.count) }
        var isFound = [Bool](repeating: false, count: valueCount)
        found.visit { isFound[$0] = true }
        return isFound.withUnsafeBufferPointer { isFound in
            codes.withUnsafeBufferPointer { codes in
                candidates.filter { isFound[Int(codes[$0])] }
            }
        }
    }

    /// The values among `candidates` that meet the condition.
    public func values(matching matcher: ValueMatcher, within candidates: Bitmap) throws -> Bitmap {
        if let encoded {
            if let found = try encoded.matching(matcher, within: candidates) { return found }
            try encoded.prepare(candidates)
            return candidates.filter { number in
                encoded.withValue(number) { matcher.matches($0) }
            }
        }
        return bytes.withView { view in
            let literals = matcher.literals
            if literals.count == 1, candidates.isFull, ends.count >= Self.searchedTogetherMin {
                return literals[0].withView { search(view, for: $0, matcher) }
            }
            return candidates.filter { number in
                let start = number == 0 ? 0 : ends[number - 1]
                return matcher.matches(ByteView(view.start + start, ends[number] - start))
            }
        }
    }

    /// Fewer values than this are not worth searching all their bytes in one go.
    private static let searchedTogetherMin = 16

    /// The values that hold `literal` and meet the condition: all bytes are searched at once, and few values are looked at.
    private func search(_ view: ByteView, for literal: ByteView, _ matcher: ValueMatcher) -> Bitmap
    {
        var found = Bitmap(count: ends.count)
        var number = 0
        var position = 0
        while let hit = view.firstIndex(of: literal, from: position) {
            // Few values lie between two hits, or there are few hits: a step at a time is no slower than a bisection.
            while ends[number] <= hit, number + 1 < ends.count { number += 1 }
            let start = number == 0 ? 0 : ends[number - 1]
            if matcher.matches(ByteView(view.start + start, ends[number] - start)) {
                found[number] = true
            }
            position = max(ends[number], hit + 1)
        }
        return found
    }
}
