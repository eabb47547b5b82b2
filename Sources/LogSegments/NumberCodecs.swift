internal import CLogKernels
internal import LogBytes
internal import LogQuery

/// Whole numbers in the one spelling that a number has: no sign but minus, no leading zero, no `-0`.
struct IntegerCodec: ColumnCodec {
    let id: UInt8 = 5
    let name = "integer"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        var values = Vector<Int64>(capacity: column.count)
        for index in 0..<column.count {
            guard let value = PlainDecimal(readable: column.value(index)), value.fractionDigits == 0
            else {
                return false
            }
            values.append(value.mantissa)
        }
        IntegerPacking.encode(values.buffer, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let values = try IntegerPacking.decode(&reader, count: count)
        return .encoded(NumberValues(mantissas: values, spelling: .plain(fractions: .all(0))))
    }

    var tellsAlphabet: Bool { true }
    func alphabet(_ bytes: ByteView) -> ByteSet? { PlainDecimal.alphabet }
}

/// Decimal numbers with a point, such as `0.000123` or `12.50`, with each row's number of digits behind the point.
///
///     integers   digits behind the point, a row each
///     varint     d, the largest of them
///     integers   value · 10^d, a row each
struct DecimalCodec: ColumnCodec {
    let id: UInt8 = 6
    let name = "decimal"

    func encode(
        _ column: ColumnBuffer, _ context: borrowing EncodeContext, into out: inout ByteWriter
    ) -> Bool {
        var mantissas = Vector<Int64>(capacity: column.count)
        var digits = Vector<Int64>(capacity: column.count)
        var digitsMax = 0
        for index in 0..<column.count {
            guard let value = PlainDecimal(readable: column.value(index)) else { return false }
            mantissas.append(value.mantissa)
            digits.append(Int64(value.fractionDigits))
            digitsMax = max(digitsMax, value.fractionDigits)
        }
        for index in 0..<column.count {
            let factor = PlainDecimal.powersOfTen[digitsMax - Int(digits[index])]
            let (product, overflow) = mantissas[index].multipliedReportingOverflow(by: factor)
            guard !overflow else { return false }
            mantissas[index] = product
        }
        IntegerPacking.encode(digits.buffer, into: &out)
        out.append(length: digitsMax)
        IntegerPacking.encode(mantissas.buffer, into: &out)
        return true
    }

    func decode(
        _ reader: inout ByteReader, count: Int, _ context: borrowing DecodeContext
    ) throws -> Column {
        let digits = try IntegerPacking.decode(&reader, count: count)
        let digitsMax = try reader.length(
            atMost: PlainDecimal.powersOfTen.count - 1, "decimal digits")
        let mantissas = try IntegerPacking.decode(&reader, count: count)
        guard digits.allSatisfy({ $0 >= 0 && $0 <= Int64(digitsMax) }) else {
            throw reader.malformed("decimal digits")
        }
        return .encoded(
            NumberValues(
                mantissas: mantissas,
                spelling: .plain(
                    fractions: .shortened(
                        from: digitsMax, to: digits.map { UInt8(truncatingIfNeeded: $0) }))))
    }

    var tellsAlphabet: Bool { true }
    func alphabet(_ bytes: ByteView) -> ByteSet? { PlainDecimal.alphabet }
}

/// A decimal number of at most 18 digits that has just one spelling for its value and its digits behind the point.
struct PlainDecimal {
    /// The number without its point.
    let mantissa: Int64
    /// Digits behind the point; 0 means that there is no point.
    let fractionDigits: Int

    private static let digitsMax = 18

    /// The bytes that numbers are spelled with.
    static let alphabet = ByteSet(ByteView("0123456789-."))

    static let powersOfTen: [Int64] = (0...digitsMax).map { exponent in
        (0..<exponent).reduce(1) { product, _ in product * 10 }
    }

    init(mantissa: Int64, fractionDigits: Int) {
        self.mantissa = mantissa
        self.fractionDigits = fractionDigits
    }

    /// As `init(_:)`, for a text of which eight bytes may be loaded, however short it is.
    @inline(__always)
    init?(readable text: ByteView) {
        var number = weir_decimal()
        guard weir_short_mantissa(text.start, text.count, &number) != 0 else {
            self.init(text)
            return
        }
        let fraction = Int(number.fraction)
        let hasPoint = number.has_point != 0
        let hasZeros = text[0] == ASCII.zero && text.count - (hasPoint ? fraction + 1 : 0) > 1
        if hasZeros || (hasPoint && fraction == 0) { return nil }
        self.init(mantissa: Int64(number.mantissa), fractionDigits: fraction)
    }

    /// The number that `text` spells, or nil when writing it again would not give the same bytes.
    init?(_ text: ByteView) {
        var index = 0
        let negative = text.count > 0 && text[0] == ASCII.minus
        if negative { index = 1 }
        let first = index
        var value: Int64 = 0
        var digits = 0
        var pointAt: Int?
        while index < text.count {
            let byte = text[index]
            if ASCII.isDigit(byte) {
                value = value &* 10 &+ Int64(byte &- ASCII.zero)
                digits += 1
            } else if byte == ASCII.dot, pointAt == nil, index > first {
                pointAt = index
            } else {
                return nil
            }
            index += 1
        }
        guard digits > 0, digits <= Self.digitsMax else { return nil }
        let wholeDigits = (pointAt ?? text.count) - first
        // `007` and `-0` have shorter twins; a point needs digits behind it.
        if text[first] == ASCII.zero, wholeDigits > 1 { return nil }
        if negative, value == 0 { return nil }
        if pointAt == text.count - 1 { return nil }
        mantissa = negative ? -value : value
        fractionDigits = digits - wholeDigits
    }

    /// Appends the spelling.
    func append(into out: inout ByteWriter) {
        let magnitude = mantissa.magnitude
        if mantissa < 0 { out.append(ASCII.minus) }
        guard fractionDigits > 0 else {
            return out.append(digits: magnitude, width: DecimalDigits.count(magnitude))
        }
        let unit = UInt64(Self.powersOfTen[fractionDigits])
        let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: unit)
        out.append(digits: whole, width: DecimalDigits.count(whole))
        out.append(ASCII.dot)
        out.append(digits: fraction, width: fractionDigits)
    }
}
