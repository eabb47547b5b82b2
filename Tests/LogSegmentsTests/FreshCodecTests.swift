import LogBytes
import LogQuery
import TestSupport
import Testing

@testable import LogSegments

/// The codecs of fresh blocks: what they take they give back byte for byte.
@Suite struct FreshCodecTests {
    private func column(_ values: [String]) -> ColumnBuffer {
        let column = ColumnBuffer()
        for value in values { Array(value.utf8).withView { column.append($0) } }
        return column
    }

    /// What `codec` gives back of `values`; nil where it refuses them.
    private func stored(_ values: [String], _ codec: any ColumnCodec) throws -> [String]? {
        var out = ByteWriter()
        let context = EncodeContext(times: nil, deflater: nil)
        guard codec.encode(column(values), context, into: &out) else { return nil }
        var reader = ByteReader(out.view)
        let column = try codec.decode(&reader, count: values.count, .nested)
        return (0..<column.rowCount).map { column.withText(row: $0) { $0.text } }
    }

    @Test func numbersAreReadAloneAsAmongOthers() {
        var random = SeededGenerator(seed: 3)
        let bytes = Array("0001234567899..-+ ex".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0..<12, using: &random)
            let text = (0..<length).map { _ in bytes.randomElement(using: &random) ?? 0 }
            let slow = text.withView { PlainDecimal($0) }
            // What stands behind the text is no part of it.
            let fast = (text + Array("1.0000009".utf8)).withView {
                PlainDecimal(readable: $0.prefix(length))
            }
            #expect(
                slow?.mantissa == fast?.mantissa && slow?.fractionDigits == fast?.fractionDigits,
                "\(text)")
        }
    }

    @Test func valuesOfAllLengthsShareADictionary() throws {
        var random = SeededGenerator(seed: 4)
        // Lengths around those where another way begins: prefixes of one text, and texts that differ in one byte.
        let text = "0123456789abcdefghijklmnopqrstuvwxyzABCDE"
        let lengths = [0, 1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40]
        let distinct = lengths.flatMap { length in
            let prefix = String(text.prefix(length))
            return [prefix]
                + (length > 0 ? [prefix.dropLast() + "#", "#" + prefix.dropFirst()] : [])
        }
        let values = (0..<3_000).map { _ in distinct.randomElement(using: &random) ?? "" }
        #expect(Set(values).count == Set(distinct).count)
        #expect(try stored(values, SmallDictionaryCodec()) == values)
        #expect(try stored(values, DictionaryCodec()) == values)
    }

    @Test(arguments: [1, 20, 40]) func aSmallDictionaryHasAtMost256Values(length: Int) throws {
        let tail = String(repeating: "x", count: length)
        func values(_ count: Int) -> [String] { (0..<2_000).map { "\($0 % count)\(tail)" } }
        #expect(try stored(values(256), SmallDictionaryCodec()) == values(256))
        #expect(try stored(values(257), SmallDictionaryCodec()) == nil)
    }

    /// Only parts of many bytes are tried first: the begin, the middle and the end.
    @Test func bytesArePackedWhereAPartOfThemCanBe() {
        var random = SeededGenerator(seed: 5)
        let noise = (0..<8_192).map { _ in UInt8.random(in: 0...255, using: &random) }
        let text = Array(repeating: Array("connection closed; ".utf8), count: 400).flatMap { $0 }
        for (bytes, isPacked) in [
            (text + noise, true), (noise + text, true), (noise + text + noise, true),
            (noise, false), (noise + text.prefix(600) + noise + noise, false),
        ] {
            var out = ByteWriter()
            let method = bytes.withView { Compression.append($0, into: &out) }
            #expect((method == .lz4) == isPacked)
            #expect(Compression.unpack(out.view, method: method, rawCount: bytes.count) == bytes)
        }
    }
}
