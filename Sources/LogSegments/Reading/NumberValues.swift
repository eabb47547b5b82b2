internal import LogBytes
internal import LogQuery

/// Numbers with the same text before and behind: `user_75342`, `172`, `12.5ms`.
final class NumberValues: StoredValues {
    /// How a number is spelled.
    enum Spelling {
        /// So many digits, leading zeros counted.
        case padded(digits: Int)
        /// The one spelling of a number with so many digits behind the point, the same for all or one for each.
        case plain(fractions: Fractions)
    }

    /// Digits behind the point.
    enum Fractions {
        case all(Int)
        case each([UInt8])
        /// Mantissas are those of numbers with `from` digits, of which those behind the first `to` are zeros and not written.
        case shortened(from: Int, to: [UInt8])
    }

    private let before: [UInt8]
    private let behind: [UInt8]
    private let mantissas: [Int64]
    private let spelling: Spelling

    /// `mantissas[i]`, spelled as `spelling` says, between `before` and `behind`.
    init(before: [UInt8] = [], behind: [UInt8] = [], mantissas: [Int64], spelling: Spelling) {
        self.before = before
        self.behind = behind
        self.mantissas = mantissas
        self.spelling = spelling
        super.init(count: mantissas.count)
    }

    @inline(__always)
    private func fraction(_ number: Int) -> Int {
        guard case .plain(let fractions) = spelling else { return 0 }
        switch fractions {
        case .all(let digits): return digits
        case .each(let digits), .shortened(_, let digits): return Int(digits[number])
        }
    }

    /// The number that is spelled without its point.
    @inline(__always)
    private func mantissa(_ number: Int) -> Int64 {
        guard case .plain(.shortened(let all, let digits)) = spelling else {
            return mantissas[number]
        }
        let dropped = all - Int(digits[number])
        return dropped == 0
            ? mantissas[number] : mantissas[number] / PlainDecimal.powersOfTen[dropped]
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        before.withView { before in
            behind.withView { behind in append(number, before, behind, into: &out) }
        }
    }

    override func append(
        _ numbers: UnsafeBufferPointer<UInt32>, into out: inout ByteWriter,
        ends: inout Vector<UInt32>
    ) {
        before.withView { before in
            behind.withView { behind in
                for number in numbers {
                    append(Int(number), before, behind, into: &out)
                    ends.append(UInt32(truncatingIfNeeded: out.count))
                }
            }
        }
    }

    @inline(__always)
    private func append(
        _ number: Int, _ before: ByteView, _ behind: ByteView, into out: inout ByteWriter
    ) {
        out.append(before)
        if case .padded(let digits) = spelling {
            out.append(digits: mantissas[number].magnitude, width: digits)
        } else {
            PlainDecimal(mantissa: mantissa(number), fractionDigits: fraction(number))
                .append(into: &out)
        }
        out.append(behind)
    }

    /// Doubles give back whole numbers up to here, and with them the nearest one of each quotient by a power of ten.
    private static let exactMax: UInt64 = 1 << 53

    /// The digits behind the point, when all values are numbers without a unit that doubles give back.
    private func exactFractions() -> Fractions? {
        guard before.isEmpty, behind.isEmpty, case .plain(let fractions) = spelling else {
            return nil
        }
        var magnitudes: UInt64 = 0
        for mantissa in mantissas { magnitudes |= mantissa.magnitude }
        return magnitudes < Self.exactMax ? fractions : nil
    }

    private static let divisors = PlainDecimal.powersOfTen.map { Double($0) }

    override func decimals() -> [Double]? {
        guard let fractions = exactFractions() else { return nil }
        let divisors = Self.divisors
        switch fractions {
        case .all(0): return mantissas.map { Double($0) }
        case .all(let digits), .shortened(let digits, _):
            return mantissas.map { Double($0) / divisors[digits] }
        case .each(let digits):
            return divisors.withUnsafeBufferPointer { divisors in
                [Double](unsafeUninitializedCapacity: count) { decimals, filled in
                    for (number, (mantissa, digits)) in zip(mantissas, digits).enumerated() {
                        decimals[number] = Double(mantissa) / divisors[Int(digits)]
                    }
                    filled = count
                }
            }
        }
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        if let test = matcher.numberTest, let fractions = exactFractions() {
            guard let bounds = test.bounds else { return Bitmap(count: count) }
            switch fractions {
            case .all(let digits), .shortened(let digits, _):
                let divisor = Self.divisors[digits]
                return mantissas.withUnsafeBufferPointer { mantissas in
                    candidates.filter {
                        bounds.contains(Double(mantissas[$0]) / divisor * test.scale)
                    }
                }
            case .each(let digits):
                let divisors = Self.divisors
                return candidates.filter {
                    bounds.contains(
                        Double(mantissas[$0]) / divisors[Int(digits[$0])] * test.scale)
                }
            }
        }
        if let texts = matcher.onlyTexts, texts.count == 1 {
            return texts[0].withView { matching($0, candidates) }
        }
        return nothing(matcher)
    }

    /// The values that are spelled `text`.
    private func matching(_ text: ByteView, _ candidates: Bitmap) -> Bitmap {
        let none = Bitmap(count: count)
        guard text.count > before.count + behind.count,
            before.withView({ text.hasPrefix($0) }), behind.withView({ text.hasSuffix($0) })
        else { return none }
        let middle = text.slice(before.count..<text.count - behind.count)
        if case .padded(let digits) = spelling {
            guard middle.count == digits else { return none }
            var wanted: Int64 = 0
            for index in 0..<digits {
                guard ASCII.isDigit(middle[index]) else { return none }
                wanted = wanted * 10 + Int64(middle[index] - ASCII.zero)
            }
            return candidates.filter { mantissas[$0] == wanted }
        }
        guard let wanted = PlainDecimal(middle) else { return none }
        return candidates.filter {
            mantissa($0) == wanted.mantissa && fraction($0) == wanted.fractionDigits
        }
    }

    override var alphabet: ByteSet {
        var bytes = PlainDecimal.alphabet
        before.withView { bytes.formUnion(ByteSet($0)) }
        behind.withView { bytes.formUnion(ByteSet($0)) }
        return bytes
    }
}
