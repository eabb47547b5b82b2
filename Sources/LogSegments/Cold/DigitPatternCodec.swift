internal import LogBytes
internal import LogQuery

/// Identifiers such as trace ids, UUIDs and span ids; each digit takes half a byte.
///
///     …        the pattern, `DigitPattern`
///     …        the digits of all values, two a byte, the first one high, `PackedBytes`
struct DigitPatternCodec: ColumnCodec {
    let id: UInt8 = 24
    let name = "digits"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater, let pattern = DigitPattern(column) else {
            return false
        }
        pattern.append(into: &out)
        var digits = ByteWriter(capacity: column.count * pattern.digitCount / 2 + 1)
        var pending: UInt8?
        for row in 0..<column.count {
            guard pattern.append(column.value(row), pending: &pending, into: &digits) else {
                return false
            }
        }
        if let pending { digits.append(pending << 4) }
        PackedBytes.append(digits.view, deflater, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let pattern = try DigitPattern(&reader)
        let digits = try PackedBytes.read(&reader, "digits")
        guard digits.count == (pattern.digitCount * count + 1) / 2 else {
            throw reader.malformed("digits")
        }
        return .encoded(DigitValues(count: count, positions: pattern.positions, packed: digits))
    }
}
