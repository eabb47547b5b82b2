internal import CLogKernels
internal import LogBytes
internal import LogQuery

/// Numbers with the same text before and behind: `user_75342`, `172`, `12.5ms`, `0x…` not.
///
///     varint, bytes   the text before
///     varint, bytes   the text behind
///     byte            digits of each number, leading zeros counted; 0: numbers in their one spelling, with or without a point
///     where digits is 0:
///     …               digits behind the point of each row, `CodeStream`
///     where it occurs, for 0 to 18 digits behind the point:
///     …               the numbers without their point, `EntropyIntegers`
struct AffixNumberCodec: ColumnCodec {
    let id: UInt8 = 23
    let name = "number"

    private static let fractionsMax = 19

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater else { return false }
        let affixes = Affixes(column)
        let width = column.value(0).count - affixes.count
        guard width > 0 else { return false }
        let start = out.count
        out.append(lengthPrefixed: column.value(0).prefix(affixes.before))
        out.append(
            lengthPrefixed: column.value(0).dropFirst(column.value(0).count - affixes.behind))
        let head = out.count
        out.append(UInt8(0))
        if appendDecimals(column, affixes, deflater, into: &out) { return true }
        out.truncate(head)
        guard width <= 18 else { return false }
        out.append(UInt8(width))
        if appendDigits(column, affixes, width: width, into: &out) { return true }
        out.truncate(start)
        return false
    }

    private func appendDecimals(
        _ column: ColumnBuffer, _ affixes: Affixes, _ deflater: Deflater,
        into out: inout ByteWriter
    ) -> Bool {
        var mantissas = Vector<Int64>(capacity: column.count)
        var fractions: [Int64] = []
        fractions.reserveCapacity(column.count)
        var counts = [Int](repeating: 0, count: Self.fractionsMax)
        for row in 0..<column.count {
            guard let middle = affixes.middle(column.value(row)), let number = PlainDecimal(middle)
            else { return false }
            mantissas.append(number.mantissa)
            fractions.append(Int64(number.fractionDigits))
            counts[number.fractionDigits] += 1
        }
        CodeStream.append(fractions, limit: Self.fractionsMax, deflater, into: &out)
        var group = Vector<Int64>(capacity: column.count)
        for fraction in 0..<Self.fractionsMax where counts[fraction] > 0 {
            group.removeAll()
            for row in 0..<column.count where fractions[row] == Int64(fraction) {
                group.append(mantissas[row])
            }
            EntropyIntegers.encode(group.buffer, into: &out)
        }
        return true
    }

    private func appendDigits(
        _ column: ColumnBuffer, _ affixes: Affixes, width: Int, into out: inout ByteWriter
    ) -> Bool {
        var numbers = Vector<Int64>(capacity: column.count)
        for row in 0..<column.count {
            guard let middle = affixes.middle(column.value(row)), middle.count == width else {
                return false
            }
            var number: Int64 = 0
            for index in 0..<width {
                guard ASCII.isDigit(middle[index]) else { return false }
                number = number * 10 + Int64(middle[index] - ASCII.zero)
            }
            numbers.append(number)
        }
        EntropyIntegers.encode(numbers.buffer, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let before = try reader.lengthPrefixed("text before a number")
        let behind = try reader.lengthPrefixed("text behind a number")
        let width = Int(try reader.fixed(UInt8.self, "digits of a number"))
        if width > 0 {
            let numbers = try EntropyIntegers.decode(&reader, count: count)
            let limit = width <= 18 ? PlainDecimal.powersOfTen[width] : 0
            guard numbers.allSatisfy({ $0 >= 0 && $0 < limit }) else {
                throw reader.malformed("number")
            }
            return .encoded(
                NumberValues(
                    before: Array(before), behind: Array(behind), mantissas: numbers,
                    spelling: .padded(digits: width)))
        }
        if let only = try CodeStream.readConstant(&reader, limit: Self.fractionsMax) {
            return .encoded(
                NumberValues(
                    before: Array(before), behind: Array(behind),
                    mantissas: try EntropyIntegers.decode(&reader, count: count),
                    spelling: .plain(fractions: .all(Int(only)))))
        }
        let fractions = try CodeStream.read(&reader, count: count, limit: Self.fractionsMax)
        var sizes = [Int](repeating: 0, count: Self.fractionsMax)
        fractions.withUnsafeBufferPointer { fractions in
            sizes.withUnsafeMutableBufferPointer { sizes in
                guard let codes = fractions.baseAddress, let counts = sizes.baseAddress else {
                    return
                }
                weir_count_codes(codes, fractions.count, sizes.count, counts)
            }
        }
        // All groups one behind the other; each row takes the next of its group.
        var values: [Int64] = []
        values.reserveCapacity(count)
        var next: [Int] = []
        for size in sizes {
            next.append(values.count)
            if size > 0 { values += try EntropyIntegers.decode(&reader, count: size) }
        }
        var digits = [UInt8](repeating: 0, count: count)
        let mantissas = [Int64](unsafeUninitializedCapacity: count) { out, filled in
            if let out = out.baseAddress {
                weir_interleave(values, &next, fractions, count, out, &digits)
            }
            filled = count
        }
        return .encoded(
            NumberValues(
                before: Array(before), behind: Array(behind), mantissas: mantissas,
                spelling: .plain(fractions: .each(digits))))
    }

    var tellsAlphabet: Bool { true }

    func alphabet(_ bytes: ByteView) -> ByteSet? {
        var reader = ByteReader(bytes)
        guard let before = try? reader.lengthPrefixed("text before a number"),
            let behind = try? reader.lengthPrefixed("text behind a number")
        else { return nil }
        var alphabet = PlainDecimal.alphabet
        alphabet.formUnion(ByteSet(before))
        alphabet.formUnion(ByteSet(behind))
        return alphabet
    }
}

/// The text that all values of a column begin and end with, up to the digits between.
private struct Affixes {
    let before: Int
    let behind: Int

    var count: Int { before + behind }

    init(_ column: ColumnBuffer) {
        let first = column.value(0)
        var before = 0
        // The first value's text up to its last run of digits: numbers differ there, if anywhere.
        var behind = 0
        while behind < first.count, !ASCII.isDigit(first[first.count - 1 - behind]) { behind += 1 }
        var start = first.count - behind
        while start > 0, ASCII.isDigit(first[start - 1]) || first[start - 1] == ASCII.dot {
            start -= 1
        }
        if start > 0, first[start - 1] == ASCII.minus { start -= 1 }
        before = start
        // A column of whole or decimal numbers has no text around.
        for row in 1..<max(column.count, 1) {
            let value = column.value(row)
            guard value.count > before + behind else {
                before = 0
                behind = 0
                break
            }
            if value.prefix(before) != first.prefix(before)
                || value.dropFirst(value.count - behind) != first.dropFirst(first.count - behind)
            {
                before = 0
                behind = 0
                break
            }
        }
        self.before = before
        self.behind = behind
    }

    /// What stands between; nil when the value is too short.
    func middle(_ value: ByteView) -> ByteView? {
        guard value.count > count else { return nil }
        return value.slice(before..<(value.count - behind))
    }
}
