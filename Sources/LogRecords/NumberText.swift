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

    /// Appends the plain decimal `text` with its point moved `places` to the right (negative: left), exactly.
    ///
    /// Returns false, appending nothing, when `text` is no plain decimal (an exponent, a word).
    public static func appendShifted(
        _ text: ByteView, places: Int, into out: inout ByteWriter
    ) -> Bool {
        var digits: [UInt8] = []
        var pointAt: Int?
        let negative = text.count > 0 && text[0] == ASCII.minus
        for index in (negative ? 1 : 0)..<max(text.count, negative ? 1 : 0) {
            let byte = text[index]
            if byte == ASCII.dot, pointAt == nil {
                pointAt = digits.count
            } else if ASCII.isDigit(byte) {
                digits.append(byte)
            } else {
                return false
            }
        }
        guard !digits.isEmpty, digits.count <= 40 else { return false }
        var point = (pointAt ?? digits.count) + places
        while point > digits.count { digits.append(ASCII.zero) }
        while point < 1 {
            digits.insert(ASCII.zero, at: 0)
            point += 1
        }
        while point > 1, digits[0] == ASCII.zero {
            digits.removeFirst()
            point -= 1
        }
        while digits.count > point, digits.last == ASCII.zero { digits.removeLast() }
        if negative { out.append(ASCII.minus) }
        for (index, digit) in digits.enumerated() {
            if index == point { out.append(ASCII.dot) }
            out.append(digit)
        }
        return true
    }
}
