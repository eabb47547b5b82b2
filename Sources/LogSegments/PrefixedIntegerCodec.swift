internal import LogBytes
internal import LogQuery

/// Whole numbers behind one text, such as `user_75342`, with a few other values among them, such as `anonymous`.
///
///     varint, bytes   the text
///     integers        the number of each row, in its one spelling behind the text, `IntegerPacking`; another value has that of
///                     the row before it
///     varint          o, the number of other values
///     o × varint      rows since the other value before, or since the first row
///     o × varint, bytes
struct PrefixedIntegerCodec: ColumnCodec {
    let id: UInt8 = 10
    let name = "prefixed integer"

    /// Rows whose value shows the text; the first one may be one of the few others.
    private static let leadingRows = 8
    /// One of so many rows may have another value.
    private static let othersShare = 16

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let prefix = Self.prefix(column) else { return false }
        var values = Vector<Int64>(capacity: column.count)
        var others: [Int] = []
        var latest: Int64 = 0
        for row in 0..<column.count {
            if let number = Self.number(column.value(row), behind: prefix) {
                latest = number
            } else {
                others.append(row)
                let isFew =
                    others.count <= Self.leadingRows + row / Self.othersShare
                    && others.count <= column.count / Self.othersShare
                guard isFew else { return false }
            }
            values.append(latest)
        }
        out.append(lengthPrefixed: prefix)
        IntegerPacking.encode(values.buffer, into: &out)
        out.append(length: others.count)
        var previous = 0
        for row in others {
            out.append(length: row - previous)
            previous = row
        }
        for row in others { out.append(lengthPrefixed: column.value(row)) }
        return true
    }

    /// What stands before the digits that the first values end in.
    private static func prefix(_ column: ColumnBuffer) -> ByteView? {
        for row in 0..<min(column.count, leadingRows) {
            let value = column.value(row)
            var length = value.count
            while length > 0, ASCII.isDigit(value[length - 1]) { length -= 1 }
            if length > 0, length < value.count { return value.prefix(length) }
        }
        return nil
    }

    @inline(__always)
    private static func number(_ value: ByteView, behind prefix: ByteView) -> Int64? {
        guard value.count > prefix.count,
            value.prefix(prefix.count).hasSameBytes(as: prefix),
            let number = PlainDecimal(readable: value.dropFirst(prefix.count)),
            number.fractionDigits == 0
        else { return nil }
        return number.mantissa
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let prefix = Array(try reader.lengthPrefixed("text before a number"))
        let values = try IntegerPacking.decode(&reader, count: count)
        let numbers = NumberValues(
            before: prefix, mantissas: values, spelling: .plain(fractions: .all(0)))
        var rows: [Int] = []
        var row = 0
        for _ in 0..<(try reader.length(atMost: count, "number of other values")) {
            row += try reader.length(atMost: count - 1 - row, "row of another value")
            rows.append(row)
        }
        if rows.isEmpty { return .encoded(numbers) }
        var others: [[UInt8]] = []
        for _ in rows { others.append(Array(try reader.lengthPrefixed("another value"))) }
        return .encoded(NumbersAndOthers(numbers, others: others, rows: rows))
    }
}

/// Numbers, and a few other values among them.
private final class NumbersAndOthers: StoredValues {
    private let numbers: NumberValues
    private let others: [[UInt8]]
    private let isOther: Bitmap
    /// For each row with another value which one.
    private let otherOfRow: [Int: Int]

    /// - Parameter rows: those with other values, ascending.
    init(_ numbers: NumberValues, others: [[UInt8]], rows: [Int]) {
        self.numbers = numbers
        self.others = others
        var isOther = Bitmap(count: numbers.count)
        var otherOfRow: [Int: Int] = [:]
        for (number, row) in rows.enumerated() {
            isOther[row] = true
            otherOfRow[row] = number
        }
        self.isOther = isOther
        self.otherOfRow = otherOfRow
        super.init(count: numbers.count)
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        if isOther[number], let other = otherOfRow[number] {
            others[other].withView { out.append($0) }
        } else {
            numbers.append(number, into: &out)
        }
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        if let nothing = nothing(matcher) { return nothing }
        if matcher.onlyTexts != nil, var found = try numbers.matching(matcher, within: candidates) {
            for (row, number) in otherOfRow where candidates[row] {
                found[row] = others[number].withView { matcher.matches($0) }
            }
            return found
        }
        return try asText().values(matching: matcher, within: candidates)
    }

    override var alphabet: ByteSet {
        others.reduce(into: numbers.alphabet) { alphabet, other in
            other.withView { alphabet.formUnion(ByteSet($0)) }
        }
    }
}
