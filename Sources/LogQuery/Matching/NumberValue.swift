internal import LogBytes
internal import LogRecords

/// Numbers in the spellings of queries and log lines.
enum NumberValue {
    /// What a spelling says besides the number.
    enum Kind {
        case plain, duration, bytes, time, address
    }

    /// The number that `text` stands for: a decimal (`1_000`, `-1.5e3`), `0x1f 0o17 0b11`, a duration in nanoseconds
    /// (`1h33m`), a size in bytes (`1.5K`, `10KiB`), an RFC 3339 time in nanoseconds, an IPv4 address. Nil for other text.
    static func parse(_ text: ByteView) -> (value: Double, kind: Kind)? {
        guard text.count > 0, text.count <= spellingBytesMax else { return nil }
        if let value = NumberText.double(text) { return (value, .plain) }
        let first = text[0]
        guard
            ASCII.isDigit(first) || first == ASCII.minus || first == ASCII.plus
                || first == ASCII.dot
        else { return nil }
        if let value = radix(text) { return (value, .plain) }
        if let nanoseconds = DurationText.nanoseconds(text) { return (nanoseconds, .duration) }
        if let size = size(text) { return (size, .bytes) }
        if let value = underscored(text) { return (value, .plain) }
        if text.count >= 19, text[4] == ASCII.minus, let time = Timestamp.parse(text) {
            return (Double(time), .time)
        }
        return address(text).map { (Double($0), .address) }
    }

    /// The operand of a comparison: as `parse`, and also `inf`.
    static func operand(_ text: String) -> (value: Double, kind: Kind)? {
        switch text.lowercased() {
        case "inf", "+inf": (.infinity, .plain)
        case "-inf": (-.infinity, .plain)
        default: text.withView { parse($0) }
        }
    }

    /// The longest spelling of a number that is worth reading.
    private static let spellingBytesMax = 400

    private static func radix(_ text: ByteView) -> Double? {
        let sign = text[0] == ASCII.minus || text[0] == ASCII.plus ? 1 : 0
        guard text.count > sign + 2, text[sign] == ASCII.zero else { return nil }
        let radix: UInt64
        switch text[sign + 1] | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return nil
        }
        var value: UInt64 = 0
        for index in (sign + 2)..<text.count where text[index] != UInt8(ascii: "_") {
            guard let digit = Hex.value(text[index]), UInt64(digit) < radix,
                value <= (UInt64.max >> 4)
            else { return nil }
            value = value * radix + UInt64(digit)
        }
        return text[0] == ASCII.minus ? -Double(value) : Double(value)
    }

    private static func underscored(_ text: ByteView) -> Double? {
        let mark = UInt8(ascii: "_")
        guard text.firstIndex(of: mark) != nil else { return nil }
        var plain = ByteWriter(capacity: text.count)
        for index in 0..<text.count {
            if text[index] != mark {
                plain.append(text[index])
            } else if index == 0 || index + 1 == text.count || !ASCII.isDigit(text[index - 1])
                || !ASCII.isDigit(text[index + 1])
            {
                return nil
            }
        }
        return NumberText.double(plain.view)
    }

    /// A size: numbers with the suffixes `B K KB Ki KiB M … T`, combinable as `1KiB200B`.
    private static func size(_ text: ByteView) -> Double? {
        Suffixed.sum(text) { suffix in
            var scale = 1.0
            var rest = suffix
            let power: Double
            switch suffix[0] {
            case UInt8(ascii: "B"): return suffix.count == 1 ? 1 : nil
            case UInt8(ascii: "K"): power = 1
            case UInt8(ascii: "M"): power = 2
            case UInt8(ascii: "G"): power = 3
            case UInt8(ascii: "T"): power = 4
            default: return nil
            }
            rest = rest.dropFirst(1)
            var base = 1_000.0
            if rest.count > 0, rest[0] == UInt8(ascii: "i") {
                base = 1_024
                rest = rest.dropFirst(1)
            }
            guard rest.isEmpty || rest == ByteView("B") else { return nil }
            for _ in 0..<Int(power) { scale *= base }
            return scale
        }
    }

    /// The number of a dotted IPv4 address.
    static func address(_ text: ByteView) -> UInt32? {
        var value: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var parts = 0
        for index in 0...text.count {
            if index < text.count, ASCII.isDigit(text[index]) {
                digits += 1
                part = part * 10 + UInt32(text[index] &- ASCII.zero)
                guard digits <= 3 else { return nil }
            } else {
                guard index == text.count || text[index] == ASCII.dot, digits > 0, part <= 255,
                    parts < 4
                else { return nil }
                value = value << 8 | part
                parts += 1
                part = 0
                digits = 0
            }
        }
        return parts == 4 ? value : nil
    }
}

/// Sums such as `1h33m`: numbers, each with a suffix.
enum Suffixed {
    /// The sum of all numbers of `text`, each multiplied by what `scale` makes of its suffix; nil where a suffix is missing
    /// or unknown.
    static func sum(_ text: ByteView, scale: (ByteView) -> Double?) -> Double? {
        let isNegative = text.count > 0 && text[0] == ASCII.minus
        var index = isNegative || (text.count > 0 && text[0] == ASCII.plus) ? 1 : 0
        guard index < text.count else { return nil }
        var total = 0.0
        while index < text.count {
            let start = index
            while index < text.count, ASCII.isDigit(text[index]) || text[index] == ASCII.dot {
                index += 1
            }
            guard index > start, let number = NumberText.double(text.slice(start..<index)) else {
                return nil
            }
            let suffixStart = index
            while index < text.count, !ASCII.isDigit(text[index]), text[index] != ASCII.dot {
                index += 1
            }
            guard index > suffixStart, let factor = scale(text.slice(suffixStart..<index)) else {
                return nil
            }
            total += number * factor
        }
        return isNegative ? -total : total
    }
}

/// Durations such as `1h33m55s`.
enum DurationText {
    /// The nanoseconds of a duration, or nil. Units: `ns µs us ms s m h d w y` (365 days).
    static func nanoseconds(_ text: ByteView) -> Double? {
        Suffixed.sum(text) { unit in
            switch unit.count {
            case 1:
                switch unit[0] {
                case UInt8(ascii: "s"): 1e9
                case UInt8(ascii: "m"): 60e9
                case UInt8(ascii: "h"): 3_600e9
                case UInt8(ascii: "d"): 86_400e9
                case UInt8(ascii: "w"): 7 * 86_400e9
                case UInt8(ascii: "y"): 365 * 86_400e9
                default: nil
                }
            default:
                if unit == ByteView("ms") {
                    1e6
                } else if unit == ByteView("ns") {
                    1
                } else if unit == ByteView("us") || unit == ByteView("µs")
                    || unit == ByteView("μs")
                {
                    1e3
                } else {
                    nil
                }
            }
        }
    }
}
