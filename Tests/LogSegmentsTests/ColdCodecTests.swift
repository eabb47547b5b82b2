import LogBytes
import LogQuery
import TestSupport
import Testing

@testable import LogSegments

/// The codecs of cold blocks, and that of fresh ones with two forms: what they take they give back byte for byte, and bytes that they did not write never trap.
@Suite struct ColdCodecTests {
    /// A column and the codec that must take it.
    struct Sample: CustomTestStringConvertible, Sendable {
        let codec: String
        let values: [String]
        var testDescription: String { "\(codec): \(values.first ?? "")" }
    }

    private static let codecs: [any ColumnCodec] =
        ColumnCodecs.cold + [TemplateCodec(), JSONLinesCodec(), PrefixedIntegerCodec()]

    static var samples: [Sample] {
        var random = SeededGenerator(seed: 7)
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        func hex(_ digits: Int) -> String {
            (0..<digits).map { _ in String(number(0..<16), radix: 16) }.joined()
        }
        let ids = (0..<500).map { _ in hex(32) }
        return [
            Sample(codec: "constant", values: .init(repeating: "é\u{0}", count: 9)),
            Sample(codec: "number", values: (0..<700).map { _ in "user_\(number(0..<90_000))" }),
            Sample(codec: "number", values: (0..<700).map { _ in "\(number(-5..<9)).5ms" }),
            Sample(codec: "number", values: ["0", "-12", "3.25", "9223372036854775", "0.000120"]),
            Sample(
                codec: "number",
                values: (0..<900).map {
                    ["\($0)", "\($0).5", "\(number(0..<90)).2\(number(1..<9))", "7.125"][
                        number(0..<4)]
                }),
            Sample(codec: "number", values: (0..<300).map { "#00\($0 + 100)x" }),
            Sample(codec: "prefixed integer", values: (0..<30).map { "job-\($0 * $0)" }),
            Sample(
                codec: "prefixed integer",
                values: (0..<700).map {
                    $0 % 40 == 1
                        ? ["anonymous", "", "user_007"][$0 % 3] : "user_\(number(0..<90_000))"
                }),
            Sample(codec: "prefixed integer", values: ["anonymous"] + (0..<20).map { "a\($0)" }),
            Sample(codec: "digits", values: ids),
            Sample(
                codec: "digits",
                values: (0..<300).map { _ in "\(hex(8))-\(hex(4))-4\(hex(3))-\(hex(12))" }),
            Sample(codec: "digits", values: (0..<50).map { _ in hex(9).uppercased() + "F0a" }),
            Sample(
                codec: "sorted digits",
                values: (0..<700).flatMap { _ in
                    let id = hex(32)
                    return number(0..<3) == 0 ? [id, id] : [id]
                }),
            Sample(
                codec: "sorted digits",
                values: (0..<9_000).map { _ in "\(hex(8))-\(hex(4))-4\(hex(3))-\(hex(12))" }),
            Sample(codec: "recent", values: ids.flatMap { [$0, "x", $0] }),
            Sample(codec: "coded dictionary", values: (0..<900).map { "v\($0 * $0 % 40)\u{1}" }),
            Sample(
                codec: "templates",
                values: (0..<600).map {
                    ["User \($0) has \"\(hex(4))\" \(number(0..<9)).", "done", "\u{1}\($0)", ""][
                        $0 % 4]
                }),
            Sample(
                codec: "JSON lines",
                values: (0..<400).map {
                    let pairs = ["\"a\":\($0)", "\"b\": \"x\\\"\($0)\"", "\"c\":[1,\"\(hex(3))\"]"]
                    return "{" + pairs.shuffled(using: &random).joined(separator: ",") + "}"
                }),
            Sample(codec: "JSON lines", values: ["{\"a\":1", "{", "{\"", "{}}{\"a\":\"b", "{-"]),
            Sample(codec: "packed text", values: ["", "ab", "", "\u{0}\u{0}", "ü"]),
        ]
    }

    private func column(_ values: [String]) -> ColumnBuffer {
        let column = ColumnBuffer()
        for value in values { Array(value.utf8).withView { column.append($0) } }
        return column
    }

    private func decoded(_ codec: any ColumnCodec, _ bytes: [UInt8], count: Int) throws -> [String]
    {
        try bytes.withView { view in
            var reader = ByteReader(view)
            let column = try codec.decode(&reader, count: count, .nested)
            return (0..<column.rowCount).map { column.withText(row: $0) { $0.text } }
        }
    }

    @Test(arguments: samples) func valuesComeBack(_ sample: Sample) throws {
        var taken: [String] = []
        for codec in Self.codecs {
            var out = ByteWriter()
            let context = EncodeContext(times: nil, deflater: Deflater())
            guard codec.encode(column(sample.values), context, into: &out) else { continue }
            taken.append(codec.name)
            let values = try decoded(codec, Array(out.view), count: sample.values.count)
            #expect(values == sample.values, "\(codec.name)")
        }
        #expect(taken.contains(sample.codec), "\(taken)")
        #expect(taken.contains("packed text"))
    }

