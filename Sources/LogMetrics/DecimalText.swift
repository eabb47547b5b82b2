public import CLogKernels
public import LogBytes
internal import LogRecords

/// The numbers that nearly all durations are: up to 15 digits with or without a point. Everything else goes to `NumberText`.
public enum DecimalText {
    /// Powers of ten, which a Double holds exactly: dividing by one of them rounds once.
    @inlinable @inline(__always)
    static func power(_ exponent: Int) -> Double {
        switch exponent {
        case 0: 1
        case 1: 1e1
        case 2: 1e2
        case 3: 1e3
        case 4: 1e4
        case 5: 1e5
        case 6: 1e6
        case 7: 1e7
        case 8: 1e8
        case 9: 1e9
        case 10: 1e10
        case 11: 1e11
        case 12: 1e12
        case 13: 1e13
        default: 1e14
        }
    }

    /// As `double(_:)`, for a text of which eight bytes may be loaded, however short it is.
    @inlinable @inline(__always)
    public static func double(readable text: ByteView) -> Double {
        var value: Double = 0
        if weir_short_decimal(text.start, text.count, &value) != 0 { return value }
        return weir_long_decimal(text.start, text.count, &value) != 0 ? value : double(text)
    }

    /// The value of `text`, correctly rounded up to 15 digits; NaN when it is no number.
    @inlinable @inline(__always)
    public static func double(_ text: ByteView) -> Double {
        guard text.count > 0, text.count <= 15 else { return slow(text) }
        var mantissa: UInt64 = 0
        var point = -1
        for index in 0..<text.count {
            let digit = text[index] &- ASCII.zero
            if digit <= 9 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
            } else if text[index] == ASCII.dot, point < 0, index > 0 {
                point = index
            } else {
                return slow(text)
            }
        }
        if point < 0 { return Double(mantissa) }
        return Double(mantissa) / power(text.count - 1 - point)
    }

    @usableFromInline
    static func slow(_ text: ByteView) -> Double { NumberText.double(text) ?? .nan }
}
