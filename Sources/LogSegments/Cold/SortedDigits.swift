internal import LogBytes
internal import LogQuery

/// The sorted identifiers of a `SortedDigitsCodec`: the head as it is read, and how one is found.
struct SortedDigits {
    /// The number of distinct values.
    let count: Int
    /// The number of values that no row shortly before has.
    let newValues: Int
    private let pattern: DigitPattern
    /// How many first bytes of a value the index has, and how many bytes a value has besides.
    private let indexBytes: Int
    private let restBytes: Int
    private let valuesOfPage: Int
    private let pageSums: [UInt32]
    private let index: [UInt8]
    private let ranks: BitRanks
    /// Where the pages begin.
    private let headBytes: Int

    /// A head that is larger was not written so.
    static let headBytesMax = 1 << 20
    /// The bytes of a page, about those of a page of memory.
    private static let pageBytes = 4_096

    /// Appends head and pages of `sorted`, whose digits stand two a byte.
    static func append(
        _ sorted: [ByteView], pattern: DigitPattern, newValues: Int, indexBytes: Int,
        into out: inout ByteWriter
    ) {
        let restBytes = pattern.digitCount / 2 - indexBytes
        let valuesOfPage = max(pageBytes / restBytes, 1)
        var pages = ByteWriter(capacity: sorted.count * restBytes)
        for value in sorted { pages.append(value.dropFirst(indexBytes)) }
        var head = ByteWriter(capacity: 1 << 14)
        head.append(length: sorted.count)
        head.append(length: newValues)
        pattern.append(into: &head)
        head.append(UInt8(indexBytes))
        head.append(length: valuesOfPage)
        var start = 0
        while start < pages.count {
            let end = min(start + valuesOfPage * restBytes, pages.count)
            head.append(fixed: Checksum.crc32c(pages.view.slice(start..<end)))
            start = end
        }
        var packer = BitPacker()
        var next = 0
        for first in 0..<(1 << (8 * indexBytes)) {
            while next < sorted.count, number(sorted[next], indexBytes) == first {
                packer.append(1, 1, into: &head)
                next += 1
            }
            packer.append(0, 1, into: &head)
        }
        packer.finish(into: &head)
        var whole = ByteWriter(capacity: head.count + 8)
        whole.append(fixed: UInt32(head.count + 8))
        whole.append(head.view)
        out.append(whole.view)
        out.append(fixed: Checksum.crc32c(whole.view))
        out.append(pages.view)
    }

    /// The number that the first `bytes` bytes of a value are.
    private static func number(_ value: ByteView, _ bytes: Int) -> Int {
        (0..<bytes).reduce(0) { $0 << 8 | Int(value[$1]) }
    }

    /// Reads the head of values of which there are at most `count`; the reader stands behind it then.
    init(_ reader: inout ByteReader, count limit: Int) throws(MalformedBytes) {
        let start = reader.offset
        headBytes = Int(try reader.fixed(UInt32.self, "size of a head"))
        guard headBytes >= 8, headBytes - 4 <= reader.remaining else {
            throw reader.malformed("size of a head")
        }
        let whole = reader.view.slice(start..<start + headBytes)
        var sum = ByteReader(whole.dropFirst(headBytes - 4))
        guard
            try sum.fixed(UInt32.self, "sum of a head")
                == Checksum.crc32c(whole.prefix(headBytes - 4))
        else { throw reader.malformed("sum of a head") }
        count = try reader.length(atMost: limit, "distinct values")
        newValues = try reader.length(atMost: limit, "new values")
        pattern = try DigitPattern(&reader)
        indexBytes = Int(try reader.fixed(UInt8.self, "bytes of an index"))
        restBytes = pattern.digitCount / 2 - indexBytes
        valuesOfPage = try reader.length(atMost: Self.headBytesMax, "values of a page")
        guard count > 0, (1...2).contains(indexBytes), restBytes > 0, valuesOfPage > 0,
            pattern.digitCount % 2 == 0
        else { throw reader.malformed("head of sorted digits") }
        var sums: [UInt32] = []
        for _ in 0..<(count + valuesOfPage - 1) / valuesOfPage {
            sums.append(try reader.fixed(UInt32.self, "sum of a page"))
        }
        pageSums = sums
        let rest = start + headBytes - 4 - reader.offset
        guard rest == (count + (1 << (8 * indexBytes)) + 7) / 8 else {
            throw reader.malformed("index of sorted digits")
        }
        index = Array(try reader.bytes(rest, "index of sorted digits"))
        ranks = BitRanks(index)
        // A one for each value, a zero behind those of each first byte, and nothing else.
        guard ranks.ones == count, index.count * 8 - count >= 1 << (8 * indexBytes),
            ranks.bit(ofOne: count - 1, index) - (count - 1) < 1 << (8 * indexBytes)
        else { throw reader.malformed("index of sorted digits") }
        _ = try reader.fixed(UInt32.self, "sum of a head")
    }

    /// All values; the reader stands behind their pages then. What it reads may be a part of `owner`.
    func values(_ reader: inout ByteReader, of owner: [UInt8] = []) throws(MalformedBytes)
        -> DigitValues
    {
        let rests = try reader.bytes(count * restBytes, "sorted digits")
        return DigitValues(self, positions: pattern.positions, rests: KeptBytes(rests, of: owner))
    }

