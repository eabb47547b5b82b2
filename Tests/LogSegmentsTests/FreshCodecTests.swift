import LogBytes
import LogQuery
import LogRecords
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

    /// The values of `codec` meet the conditions that their texts meet.
    private func expectSameAnswers(
        _ values: [String], _ codec: any ColumnCodec, _ conditions: [String],
        _ pieces: [String]
    ) throws {
        var out = ByteWriter()
        #expect(codec.encode(column(values), EncodeContext(times: nil, deflater: nil), into: &out))
        var matchers: [ValueMatcher] = pieces.flatMap { piece in
            [BytesMatcher.Place.anywhere, .atStart, .atEnd, .alone].map {
                BytesMatcher(Array(piece.utf8), $0)
            }
        }
        for condition in conditions {
            guard
                case .leaf(_, let predicate) = try QueryParser.parse("f:\(condition)", now: 0)
                    .filter
            else {
                Issue.record("\(condition) is no condition on a field")
                return
            }
            matchers.append(predicate.matcher)
        }
        for matcher in matchers {
            var reader = ByteReader(out.view)
            let column = try codec.decode(&reader, count: values.count, .nested)
            for step in [1, 3] {
                var candidates = Bitmap(count: values.count)
                for row in stride(from: 0, to: values.count, by: step) { candidates[row] = true }
                let found = try column.rows(matching: matcher, within: candidates)
                for row in values.indices {
                    let wanted = candidates[row] && values[row].withView { matcher.matches($0) }
                    #expect(found[row] == wanted, "\(matcher.syntax): \(values[row])")
                }
            }
            if codec.tellsAlphabet, let alphabet = codec.alphabet(out.view) {
                for value in values {
                    #expect(value.withView { alphabet.containsAll(of: $0) }, "\(value)")
                }
            }
        }
    }

    @Test func numbersAreAskedAsTheirTextsAre() throws {
        let others = ["anonymous", "user_", "user_007", "x9"]
        let users = (0..<300).map { row in
            row % 20 == 7 ? others[row / 20 % 4] : "user_\(row * 7_919 % 90_000)"
        }
        let pieces = [
            "user_", "anon", "s", "9", "user_7919", "r_15838", "user_007", "anonymous", "zzz", "x9",
        ]
        try expectSameAnswers(
            users, PrefixedIntegerCodec(),
            [
                "=anonymous", "=user_7919", "=user_007", "anonymous", "user_*", "~\"7$\"", "=\"\"",
                ">5",
            ],
            pieces)
        let decimals = (0..<300).map { row in
            switch row % 4 {
            case 0: "\(row)"
            case 1: "\(row).5"
            case 2: "-\(row).250"
            default: "0.00\(row)"
            }
        }
        try expectSameAnswers(
            decimals, DecimalCodec(),
            [
                "=8", "=8.0", "=1.5", "=1.50", "=-2.250", "=0.003", ">10", ">=9.5", "<-2.2",
                "range(-3, 0.5]", "=abc", "~\"^1\"",
            ], ["1", ".", "-", "5", ".25", "0.00", "x"])
        #expect(try stored(decimals, DecimalCodec()) == decimals)
    }

    @Test func escapedTextsAreAskedAsWhatTheyAre() throws {
        let raws = [
            #"a \"quoted\" timeout"#, #"\u0074imeout"#, #"x\ntimeout"#, #"t\/o"#, "plain timeout",
            #"time\u006fut"#, #"caf\u00e9"#, "café", #"back\\slash"#, #"a\tb"#, "", #"\time"#,
            "none",
        ]
        let values = (0..<60).map { raws[$0 % raws.count] }
        var out = ByteWriter()
        #expect(
            PlainCodec().encode(
                column(values), EncodeContext(times: nil, deflater: nil), into: &out))
        var scratch = ByteWriter()
        let texts = values.map { raw in
            raw.withView { raw in
                ValueText.resolve(
                    raw, .string, isEscaped: raw.firstIndex(of: ASCII.backslash) != nil, .none,
                    scratch: &scratch
                ).text
            }
        }
        let pieces = [
            "timeout", "t/o", "\"", "q", "café", "\\", "\t", "time", "\ntime", "n", "u0074",
            "slash",
            "none",
        ]
        var matchers: [ValueMatcher] = pieces.flatMap { piece in
            [BytesMatcher.Place.anywhere, .atStart, .atEnd, .alone].map {
                BytesMatcher(Array(piece.utf8), $0)
            }
        }
        for condition in ["timeout", "=timeout", "café", "~\"t.o\"", "\"\\\"quoted\\\"\"", "time*"]
        {
            if case .leaf(_, let predicate) = try QueryParser.parse("f:\(condition)", now: 0).filter
            {
                matchers.append(predicate.matcher)
            }
        }
        for matcher in matchers {
            var reader = ByteReader(out.view)
            let column = try PlainCodec().decode(&reader, count: values.count, .nested)
                .resolved(.string, .none)
            var candidates = Bitmap(count: values.count, all: true)
            candidates[20] = false
            let found = try column.rows(matching: matcher, within: candidates)
            for row in values.indices {
                let wanted = row != 20 && texts[row].withView { matcher.matches($0) }
                #expect(found[row] == wanted, "\(matcher.syntax): \(texts[row])")
                #expect(column.withText(row: row) { $0.text } == texts[row])
            }
        }
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

    /// Whatever the numbers are, and however many: they come back, in as many bytes as frames of their width or of their steps' take.
    @Test func integersComeBackInAsFewBitsAsTheyNeed() throws {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<600 {
            let count = Int.random(in: 1...400, using: &random)
            let width = Int.random(in: 0...64, using: &random)
            let base = Int64.random(in: .min ... .max, using: &random)
            let isClimbing = Bool.random(using: &random)
            var values: [Int64] = []
            for row in 0..<count {
                let bits = random.next() & (width == 64 ? UInt64.max : (1 << UInt64(width)) - 1)
                let climb = isClimbing ? Int64(row) &* 1_000_003 : 0
                values.append(base &+ climb &+ Int64(bitPattern: bits))
            }
            var out = ByteWriter()
            values.withUnsafeBufferPointer { IntegerPacking.encode($0, into: &out) }
            var reader = ByteReader(out.view)
            #expect(try IntegerPacking.decode(&reader, count: count) == values)
            #expect(reader.remaining == 0)
            let steps = values.indices.map { values[$0] &- ($0 == 0 ? 0 : values[$0 - 1]) }
            // It is the bits that are compared; the smallest number of a frame may take some bytes more.
            let frames = (count + 127) / 128
            #expect(out.count <= 12 + 10 * frames + min(bytes(values), bytes(steps)))

            var codes = ByteWriter()
            values.withUnsafeBufferPointer { IntegerPacking.encode(codes: $0, into: &codes) }
            reader = ByteReader(codes.view)
            #expect(try IntegerPacking.decode(&reader, count: count) == values)
            #expect(codes.count == 2 + bytes(values))
        }
    }

    /// The bytes that frames of 128 `values` take.
    private func bytes(_ values: [Int64]) -> Int {
        stride(from: 0, to: values.count, by: 128).reduce(0) { sum, start in
            let frame = values[start..<min(start + 128, values.count)]
            let smallest = frame.min() ?? 0
            let span = frame.map { UInt64(bitPattern: $0 &- smallest) }.max() ?? 0
            let bits = (64 - span.leadingZeroBitCount) * frame.count
            let head = (70 - max(Varint.zigzag(smallest), 1).leadingZeroBitCount) / 7
            return sum + head + 1 + (bits + 7) / 8
        }
    }

    /// Texts of a few words, of digits and of noise: packed by their words or as they are, they come back.
    @Test(arguments: [1, 7, 400], [0, 30, 200]) func textsComeBack(
        vocabulary: Int, noise: Int
    ) throws {
        var random = SeededGenerator(seed: UInt64(vocabulary + noise))
        let words = (0..<vocabulary).map {
            "word\($0 * $0)" + String(repeating: "e", count: $0 % 9)
        }
        let marks = [" ", "=", "/", "-", ": ", "_", "é"]
        let values = (0..<6_000).map { row in
            var text = ""
            for _ in 0..<row % 7 {
                text += words.randomElement(using: &random) ?? ""
                text += marks.randomElement(using: &random) ?? ""
                text += String(UInt64.random(in: 0...9_999, using: &random))
            }
            let length = noise > 0 ? Int.random(in: 0..<noise, using: &random) : 0
            text += (0..<length).map { _ in
                String(UnicodeScalar(UInt8.random(in: 33..<127, using: &random)))
            }.joined()
            return text
        }
        let column = column(values)
        var plain = ByteWriter()
        let context = EncodeContext(times: nil, deflater: nil)
        #expect(PlainCodec().encode(column, context, into: &plain))
        let raw = Array(plain.view)
        var out = ByteWriter()
        let method = Compression.append(texts: column, endOf: &plain, into: &out)
        #expect(Compression.unpack(out.view, method: method, rawCount: raw.count) == raw)
        var lz4 = ByteWriter()
        _ = raw.withView { Compression.append($0, into: &lz4) }
        #expect(out.count <= lz4.count + lz4.count / 8)
    }
}
