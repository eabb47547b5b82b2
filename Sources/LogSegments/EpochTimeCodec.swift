internal import LogBytes
internal import LogQuery

/// The records' own times as numbers since the epoch: nothing is stored but the digits behind the point.
///
///     byte     digits of a nanosecond count that the number leaves out: 9 for seconds, 6, 3, 0
///     …        digits behind the point of each row, `IntegerPacking`
struct EpochTimeCodec: ColumnCodec {
    let id: UInt8 = 9
    let name = "epoch time"

    private static let scales = [9, 6, 3, 0]

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let times = context.times, let first = PlainDecimal(column.value(0)),
            let scale = Self.scales.first(where: { Self.time(first, scale: $0) == times[0] })
        else { return false }
        var fractions = Vector<Int64>(capacity: column.count)
        for row in 0..<column.count {
            guard let number = PlainDecimal(column.value(row)),
                Self.time(number, scale: scale) == times[row]
            else { return false }
            fractions.append(Int64(number.fractionDigits))
        }
        out.append(UInt8(scale))
        IntegerPacking.encode(fractions.buffer, into: &out)
        return true
    }

    /// The time in nanoseconds that `number` says; nil when it is finer than that or out of range.
    private static func time(_ number: PlainDecimal, scale: Int) -> Int64? {
        guard number.fractionDigits <= scale else { return nil }
        let (time, overflow) = number.mantissa.multipliedReportingOverflow(
            by: PlainDecimal.powersOfTen[scale - number.fractionDigits])
        return overflow ? nil : time
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let scale = Int(try reader.fixed(UInt8.self, "unit of time"))
        let fractions = try IntegerPacking.decode(&reader, count: count)
        guard Self.scales.contains(scale),
            fractions.allSatisfy({ $0 >= 0 && $0 <= Int64(scale) })
        else { throw reader.malformed("digits of a time") }
        let times = try context.times()
        guard times.count == count else { throw reader.malformed("rows of a time column") }
        return .encoded(
            TimeValues(times, alphabet: PlainDecimal.alphabet) { row, time, out in
                let fraction = Int(fractions[row])
                PlainDecimal(
                    mantissa: time / PlainDecimal.powersOfTen[scale - fraction],
                    fractionDigits: fraction
                ).append(into: &out)
            })
    }
}
