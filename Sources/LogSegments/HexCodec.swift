internal import LogBytes
internal import LogQuery

/// Lower-case hexadecimal of one even length, such as trace ids: two digits a byte.
///
///     varint   bytes a value
///     bytes    the values
struct HexCodec: ColumnCodec {
    let id: UInt8 = 7
    let name = "hex"

    /// Shorter ones are as well off in a dictionary or plain.
    private static let digitsMin = 8

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        let digits = column.value(0).count
        guard digits >= Self.digitsMin, digits % 2 == 0,
            column.bytes.count == digits * column.count
        else { return false }
        var previous: UInt32 = 0
        for end in column.ends.buffer {
            guard Int(end - previous) == digits else { return false }
            previous = end
        }
        out.append(length: digits / 2)
        return Hex.unpack(column.bytes.view, into: &out)
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let width = try reader.length(atMost: reader.remaining, "hex width")
        let packed = try reader.bytes(width * count, "hex values")
        return .encoded(
            DigitValues(
                count: count, positions: Array(repeating: .digit, count: 2 * width),
                packed: Array(packed)))
    }
}
