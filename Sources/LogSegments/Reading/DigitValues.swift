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
    /// The digits of all values, the first one of a byte high.
    private let packed: [UInt8]

    /// `count` values, whose digits stand in `packed`.
    init(count: Int, positions: [Position], packed: [UInt8]) {
        self.positions = positions
        self.digitCount = Self.digitCount(positions)
        self.packed = packed
        super.init(count: count)
    }

    /// The positions that are digits.
    static func digitCount(_ positions: [Position]) -> Int {
        positions.reduce(0) { count, position in
            if case .byte = position { count } else { count + 1 }
        }
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        out.reserve(positions.count)
        var next = number * digitCount
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
        return nothing(matcher)
    }

    private func withText(_ number: Int, _ body: (ByteView) -> Bool) -> Bool {
        var text = ByteWriter(capacity: positions.count)
        append(number, into: &text)
        return body(text.view)
    }

    private func matching(_ text: ByteView, _ candidates: Bitmap) -> Bitmap {
        guard let wanted = digits(of: text) else { return Bitmap(count: count) }
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
