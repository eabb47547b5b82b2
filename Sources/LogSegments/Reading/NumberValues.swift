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
        case .each(let digits): return Int(digits[number])
        }
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        before.withView { out.append($0) }
        if case .padded(let digits) = spelling {
            out.reserve(digits)
            var rest = mantissas[number]
            var position = out.count + digits
            for _ in 0..<digits {
                position -= 1
                out.base[position] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            out.advance(digits)
        } else {
            PlainDecimal(mantissa: mantissas[number], fractionDigits: fraction(number))
                .append(into: &out)
        }
        behind.withView { out.append($0) }
    }

    /// Doubles give back whole numbers up to here, and with them the nearest one of each quotient by a power of ten.
    private static let exactMax: UInt64 = 1 << 53

    override func decimals() -> [Double]? {
        guard before.isEmpty, behind.isEmpty, case .plain(let fractions) = spelling else {
            return nil
        }
        var magnitudes: UInt64 = 0
        for mantissa in mantissas { magnitudes |= mantissa.magnitude }
        guard magnitudes < Self.exactMax else { return nil }
        let divisors = PlainDecimal.powersOfTen.map { Double($0) }
        switch fractions {
        case .all(let digits): return mantissas.map { Double($0) / divisors[digits] }
        case .each(let digits):
            return mantissas.indices.map { Double(mantissas[$0]) / divisors[Int(digits[$0])] }
        }
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        if let test = matcher.numberTest, let numbers = decimals() {
            guard let bounds = test.bounds else { return Bitmap(count: count) }
            return candidates.filter { bounds.contains(numbers[$0] * test.scale) }
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
            mantissas[$0] == wanted.mantissa && fraction($0) == wanted.fractionDigits
        }
    }

    override var alphabet: ByteSet {
        var bytes = ByteSet(ByteView("0123456789-."))
        before.withView { bytes.formUnion(ByteSet($0)) }
        behind.withView { bytes.formUnion(ByteSet($0)) }
        return bytes
    }
}
