public import LogBytes

/// Values that are stored as something else than text (numbers, digits of identifiers, templates and their variables) and
/// written as text when somebody asks for one.
///
/// A store's codecs subclass it; conditions are asked of what is stored where that is possible. Used by one thread at a time, as
/// the block that the values belong to.
open class EncodedValues {
    /// The number of values.
    public let count: Int
    private var scratch = ByteWriter(capacity: 64)
    private var isScratchInUse = false
    private var written: Column?

    /// `count` values.
    public init(count: Int) { self.count = count }

    /// Appends the text of value `number`.
    open func append(_ number: Int, into out: inout ByteWriter) {
        preconditionFailure("BUG: values that cannot be written")
    }

    /// Appends the texts of values `numbers` one behind the other, and to `ends` where each ends in `out`.
    open func append(
        _ numbers: UnsafeBufferPointer<UInt32>, into out: inout ByteWriter,
        ends: inout Vector<UInt32>
    ) {
        for number in numbers {
            append(Int(number), into: &out)
            ends.append(UInt32(truncatingIfNeeded: out.count))
        }
    }

    /// Makes ready what the values `wanted` need, so that writing them cannot meet damaged bytes.
    open func prepare(_ wanted: Bitmap) throws {}

    /// Those of `candidates` that meet the condition; nil where only the values' texts can tell.
    open func matching(_ matcher: ValueMatcher, within candidates: Bitmap) throws -> Bitmap? { nil }

    /// The numbers that the values are, when all are decimal numbers without a unit.
    open func decimals() -> [Double]? { nil }

    /// The bytes that may occur in values. Costs a look at all of them at most.
    open var alphabet: ByteSet { .all }

    /// All values as text, in order: for conditions that only texts can tell. Written once, and kept. For values that
    /// need no `prepare`.
    public final func asText() -> Column {
        if let written { return written }
        var bytes = ByteWriter(capacity: count * 16)
        var ends: [Int] = []
        ends.reserveCapacity(count)
        for number in 0..<count {
            append(number, into: &bytes)
            ends.append(bytes.count)
        }
        let column = Column.plain(bytes: Array(bytes.view), ends: ends)
        written = column
        return column
    }

    /// Calls `body` with a view of value `number`, valid during the call.
    final func withValue<Result>(
        _ number: Int, _ body: (ByteView) throws -> Result
    ) rethrows -> Result {
        if isScratchInUse {
            var own = ByteWriter(capacity: 64)
            append(number, into: &own)
            return try body(own.view)
        }
        isScratchInUse = true
        defer { isScratchInUse = false }
        scratch.removeAll()
        append(number, into: &scratch)
        return try body(scratch.view)
    }
}

/// A set of byte values.
public struct ByteSet: Equatable, Sendable {
    private var words: SIMD4<UInt64>

    private init(words: SIMD4<UInt64>) { self.words = words }

    /// No byte.
    public init() { words = .zero }

    /// The bytes of `view`.
    public init(_ view: ByteView) {
        words = .zero
        if view.count < 256 {
            for index in 0..<view.count { insert(view[index]) }
            return
        }
        var seen = [Bool](repeating: false, count: 256)
        for index in 0..<view.count { seen[Int(view[index])] = true }
        for byte in 0..<256 where seen[byte] { insert(UInt8(byte)) }
    }

    /// Every byte.
    public static let all = ByteSet(words: SIMD4(repeating: ~0))

    /// Whether `byte` is in the set.
    public func contains(_ byte: UInt8) -> Bool {
        words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
    }

    /// Whether all bytes of `view` are in the set.
    public func containsAll(of view: ByteView) -> Bool {
        for index in 0..<view.count where !contains(view[index]) { return false }
        return true
    }

    /// Whether one of the bytes of `view` is in the set.
    public func containsAny(of view: ByteView) -> Bool {
        for index in 0..<view.count where contains(view[index]) { return true }
        return false
    }

    /// Adds `byte`.
    public mutating func insert(_ byte: UInt8) {
        words[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
    }

    /// Adds the bytes of `other`.
    public mutating func formUnion(_ other: ByteSet) { words |= other.words }
}

/// The values of several columns, one column's behind the other's.
final class JoinedValues: EncodedValues {
    private let parts: [Column]
    private let starts: [Int]

    /// The values of `parts`, of which there is at least one.
    init(_ parts: [Column]) {
        self.parts = parts
        var starts: [Int] = []
        var count = 0
        for part in parts {
            starts.append(count)
            count += part.valueCount
        }
        self.starts = starts
        super.init(count: count)
    }

    private func part(of number: Int) -> Int {
        var index = starts.count - 1
        while index > 0, starts[index] > number { index -= 1 }
        return index
    }

    override func append(_ number: Int, into out: inout ByteWriter) {
        let index = part(of: number)
        parts[index].appendValue(number - starts[index], into: &out)
    }

    /// The numbers that values are, of parts that know theirs (`EncodedValues.decimals`), and where each part begins.
    func knownDecimals() -> [(start: Int, numbers: [Double])] {
        zip(starts, parts).compactMap { start, part in
            part.encoded?.decimals().map { (start, $0) }
        }
    }

    private func slices(_ wanted: Bitmap) -> [Bitmap] {
        var slices = parts.map { Bitmap(count: $0.valueCount) }
        var index = 0
        wanted.visit { number in
            while index + 1 < starts.count, number >= starts[index + 1] { index += 1 }
            slices[index][number - starts[index]] = true
        }
        return slices
    }

    override func prepare(_ wanted: Bitmap) throws {
        for (part, slice) in zip(parts, slices(wanted)) where !slice.isEmpty {
            try part.prepareValues(slice)
        }
    }

    override func matching(
        _ matcher: ValueMatcher, within candidates: Bitmap
    ) throws -> Bitmap? {
        var found = Bitmap(count: count)
        for (index, slice) in slices(candidates).enumerated() where !slice.isEmpty {
            try parts[index].values(matching: matcher, within: slice).visit {
                found[$0 + starts[index]] = true
            }
        }
        return found
    }

    override var alphabet: ByteSet {
        parts.reduce(into: ByteSet()) { $0.formUnion($1.alphabet) }
    }
}
