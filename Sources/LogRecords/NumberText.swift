public import LogBytes

/// Numbers as they stand in log lines.
public enum NumberText {
    /// The value of a whole decimal number that fits 64 bits, in any spelling (`+5`, `007`), or nil.
    @inlinable
    public static func integer(_ text: ByteView) -> Int64? {
        var index = 0
        var negative = false
        if text.count > 0, text[0] == ASCII.minus || text[0] == ASCII.plus {
            negative = text[0] == ASCII.minus
            index = 1
        }
        guard index < text.count, text.count - index <= 19 else { return nil }
        var value: UInt64 = 0
        while index < text.count {
            let digit = text[index] &- ASCII.zero
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ UInt64(digit)
            index += 1
        }
        if negative {
            return value <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- value) : nil
        }
        return value < 1 << 63 ? Int64(value) : nil
    }

    /// The value of a decimal number with optional fraction and exponent, or nil. Correctly rounded up to 15 digits, to
    /// one unit in the last place beyond.
    @inlinable
    public static func double(_ text: ByteView) -> Double? {
        if let whole = integer(text) { return Double(whole) }
        return doubleSlow(text)
    }

    @usableFromInline
    static func doubleSlow(_ text: ByteView) -> Double? {
        guard text.count > 0, text.count <= doubleBytesMax else { return nil }
        var index = 0
        let negative = text[0] == ASCII.minus
        if negative || text[0] == ASCII.plus { index = 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var scale = 0
        var sawDigit = false
        var sawDot = false
        while index < text.count {
            let byte = text[index]
            if byte == ASCII.dot, !sawDot {
                sawDot = true
            } else if ASCII.isDigit(byte) {
                sawDigit = true
                if digits < 18 {
                    mantissa = mantissa * 10 + UInt64(byte &- ASCII.zero)
                    if mantissa > 0 { digits += 1 }
                    if sawDot { scale -= 1 }
                } else if !sawDot {
                    scale += 1
                }
            } else {
                break
            }
            index += 1
        }
        guard sawDigit else { return nil }
        if index < text.count {
            guard text[index] | 0x20 == UInt8(ascii: "e"),
                let exponent = integer(text.dropFirst(index + 1)), exponent.magnitude < 10_000
            else { return nil }
            scale += Int(exponent)
        }
        let magnitude = scaled(Double(mantissa), scale)
        return negative ? -magnitude : magnitude
    }

    /// The longest spelling of a number that is worth reading.
    private static let doubleBytesMax = 400

    private static func scaled(_ value: Double, _ scale: Int) -> Double {
        if value == 0 || scale == 0 { return value }
        var rest = abs(scale)
        var result = value
        while rest > 0 {
            let step = min(rest, powersOfTen.count - 1)
            result = scale < 0 ? result / powersOfTen[step] : result * powersOfTen[step]
            rest -= step
        }
        return result
    }

    /// Powers of ten that a Double holds exactly.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// Appends the decimal `text` with its point moved `places` to the right (negative: left), exactly: no zeros in front
    /// but one before the point, none at the end of a fraction, an exponent resolved.
    ///
    /// Returns false, appending nothing, when `text` is no decimal (a word, too long).
    public static func appendShifted(
        _ text: ByteView, places: Int, into out: inout ByteWriter
    ) -> Bool {
        guard let decimal = DecimalDigits(text) else { return false }
        let digits = decimal.digits
        // The point's place among the digits, counted from the first that is not zero.
        let point = decimal.point + places
        guard abs(point) <= shiftedDigitsMax else { return false }
        if decimal.isNegative { out.append(ASCII.minus) }
        if digits.isEmpty || point <= 0 { out.append(ASCII.zero) }
        if digits.isEmpty { return true }
        for place in 0..<max(point, 0) {
            out.append(place < digits.count ? decimal.digit(place) : ASCII.zero)
        }
        guard point < digits.count else { return true }
        out.append(ASCII.dot)
        for _ in min(point, 0)..<0 { out.append(ASCII.zero) }
        for place in max(point, 0)..<digits.count { out.append(decimal.digit(place)) }
        return true
    }

    /// A shifted number has no more digits before its point, nor zeros behind it: exponents do not fill memory.
    private static let shiftedDigitsMax = 60

    /// The significant digits of a decimal, which stay where they are.
    private struct DecimalDigits {
        let text: ByteView
        var isNegative = false
        /// The numbers of the first and behind the last digit that is not zero, the point not counted.
        var digits = 0..<0
        /// How many of the significant digits stand before the point; may be negative.
        var point = 0
        /// Where in the text the point is, and where the digits begin.
        private var pointIndex: Int
        private var start: Int

        init?(_ text: ByteView) {
            self.text = text
            isNegative = text.count > 0 && text[0] == ASCII.minus
            start = isNegative ? 1 : 0
            pointIndex = text.count
            var end = start
            while end < text.count {
                if text[end] == ASCII.dot, pointIndex == text.count {
                    pointIndex = end
                } else if !ASCII.isDigit(text[end]) {
                    break
                }
                end += 1
            }
            let hasPoint = pointIndex < end
            let count = end - start - (hasPoint ? 1 : 0)
            guard count > 0, count <= 40 else { return nil }
            if !hasPoint { pointIndex = end }
            var exponent = 0
            if end < text.count {
                guard text[end] | 0x20 == UInt8(ascii: "e"),
                    let value = NumberText.integer(text.dropFirst(end + 1)), value.magnitude < 100
                else { return nil }
                exponent = Int(value)
            }
            var first = 0
            while first < count, rawDigit(first) == ASCII.zero { first += 1 }
            var last = count
            while last > first, rawDigit(last - 1) == ASCII.zero { last -= 1 }
            digits = 0..<(last - first)
            point = pointIndex - start - first + exponent
            skipped = first
        }

        private var skipped = 0

        private func rawDigit(_ number: Int) -> UInt8 {
            let place = start + number
            return text[place < pointIndex ? place : place + 1]
        }

        /// Significant digit `number`, from 0.
        func digit(_ number: Int) -> UInt8 { rawDigit(skipped + number) }
    }
}
