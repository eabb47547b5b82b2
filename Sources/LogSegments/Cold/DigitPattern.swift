internal import LogBytes

/// What values of one length have in common that differ in hexadecimal digits only: trace ids, UUIDs, span ids.
///
///     varint   length l
///     l bytes  what stands at each position: 128 a digit, 129 a digit with upper-case letters, else the byte of all values,
///              below 128
struct DigitPattern {
    /// What stands at each position.
    let positions: [DigitValues.Position]
    /// The number of positions that are digits.
    let digitCount: Int

    private static let digit: UInt8 = 128
    private static let upperDigit: UInt8 = 129
    /// Shorter values are as well off otherwise; longer ones do not occur.
    private static let lengths = 4...256

    private init(marks: some Sequence<UInt8>) {
        positions = marks.map { mark in
            mark < Self.digit ? .byte(mark) : mark == Self.digit ? .digit : .upperDigit
        }
        digitCount = DigitValues.digitCount(positions)
    }

    /// The pattern of the values of `column`; nil when they are of no such kind.
    init?(_ column: ColumnBuffer) {
        let first = column.value(0)
        guard Self.lengths.contains(first.count), column.bytes.count == first.count * column.count
        else { return nil }
        var isLower = [Bool](repeating: false, count: first.count)
        var isUpper = isLower
        var varies = isLower
        for row in 0..<column.count {
            let value = column.value(row)
            guard value.count == first.count else { return nil }
            for position in 0..<first.count {
                let byte = value[position]
                if byte != first[position] { varies[position] = true }
                if byte > 0x39 {
                    if byte >= 0x61 { isLower[position] = true } else { isUpper[position] = true }
                }
            }
        }
        var marks: [UInt8] = []
        for position in 0..<first.count {
            if !varies[position] {
                guard first[position] < Self.digit else { return nil }
                marks.append(first[position])
            } else if isLower[position] && isUpper[position] {
                return nil
            } else {
                marks.append(isUpper[position] ? Self.upperDigit : Self.digit)
            }
        }
        self.init(marks: marks)
        guard digitCount > 0 else { return nil }
    }

    private init(_ positions: [DigitValues.Position]) {
        self.positions = positions
        digitCount = DigitValues.digitCount(positions)
    }

    /// The pattern with an even number of digits: a decimal digit that all values share, as the version of a UUID, counts as one
    /// that varies. Nil where there is none.
    var even: DigitPattern? {
        if digitCount % 2 == 0 { return self }
        var positions = positions
        let shared = positions.firstIndex { position in
            if case .byte(let byte) = position { ASCII.isDigit(byte) } else { false }
        }
        guard let shared else { return nil }
        positions[shared] = .digit
        return DigitPattern(positions)
    }

    /// Reads a pattern.
    init(_ reader: inout ByteReader) throws(MalformedBytes) {
        let marks = Array(try reader.lengthPrefixed("digit pattern"))
        guard marks.allSatisfy({ $0 <= Self.upperDigit }) else {
            throw reader.malformed("digit pattern")
        }
        self.init(marks: marks)
    }

    /// Appends the pattern.
    func append(into out: inout ByteWriter) {
        out.append(length: positions.count)
        for position in positions {
            switch position {
            case .byte(let byte): out.append(byte)
            case .digit: out.append(Self.digit)
            case .upperDigit: out.append(Self.upperDigit)
            }
        }
    }

    /// Appends the digits of `value`, two a byte, the first one high, which begin with the low half of a byte when `pending` is one;
    /// false when it is not of this pattern. The caller starts with nil and writes what is pending at the end.
    func append(_ value: ByteView, pending: inout UInt8?, into out: inout ByteWriter) -> Bool {
        guard value.count == positions.count else { return false }
        for (index, position) in positions.enumerated() {
            let byte = value[index]
            if case .byte(let wanted) = position {
                guard byte == wanted else { return false }
                continue
            }
            guard let digit = Hex.value(byte),
                digit < 10 || (byte & 0x20 == 0) == (position == .upperDigit)
            else { return false }
            if let high = pending {
                out.append(high << 4 | digit)
                pending = nil
            } else {
                pending = digit
            }
        }
        return true
    }
}
