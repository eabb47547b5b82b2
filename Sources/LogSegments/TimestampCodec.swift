internal import LogBytes
internal import LogQuery
internal import LogRecords

/// The text of the records' own times: nothing is stored but the spelling, since the times are in the block already.
///
///     byte   digits of the fraction, 0 to 9
///     byte   what stands between date and time
///     bytes  the zone's text, which means UTC
struct TimestampCodec: ColumnCodec {
    let id: UInt8 = 8
    let name = "timestamp"

    /// `2025-01-18T12:00:00`.
    private static let prefixBytes = 19
    private static let utcZones: [ByteView] = [
        ByteView("Z"), ByteView("+00:00"), ByteView("+0000"), ByteView(" UTC"), ByteView(" GMT"),
    ]

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        guard let times = context.times, let spelling = Spelling(column.value(0)) else {
            return false
        }
        var scratch = ByteWriter(capacity: 64)
        for index in 0..<column.count {
            scratch.removeAll()
            spelling.append(times[index], into: &scratch)
            guard scratch.view == column.value(index) else { return false }
        }
        out.append(UInt8(spelling.digits))
        out.append(spelling.separator)
        out.append(ByteView(spelling.zone.start, spelling.zone.count))
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let digits = Int(try reader.fixed(UInt8.self, "fraction digits"))
        let separator = try reader.fixed(UInt8.self, "date separator")
        let zone = try reader.bytes(reader.remaining, "zone")
        guard digits <= 9 else { throw reader.malformed("fraction digits") }
        let spelling = Spelling(digits: digits, separator: separator, zone: zone)
        let times = try context.times()
        guard times.count == count else { throw reader.malformed("rows of a timestamp column") }
        return ColumnText.render(count: count) { index, out in
            spelling.append(times[index], into: &out)
        }
    }

    private struct Spelling {
        let digits: Int
        let separator: UInt8
        let zone: ByteView

        init(digits: Int, separator: UInt8, zone: ByteView) {
            self.digits = digits
            self.separator = separator
            self.zone = zone
        }

        init?(_ text: ByteView) {
            guard text.count > prefixBytes else { return nil }
            var index = prefixBytes
            if text[index] == ASCII.dot {
                index += 1
                while index < text.count, ASCII.isDigit(text[index]) { index += 1 }
            }
            digits = max(index - prefixBytes - 1, 0)
            separator = text[10]
            zone = text.dropFirst(index)
            guard digits <= 9, utcZones.contains(zone) else { return nil }
        }

        func append(_ time: Int64, into out: inout ByteWriter) {
            let start = out.count
            Timestamp.append(time, digits: digits, into: &out)
            out.truncate(out.count - 1)
            out.base[start + 10] = separator
            out.append(zone)
        }
    }
}
