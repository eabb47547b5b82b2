internal import LogBytes
internal import LogQuery

/// Values of one length that differ in hexadecimal digits only, two digits a byte.
final class DigitValues: StoredValues {
    /// What stands at a position of every value.
    enum Position: Equatable {
        case byte(UInt8)
        case digit
        case upperDigit
    }

    private let positions: [Position]
    private let digitCount: Int
    /// Whether every position is a digit, and a lower-case one.
    private let isDigitsOnly: Bool
    private var digits: Digits

    /// Where the digits stand, two a byte, the first one high.
    private enum Digits {
        /// Those of all values, one value's behind the other's.
        case packed([UInt8])
        /// In order of the values, which an index has the first bytes of.
        case sorted(SortedDigits, rests: KeptBytes)
    }

    /// `count` values, whose digits stand in `packed`.
    init(count: Int, positions: [Position], packed: [UInt8]) {
        self.positions = positions
        digitCount = Self.digitCount(positions)
        isDigitsOnly = positions.allSatisfy { $0 == .digit } && digitCount % 2 == 0
        digits = .packed(packed)
        super.init(count: count)
    }

    /// The values of `sorted`, whose bytes besides those in the index are `rests`.
    init(_ sorted: SortedDigits, positions: [Position], rests: KeptBytes) {
        self.positions = positions
        digitCount = Self.digitCount(positions)
        isDigitsOnly = positions.allSatisfy { $0 == .digit }
        digits = .sorted(sorted, rests: rests)
        super.init(count: sorted.count)
    }

    /// The positions that are digits.
    static func digitCount(_ positions: [Position]) -> Int {
        positions.reduce(0) { count, position in
            if case .byte = position { count } else { count + 1 }
        }
    }

    /// The digits of all values, one value's behind the other's.
    private func packed() -> [UInt8] {
        switch digits {
        case .packed(let packed): return packed
        case .sorted(let sorted, let rests):
            let packed = rests.withView { sorted.packed($0) }
            digits = .packed(packed)
            return packed
        }
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        forEach(CollectionOfOne(number)) { digits, first in append(digits, first, into: &out) }
    }

    override func append(
        _ numbers: UnsafeBufferPointer<UInt32>, into out: inout ByteWriter,
        ends: inout Vector<UInt32>
    ) {
        forEach(numbers) { digits, first in
            append(digits, first, into: &out)
            ends.append(UInt32(truncatingIfNeeded: out.count))
        }
    }

    /// Calls `body` for each of the values `numbers` with packed digits and the place among them of the value's first one.
    @inline(__always)
    private func forEach<Number: FixedWidthInteger>(
        _ numbers: some Collection<Number>, _ body: (ByteView, Int) -> Void
    ) {
        switch digits {
        case .packed(let packed):
            packed.withView { digits in
                for number in numbers { body(digits, Int(number) * digitCount) }
            }
        case .sorted(let sorted, let rests):
            rests.withView { rests in
                for number in numbers { sorted.withValue(Int(number), rests) { body($0, 0) } }
            }
        }
    }

    /// Appends the value whose digits begin with digit `first` of `packed`.
    private func append(_ packed: ByteView, _ first: Int, into out: inout ByteWriter) {
        if isDigitsOnly {
            return Hex.append(packed.slice(first / 2..<(first + digitCount) / 2), into: &out)
        }
        out.reserve(positions.count)
        var next = first
        for (index, position) in positions.enumerated() {
            switch position {
            case .byte(let byte):
                out.base[out.count + index] = byte
            case .digit, .upperDigit:
                let pair = packed[next >> 1]
                let digit = Hex.digit(next & 1 == 0 ? pair >> 4 : pair & 15)
                out.base[out.count + index] =
                    position == .upperDigit && digit > 0x39 ? digit & 0xDF : digit
                next += 1
            }
        }
        out.advance(positions.count)
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        if let texts = matcher.onlyTexts, texts.count == 1 {
            return texts[0].withView { matching($0, candidates) }
        }
        let literals = matcher.literals
        if !literals.isEmpty, literals.allSatisfy({ $0.count > positions.count }) {
            return Bitmap(count: count)
        }
        if matcher.matchesByParts, literals.count == 1, literals[0].count == positions.count {
            // What is as long as a value is all of it.
            let found = literals[0].withView { matching($0, candidates) }
            return found.filter { number in withText(number) { matcher.matches($0) } }
        }
        if !literals.isEmpty, !literals.contains(where: { $0.withView { mayHold($0) } }) {
            return Bitmap(count: count)
        }
        return nil
    }

    /// Whether some value with digits at the positions of digits can have `literal` in it.
    private func mayHold(_ literal: ByteView) -> Bool {
        guard literal.count <= positions.count else { return false }
        return (0...positions.count - literal.count).contains { start in
            (0..<literal.count).allSatisfy { index in
                let byte = literal[index]
                return switch positions[start + index] {
                case .byte(let wanted): byte == wanted
                case .digit: Hex.value(byte) != nil && byte & 0xE0 != 0x40
                case .upperDigit: Hex.value(byte) != nil && byte & 0xE0 != 0x60
                }
            }
        }
    }

    private func withText(_ number: Int, _ body: (ByteView) -> Bool) -> Bool {
        var text = ByteWriter(capacity: positions.count)
        append(number, into: &text)
        return body(text.view)
    }

    private func matching(_ text: ByteView, _ candidates: Bitmap) -> Bitmap {
        guard let wanted = digits(of: text) else { return Bitmap(count: count) }
        let packed = packed()
        guard digitCount % 2 == 0 else {
            return candidates.filter { number in
                (0..<digitCount).allSatisfy { index in
                    let place = number * digitCount + index
                    let pair = packed[place >> 1]
                    return (place & 1 == 0 ? pair >> 4 : pair & 15) == wanted[index]
                }
            }
        }
        let size = digitCount / 2
        let needle = (0..<size).map { wanted[2 * $0] << 4 | wanted[2 * $0 + 1] }
        return packed.withView { packed in
            needle.withView { needle in
                guard size >= 8 else {
                    return candidates.filter {
                        packed.slice($0 * size..<($0 + 1) * size) == needle
                    }
                }
                // The first 16 digits say no for as good as every value.
                let head = UnsafeRawPointer(needle.start).loadUnaligned(as: UInt64.self)
                return candidates.filter { number in
                    let start = packed.start + number * size
                    return UnsafeRawPointer(start).loadUnaligned(as: UInt64.self) == head
                        && ByteView(start, size) == needle
                }
            }
        }
    }

    /// The digits of `text`; nil when no value is spelled so.
    private func digits(of text: ByteView) -> [UInt8]? {
        guard text.count == positions.count else { return nil }
        var digits: [UInt8] = []
        for (index, position) in positions.enumerated() {
            let byte = text[index]
            if case .byte(let wanted) = position {
                guard byte == wanted else { return nil }
                continue
            }
            guard let digit = Hex.value(byte),
                digit < 10 || (byte & 0x20 == 0) == (position == .upperDigit)
            else { return nil }
            digits.append(digit)
        }
        return digits
    }

    override var alphabet: ByteSet {
        var bytes = ByteSet()
        for position in positions {
            switch position {
            case .byte(let byte): bytes.insert(byte)
            case .digit: bytes.formUnion(ByteSet(ByteView("0123456789abcdef")))
            case .upperDigit: bytes.formUnion(ByteSet(ByteView("0123456789ABCDEF")))
            }
        }
        return bytes
    }
}
