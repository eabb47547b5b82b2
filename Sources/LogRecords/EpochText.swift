public import LogBytes

/// Times as numbers: seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude.
///
/// Below 1e11 seconds, 1e14 milliseconds, 1e17 microseconds, else nanoseconds. All is decimal: no digit up to the nanosecond is
/// lost, however the number is written (`1737201600.123456789`, `1.7372016e9`).
@usableFromInline
enum EpochText {
    /// More digits than a nanosecond of any time has.
    private static let digitsMax = 19
    /// Longer spellings are no times.
    private static let bytesMax = 64

    @usableFromInline
    static func parse(_ text: ByteView) -> Int64? {
        guard text.count > 0, text.count <= bytesMax, ASCII.isDigit(text[0]),
            let number = decimal(text)
        else { return nil }
        guard number.mantissa > 0 else { return 0 }
        // The digits before the point say the magnitude.
        let whole = number.digits + number.exponent
        let places: Int
        switch whole {
        case ...11: places = 9
        case ...14: places = 6
        case ...17: places = 3
        default: places = 0
        }
        return scaled(number.mantissa, number.exponent + places)
    }

    /// A number as `mantissa × 10^exponent`; the mantissa has `digits` digits.
    private struct Decimal {
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
    }

    private static func decimal(_ text: ByteView) -> Decimal? {
        var number = Decimal()
        var index = 0
        var sawDot = false
        while index < text.count {
            let digit = text[index] &- ASCII.zero
            if digit <= 9 {
                if number.digits < digitsMax {
                    number.mantissa = number.mantissa &* 10 &+ UInt64(digit)
                    if number.mantissa > 0 { number.digits += 1 }
                    if sawDot { number.exponent -= 1 }
                } else if !sawDot {
                    number.exponent += 1
                }
            } else if !sawDot, text[index] == ASCII.dot || text[index] == ASCII.comma {
                sawDot = true
                guard index + 1 < text.count, ASCII.isDigit(text[index + 1]) else { return nil }
            } else {
                break
            }
            index += 1
        }
        if index == text.count { return number }
        guard text[index] | 0x20 == UInt8(ascii: "e"),
            let exponent = NumberText.integer(text.dropFirst(index + 1)), exponent.magnitude < 100
        else { return nil }
        number.exponent += Int(exponent)
        return number
    }

    /// `mantissa × 10^exponent` rounded down, or nil beyond the range.
    private static func scaled(_ mantissa: UInt64, _ exponent: Int) -> Int64? {
        var value = mantissa
        var rest = exponent
        while rest < 0, value > 0 {
            value /= 10
            rest += 1
        }
        while rest > 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            rest -= 1
        }
        return Int64(exactly: value)
    }
}
