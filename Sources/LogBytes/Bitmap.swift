/// A set of row numbers, one bit a row, 64 rows a word. Bits at and beyond `count` are zero.
public struct Bitmap: Equatable, Sendable {
    /// The number of rows that can be in the set.
    public let count: Int
    @usableFromInline var words: [UInt64]

    /// The empty set, or the set of all rows, over `count` rows.
    public init(count: Int, all: Bool = false) {
        self.count = count
        self.words = Array(repeating: all ? ~0 : 0, count: (count + 63) / 64)
        clearTail()
    }

    private mutating func clearTail() {
        if count % 64 != 0, let last = words.indices.last {
            words[last] &= (1 << UInt64(count % 64)) &- 1
        }
    }

    /// Whether `row` is in the set.
    @inlinable
    public subscript(row: Int) -> Bool {
        get { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }
        set {
            if newValue {
                words[row >> 6] |= 1 << UInt64(row & 63)
            } else {
                words[row >> 6] &= ~(1 << UInt64(row & 63))
            }
        }
    }

    /// The number of words of 64 rows.
    @inlinable
    public var wordCount: Int { words.count }

    /// Rows 64 × `index` to 64 × `index` + 63, the first one lowest.
    @inlinable
    public func word(_ index: Int) -> UInt64 { words[index] }

    /// The number of rows in the set.
    public var population: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// True when no row is in the set.
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// True when every row is in the set.
    public var isFull: Bool { population == count }

    /// Keeps the rows that are also in `other`, which has the same `count`.
    public mutating func formIntersection(_ other: Bitmap) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    /// Adds the rows of `other`, which has the same `count`.
    public mutating func formUnion(_ other: Bitmap) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// Removes the rows of `other`, which has the same `count`.
    public mutating func subtract(_ other: Bitmap) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    /// Replaces the set by its complement.
    public mutating func invert() {
        for index in words.indices { words[index] = ~words[index] }
        clearTail()
    }

    /// Calls `body` with each row in the set, ascending.
    @inlinable
    public func visit(_ body: (Int) throws -> Void) rethrows {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                try body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }

    /// The rows of the set for which `isIncluded` is true.
    @inlinable
    public func filter(_ isIncluded: (Int) throws -> Bool) rethrows -> Bitmap {
        var result = self
        for index in words.indices {
            let first = index << 6
            var rest = words[index]
            var kept: UInt64 = 0
            if rest == ~0 {
                // All of a word: no search for the next bit, and no branch on what nobody can foretell.
                for bit in 0..<64 {
                    kept |= (try isIncluded(first + bit) ? 1 : 0) << UInt64(bit)
                }
                rest = 0
            }
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                kept |= (try isIncluded(first + bit) ? 1 : 0) << UInt64(bit)
                rest &= rest &- 1
            }
            result.words[index] = kept
        }
        return result
    }
}