    /// The digits of all values, one value's behind the other's, of which `rests` are those that the index has not.
    func packed(_ rests: ByteView) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count * (restBytes + indexBytes)) { packed, filled in
            fill(packed, rests)
            filled = count * (restBytes + indexBytes)
        }
    }

    /// Calls `body` with the digits of value `number`, valid during the call.
    func withValue(_ number: Int, _ rests: ByteView, _ body: (ByteView) -> Void) {
        let first = ranks.bit(ofOne: number, index) - number
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: indexBytes + restBytes) { value in
            guard let start = value.baseAddress else { return }
            if indexBytes == 2 { start[0] = UInt8(truncatingIfNeeded: first >> 8) }
            start[indexBytes - 1] = UInt8(truncatingIfNeeded: first)
            (start + indexBytes).update(
                from: rests.start + number * restBytes, count: restBytes)
            body(ByteView(start, indexBytes + restBytes))
        }
    }

    /// Puts the values together.
    private func fill(_ packed: UnsafeMutableBufferPointer<UInt8>, _ rests: ByteView) {
        guard var out = packed.baseAddress else { return }
        let firsts = 1 << (8 * indexBytes)
        var first = 0
        var number = 0
        for bit in 0..<count + firsts {
            guard index[bit >> 3] >> UInt8(bit & 7) & 1 == 1 else {
                first += 1
                continue
            }
            if indexBytes == 2 {
                out[0] = UInt8(truncatingIfNeeded: first >> 8)
                out += 1
            }
            out[0] = UInt8(truncatingIfNeeded: first)
            (out + 1).update(from: rests.start + number * restBytes, count: restBytes)
            out += 1 + restBytes
            number += 1
        }
    }

    /// The places of the values that begin with the first bytes `first`.
    private func places(_ first: Int) -> Range<Int> {
        var zeros = 0
        var place = 0
        var bit = 0
        // Whole bytes first: their zeros are all before the place that is looked for.
        while bit + 8 <= index.count * 8 {
            let ones = index[bit >> 3].nonzeroBitCount
            if zeros + 8 - ones >= first { break }
            zeros += 8 - ones
            place += ones
            bit += 8
        }
        func isOne(_ bit: Int) -> Bool {
            bit >> 3 < index.count && index[bit >> 3] >> UInt8(bit & 7) & 1 == 1
        }
        while zeros < first, bit < index.count * 8 {
            if isOne(bit) { place += 1 } else { zeros += 1 }
            bit += 1
        }
        var end = place
        while isOne(bit) {
            end += 1
            bit += 1
        }
        return place..<min(end, count)
    }

    /// Whether `text` is one of the values, or a part of one; nil where that cannot be told.
    ///
    /// - Parameter bytes: reads a range of the bytes, which begin with the head.
    func mayHold(
        _ text: ByteView, isPart: Bool, _ bytes: (Range<Int>) throws -> [UInt8]
    ) throws -> Bool? {
        // A value with a backslash is another text than it is spelled.
        if pattern.positions.contains(.byte(ASCII.backslash)) { return nil }
        if isPart, text.count < pattern.positions.count { return nil }
        var digits = ByteWriter(capacity: 64)
        var pending: UInt8?
        guard pattern.append(text, pending: &pending, into: &digits) else { return false }
        let places = places(Self.number(digits.view, indexBytes))
        let rest = digits.view.dropFirst(indexBytes)
        var place = places.lowerBound
        while place < places.upperBound {
            let page = place / valuesOfPage
            let first = page * valuesOfPage
            let end = min(first + valuesOfPage, count)
            let range = headBytes + first * restBytes..<headBytes + end * restBytes
            let content = try bytes(range)
            let wanted = place - first..<min(end, places.upperBound) - first
            let isFound = try content.withView { view throws(MalformedBytes) in
                guard view.count == range.count, Checksum.crc32c(view) == pageSums[page] else {
                    throw MalformedBytes(offset: range.lowerBound, what: "sum of a page")
                }
                return wanted.contains { number in
                    view.slice(number * restBytes..<(number + 1) * restBytes) == rest
                }
            }
            if isFound { return true }
            place = end
        }
        return false
    }
}

/// How many ones stand before each word of bits: with it the n-th one is found in a few steps.
private struct BitRanks {
    /// For each word of 64 bits the ones before it; behind the last the ones in all.
    private let before: [UInt32]

    /// All ones.
    var ones: Int { Int(before[before.count - 1]) }

    /// Of `bits`, least significant first.
    init(_ bits: [UInt8]) {
        var before: [UInt32] = []
        before.reserveCapacity(bits.count / 8 + 2)
        var ones: UInt32 = 0
        for word in 0..<(bits.count + 7) / 8 {
            before.append(ones)
            ones += UInt32(Self.word(bits, word).nonzeroBitCount)
        }
        before.append(ones)
        self.before = before
    }

    @inline(__always)
    private static func word(_ bits: [UInt8], _ number: Int) -> UInt64 {
        bits.withUnsafeBytes { bytes in
            if number * 8 + 8 <= bytes.count {
                return UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: number * 8, as: UInt64.self))
            }
            var word: UInt64 = 0
            for (place, byte) in bytes[(number * 8)...].enumerated() {
                word |= UInt64(byte) << UInt64(8 * place)
            }
            return word
        }
    }

    /// Where one `number`, counted from 0, stands; there are more of them.
    func bit(ofOne number: Int, _ bits: [UInt8]) -> Int {
        let words = before.count - 1
        // Identifiers are spread evenly: the word is near where it would then be.
        var word = min(number * words / max(ones, 1), words - 1)
        while Int(before[word]) > number { word -= 1 }
        while Int(before[word + 1]) <= number { word += 1 }
        var rest = Self.word(bits, word)
        for _ in 0..<number - Int(before[word]) { rest &= rest &- 1 }
        return word * 64 + rest.trailingZeroBitCount
    }
}