    @Test(arguments: samples.filter { $0.codec == "sorted digits" })
    func anIdentifierIsFoundByAFewBytes(_ sample: Sample) throws {
        let codec = SortedDigitsCodec()
        var out = ByteWriter()
        let context = EncodeContext(times: nil, deflater: Deflater())
        try #require(codec.encode(column(sample.values), context, into: &out))
        let stored = Array(out.view)
        func mayHold(
            _ text: String, isPart: Bool = false, _ stored: [UInt8]
        ) throws -> (answer: Bool?, bytes: Int) {
            var count = 0
            let answer = try text.withView { text in
                try codec.mayHold(text, isPart: isPart, count: sample.values.count) { range in
                    // As the reader of a segment, which gives no bytes beyond a chunk.
                    guard range.upperBound <= stored.count else {
                        throw MalformedBytes(offset: range.upperBound, what: "range of a chunk")
                    }
                    count += range.count
                    return Array(stored[range])
                }
            }
            return (answer, count)
        }
        for value in sample.values.prefix(300) {
            let found = try mayHold(value, stored)
            #expect(found.answer == true)
            // The size of the head, the head, and one page or two.
            #expect(found.bytes < max(stored.count / 4, 10_000))
            // Another last digit is another identifier, which nobody has.
            let other = value.dropLast() + (value.last == "0" ? "1" : "0")
            #expect(try mayHold(String(other), stored).answer == false)
            #expect(try mayHold(value.uppercased() + "G", isPart: true, stored).answer == false)
        }
        #expect(try mayHold("no identifier", stored).answer == false)
        // A part of an identifier has no place in the order.
        #expect(
            try mayHold(String(sample.values[0].dropFirst(3)), isPart: true, stored).answer == nil)
        // Damage shows, also where the chunk as a whole was not read.
        var damaged = 0
        for at in stride(from: 0, to: stored.count, by: 97) {
            var bytes = stored
            bytes[at] ^= 4
            for value in sample.values.prefix(40) {
                guard let found = try? mayHold(value, bytes) else {
                    damaged += 1
                    continue
                }
                #expect(found.answer == true)
            }
        }
        #expect(damaged > 0)
    }

    @Test func whatIsNotOfAKindIsRefused() {
        let refused = [
            ("number", ["1", "01"]), ("number", ["1e3", "2e3"]), ("number", ["-0"]),
            ("number", ["a1", "b1"]),
            ("digits", ["abc", "abcd"]), ("digits", ["ab1F", "ab2f"]),
            ("digits", ["abcg", "abch"]),
            ("sorted digits", (0..<600).map { "x\($0 + 100_000)" }),
            ("sorted digits", (0..<900).map { _ in "00112233445566778899aabbccddeeff" }),
            ("recent", ["a", "b", "c"]), ("templates", ["only", "few", "texts"]),
            ("JSON lines", ["plain", "text"]),
        ]
        for (name, values) in refused {
            for codec in Self.codecs where codec.name == name {
                var out = ByteWriter()
                let context = EncodeContext(times: nil, deflater: Deflater())
                #expect(!codec.encode(column(values), context, into: &out), "\(name) \(values)")
            }
        }
    }

    @Test(arguments: samples) func damagedBytesNeverTrap(_ sample: Sample) throws {
        var random = SeededGenerator(seed: 11)
        var refused = 0
        for codec in Self.codecs {
            var out = ByteWriter()
            let context = EncodeContext(times: nil, deflater: Deflater())
            guard codec.encode(column(sample.values), context, into: &out), !out.isEmpty else {
                continue
            }
            let bytes = Array(out.view)
            for _ in 0..<60 {
                var damaged = bytes
                let at = Int.random(in: 0..<damaged.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: damaged[at] = .random(in: 0...255, using: &random)
                default: damaged.removeLast(damaged.count - at)
                }
                if (try? decoded(codec, damaged, count: sample.values.count)) == nil {
                    refused += 1
                }
            }
        }
        #expect(refused > 0)
    }

    @Test func integersOfEveryWidthComeBack() throws {
        var random = SeededGenerator(seed: 3)
        for shift in 0..<64 as Range<Int64> {
            let values = (0..<257).map { _ in
                Int64.random(in: .min ... .max, using: &random) >> shift
            }
            for values in [values, values.sorted(), values.map { $0 / 1_000 * 1_000 }, []] {
                var out = ByteWriter()
                values.withUnsafeBufferPointer { EntropyIntegers.encode($0, into: &out) }
                var reader = ByteReader(out.view)
                #expect(try EntropyIntegers.decode(&reader, count: values.count) == values)
                #expect(reader.remaining == 0)
            }
        }
    }

    /// Streams of every layout, by vectors and without.
    @Test(arguments: [0, 1, 2, 31, 511, 512, 8_191, 8_192, 70_001])
    func symbolsOfEveryAlphabetComeBack(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        for alphabet in [1, 2, 17, 256, 257, 4_096] {
            // From all alike to one that is as good as always there.
            for skew in [0, 3, 40] {
                let symbols = (0..<count).map { _ -> UInt16 in
                    random.below(skew + 1) > 0 ? 0 : UInt16(random.below(alphabet))
                }
                var out = ByteWriter()
                symbols.withUnsafeBufferPointer {
                    EntropyCoder.encode($0, alphabet: alphabet, into: &out)
                }
                for usesVectors in [true, false] {
                    var reader = ByteReader(out.view)
                    let read = try EntropyCoder.decode(
                        &reader, count: count, limit: alphabet, usesVectors: usesVectors)
                    #expect(read == symbols)
                    #expect(reader.remaining == 0)
                }
                var reader = ByteReader(out.view)
                try EntropyCoder.skip(&reader)
                #expect(reader.remaining == 0)
                var ahead = ByteReader(out.view)
                let constant = try EntropyCoder.readConstant(&ahead, limit: alphabet)
                if count > 0 {
                    #expect(
                        (constant != nil) == symbols.allSatisfy { $0 == symbols[0] })
                    #expect(constant == nil || constant == Int(symbols[0]))
                }
                #expect(ahead.remaining == (constant == nil ? out.count : 0))
            }
        }
    }

    /// What a release wrote, later ones must read: the bytes of each layout stay as they are.
    @Test(arguments: [
        (100, 3, 850_917_134 as UInt32), (600, 300, 2_341_056_476), (9_000, 40, 3_404_363_583),
        (9_000, 900, 3_350_413_446),
    ])
    func layoutsStayAsTheyAre(count: Int, alphabet: Int, sum: UInt32) {
        var random = SeededGenerator(seed: 17)
        let symbols = (0..<count).map { _ in
            UInt16(random.below(1 + random.below(alphabet)))
        }
        var out = ByteWriter()
        symbols.withUnsafeBufferPointer {
            EntropyCoder.encode($0, alphabet: alphabet, into: &out)
        }
        #expect(Checksum.crc32c(out.view) == sum)
    }

    /// A stream that was changed is refused, or decoded to as many symbols of the alphabet, alike with vectors and without.
    @Test func changedStreamsNeverTrap() {
        var random = SeededGenerator(seed: 11)
        var refused = 0
        for round in 0..<400 {
            let alphabet = random.pick([3, 200, 900])
            let symbols = (0..<9_000).map { _ in
                UInt16(random.below(random.below(4) == 0 ? alphabet : 2))
            }
            var out = ByteWriter()
            symbols.withUnsafeBufferPointer {
                EntropyCoder.encode($0, alphabet: alphabet, into: &out)
            }
            var bytes = Array(out.view)
            if round % 4 == 0 { bytes.removeLast(random.below(bytes.count)) }
            for _ in 0..<1 + random.below(3) where !bytes.isEmpty {
                bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            }
            let answers = [true, false].map { usesVectors in
                bytes.withView { view in
                    var reader = ByteReader(view)
                    return try? EntropyCoder.decode(
                        &reader, count: symbols.count, limit: alphabet, usesVectors: usesVectors)
                }
            }
            #expect(answers[0] == answers[1])
            if let read = answers[0] {
                #expect(read.allSatisfy { Int($0) < alphabet })
            } else {
                refused += 1
            }
        }
        #expect(refused > 200)
    }

    @Test func packedNumbersOfEveryWidthComeBack() {
        var random = SeededGenerator(seed: 13)
        for width in 0...64 {
            let numbers = (0..<77).map { _ in width == 0 ? 0 : random.next() >> UInt64(64 - width) }
            var out = ByteWriter()
            var packer = BitPacker()
            for number in numbers { packer.append(number, width, into: &out) }
            packer.finish(into: &out)
            let read = BitUnpacker.numbers(out.view, width, count: numbers.count)
            #expect(read.map { UInt64(bitPattern: $0) } == numbers, "width \(width)")
            // What is not there reads as zero.
            let short = BitUnpacker.numbers(out.view.prefix(out.count / 2), width, count: 77)
            #expect(short.count == 77)
        }
    }

    /// Entropy is what the coder is for: a skewed stream must take less than its symbols' bits.
    @Test func skewedSymbolsTakeAboutTheirEntropy() {
        var random = SeededGenerator(seed: 5)
        let symbols = (0..<20_000).map { _ -> UInt16 in
            Int.random(in: 0..<100, using: &random) < 95
                ? 0 : UInt16.random(in: 1..<300, using: &random)
        }
        var counts = [Int](repeating: 0, count: 300)
        for symbol in symbols { counts[Int(symbol)] += 1 }
        var out = ByteWriter()
        symbols.withUnsafeBufferPointer { EntropyCoder.encode($0, alphabet: 300, into: &out) }
        #expect(Double(out.count) < EntropyCoder.bits(counts) / 8 * 1.05 + 400)
    }
}
