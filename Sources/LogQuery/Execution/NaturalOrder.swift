internal import LogBytes

/// A value as something to sort by: numbers by size, other text in natural order (`node2` before `node10`).
struct SortValue {
    let text: [UInt8]
    /// The number that the text stands for, or NaN.
    let number: Double

    init(_ text: ByteView) {
        self.text = Array(text)
        number = NumberValue.parse(text).map { $0.kind == .address ? .nan : $0.value } ?? .nan
    }

    /// −1, 0 or 1 as this comes before, with or behind `other`.
    func compare(_ other: SortValue) -> Int {
        if !number.isNaN, !other.number.isNaN, number != other.number {
            return number < other.number ? -1 : 1
        }
        return text.withView { left in
            other.text.withView { right in
                if left == right { return 0 }
                return NaturalOrder.precedes(left, right) ? -1 : 1
            }
        }
    }
}

/// The order of text in which runs of digits count as numbers.
enum NaturalOrder {
    /// Whether `left` comes before `right`. Digits come before other characters; of equal numbers the shorter spelling
    /// comes first.
    static func precedes(_ left: ByteView, _ right: ByteView) -> Bool {
        var i = 0
        var j = 0
        while i < left.count, j < right.count {
            if ASCII.isDigit(left[i]), ASCII.isDigit(right[j]) {
                let a = run(left, i)
                let b = run(right, j)
                let order = compare(left.slice(a), right.slice(b))
                if order != 0 { return order < 0 }
                i = a.upperBound
                j = b.upperBound
                continue
            }
            if left[i] != right[j] {
                let leftDigit = ASCII.isDigit(left[i])
                if leftDigit != ASCII.isDigit(right[j]) { return leftDigit }
                return left[i] < right[j]
            }
            i += 1
            j += 1
        }
        return left.count - i < right.count - j
    }

    private static func run(_ text: ByteView, _ start: Int) -> Range<Int> {
        var end = start
        while end < text.count, ASCII.isDigit(text[end]) { end += 1 }
        return start..<end
    }

    /// Compares runs of digits by value, then by length; numbers of any size.
    private static func compare(_ left: ByteView, _ right: ByteView) -> Int {
        let a = stripped(left)
        let b = stripped(right)
        if a.count != b.count { return a.count < b.count ? -1 : 1 }
        if a != b { return a < b ? -1 : 1 }
        return left.count == right.count ? 0 : left.count < right.count ? -1 : 1
    }

    private static func stripped(_ digits: ByteView) -> ByteView {
        var start = 0
        while start + 1 < digits.count, digits[start] == ASCII.zero { start += 1 }
        return digits.dropFirst(start)
    }
}
