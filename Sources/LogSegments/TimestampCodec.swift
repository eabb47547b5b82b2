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
        var minute = MinuteText(spelling)
        for index in 0..<column.count {
            guard minute.spells(times[index], column.value(index)) else { return false }
        }
        out.append(UInt8(spelling.digits))
        out.append(spelling.separator)
        spelling.zone.withView { out.append($0) }
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let digits = Int(try reader.fixed(UInt8.self, "fraction digits"))
        let separator = try reader.fixed(UInt8.self, "date separator")
        let zone = Array(try reader.bytes(reader.remaining, "zone"))
        guard digits <= 9 else { throw reader.malformed("fraction digits") }
        let spelling = Spelling(digits: digits, separator: separator, zone: zone)
        let times = try context.times()
        guard times.count == count else { throw reader.malformed("rows of a timestamp column") }
        return .encoded(
            TimeValues(times, alphabet: spelling.alphabet) { _, time, out in
                spelling.append(time, into: &out)
            })
    }

    var tellsAlphabet: Bool { true }

    func alphabet(_ bytes: ByteView) -> ByteSet? {
        guard bytes.count >= 2 else { return nil }
        return Spelling(digits: 0, separator: bytes[1], zone: Array(bytes.dropFirst(2))).alphabet
    }

    private struct Spelling {
        let digits: Int
        let separator: UInt8
        let zone: [UInt8]

        var alphabet: ByteSet {
            var alphabet = ByteSet(ByteView("0123456789-:.TZ"))
            alphabet.insert(separator)
            zone.withView { alphabet.formUnion(ByteSet($0)) }
            return alphabet
        }

        init(digits: Int, separator: UInt8, zone: [UInt8]) {
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
            zone = Array(text.dropFirst(index))
            guard digits <= 9, utcZones.contains(text.dropFirst(index)) else { return nil }
        }

        func append(_ time: Int64, into out: inout ByteWriter) {
            let start = out.count
            Timestamp.append(time, digits: digits, into: &out)
            out.truncate(out.count - 1)
            out.base[start + 10] = separator
            zone.withView { out.append($0) }
        }
    }

    /// Holds texts against times; what stands before the seconds is written once a minute.
    private struct MinuteText: ~Copyable {
        private let spelling: Spelling
        private var minute = Int64.min
        private var text = ByteWriter(capacity: 64)
        private let count: Int
        /// What one unit of the last digit is, nanoseconds.
        private let unit: Int64

        /// `2025-01-18T12:00:`.
        private static let headBytes = 17
        private static let length = 60 * Timestamp.second

        init(_ spelling: Spelling) {
            self.spelling = spelling
            count =
                prefixBytes + (spelling.digits > 0 ? spelling.digits + 1 : 0) + spelling.zone.count
            unit = PlainDecimal.powersOfTen[9 - spelling.digits]
        }

        /// Whether `value` is how `time` is spelled.
        mutating func spells(_ time: Int64, _ value: ByteView) -> Bool {
            guard value.count == count, time >= 0 else { return false }
            let inMinute = time % Self.length
            if time - inMinute != minute {
                minute = time - inMinute
                text.removeAll()
                spelling.append(minute, into: &text)
            }
            guard value.prefix(Self.headBytes) == text.view.prefix(Self.headBytes) else {
                return false
            }
            var number: Int64 = 0
            for index in Self.headBytes..<count - spelling.zone.count {
                let byte = value[index]
                if index == prefixBytes {
                    guard byte == ASCII.dot else { return false }
                    continue
                }
                guard ASCII.isDigit(byte) else { return false }
                number = number &* 10 &+ Int64(byte &- ASCII.zero)
            }
            return number == inMinute / unit && spelling.zone.withView { value.hasSuffix($0) }
        }
    }
}
