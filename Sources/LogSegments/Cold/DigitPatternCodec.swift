internal import LogBytes
internal import LogQuery

/// Values of one length that differ in hexadecimal digits only: trace ids, UUIDs, span ids; each digit takes half a byte.
///
///     varint   length l
///     l bytes  what stands at each position: 128 a digit, 129 a digit with upper-case letters, else the byte of all values,
///              below 128
///     …        the digits of all values, two a byte, the first one high, `PackedBytes`
struct DigitPatternCodec: ColumnCodec {
    let id: UInt8 = 24
    let name = "digits"

    private static let digit: UInt8 = 128
    private static let upperDigit: UInt8 = 129
    /// Shorter values are as well off otherwise; longer ones do not occur.
    private static let lengths = 4...256

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let deflater = context.deflater, let pattern = Self.pattern(column) else {
            return false
        }
        out.append(length: pattern.count)
        for mark in pattern { out.append(mark) }
        let positions = pattern.indices.filter { pattern[$0] >= Self.digit }
        var digits = ByteWriter(capacity: column.count * positions.count / 2 + 1)
        var pending: UInt8 = 0
        var isOdd = false
        for row in 0..<column.count {
            let value = column.value(row)
            for position in positions {
                guard let digit = Hex.value(value[position]) else { return false }
                if isOdd { digits.append(pending << 4 | digit) } else { pending = digit }
                isOdd.toggle()
            }
        }
        if isOdd { digits.append(pending << 4) }
        PackedBytes.append(digits.view, deflater, into: &out)
        return true
    }

    /// What stands at each position; nil when the values are of no such kind.
    private static func pattern(_ column: ColumnBuffer) -> [UInt8]? {
        let first = column.value(0)
        guard lengths.contains(first.count), column.bytes.count == first.count * column.count
        else { return nil }
        var isLower = [Bool](repeating: false, count: first.count)
        var isUpper = isLower
        var varies = isLower
        for row in 0..<column.count {
            let value = column.value(row)
            guard value.count == first.count else { return nil }
            for position in 0..<first.count {
                let byte = value[position]
                if byte != first[position] { varies[position] = true }
                if byte > 0x39 {
                    if byte >= 0x61 { isLower[position] = true } else { isUpper[position] = true }
                }
            }
        }
        var pattern: [UInt8] = []
        for position in 0..<first.count {
            if !varies[position] {
                guard first[position] < digit else { return nil }
                pattern.append(first[position])
            } else if isLower[position] && isUpper[position] {
                return nil
            } else {
                pattern.append(isUpper[position] ? upperDigit : digit)
            }
        }
        return pattern.contains { $0 >= digit } ? pattern : nil
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let pattern = Array(try reader.lengthPrefixed("digit pattern"))
        guard pattern.allSatisfy({ $0 <= Self.upperDigit }) else {
            throw reader.malformed("digit pattern")
        }
        let digitCount = pattern.reduce(0) { $0 + ($1 >= Self.digit ? 1 : 0) }
        let digits = try PackedBytes.read(&reader, "digits")
        guard digits.count == (digitCount * count + 1) / 2 else { throw reader.malformed("digits") }
        let positions = pattern.map { mark -> DigitValues.Position in
            mark < Self.digit ? .byte(mark) : mark == Self.digit ? .digit : .upperDigit
        }
        return .encoded(DigitValues(count: count, positions: positions, packed: digits))
    }
}
