internal import CLogKernels
internal import LogBytes

/// Symbols in as few bits as their frequencies allow: range asymmetric numeral systems (rANS, Duda 2013), order 0, with
/// interleaved states: symbol i goes through state i modulo their number.
///
///     varint   alphabet a, 1 to 4,096, and 8,192 × layout
///     a × varint                     frequency of each symbol; their sum is that of the layout
///     4 bytes for each state         the states that decoding starts from
///     varint   words w
///     w × 2 bytes                    what the states take in, in the order of decoding
///
/// One symbol that has all of the frequency needs no words.
enum EntropyCoder {
    /// Symbols are below this number: a frequency of each must fit into the sum.
    static let alphabetMax = 4_096
    /// A state is never below this between two symbols.
    private static let lowest: UInt32 = 1 << 16
    /// What layouts are counted by in a stream's first number.
    private static let layoutStep = 8_192

    /// How many states a stream has, and what the frequencies add up to.
    private enum Layout: Int {
        /// Two states, always a sum of 16,384: what version 2 of segments has.
        case first = 0
        case one = 1
        case four = 2
        /// As many as vectors decode at once.
        case wide = 3

        /// What suits so many symbols: each state takes four bytes, and one that is alone needs no more than one.
        init(count: Int, isConstant: Bool) {
            self = isConstant || count < 512 ? .one : count < 8_192 ? .four : .wide
        }

        var lanes: Int {
            switch self {
            case .first: 2
            case .one: 1
            case .four: 4
            case .wide: 32
            }
        }

        func scaleBits(alphabet: Int) -> UInt32 {
            // With so few symbols one small table decodes them.
            self != .first && alphabet <= 256 ? 12 : 14
        }
    }

    /// Appends `symbols`, all below `alphabet`.
    static func encode(
        _ symbols: UnsafeBufferPointer<UInt16>, alphabet: Int, into out: inout ByteWriter
    ) {
        let isConstant = symbols.allSatisfy { $0 == symbols[0] }
        let layout = Layout(count: symbols.count, isConstant: isConstant)
        let scaleBits = layout.scaleBits(alphabet: alphabet)
        let frequencies = frequencies(of: symbols, alphabet: alphabet, scale: 1 << scaleBits)
        out.append(length: alphabet + layoutStep * layout.rawValue)
        var starts = [UInt32](repeating: 0, count: alphabet)
        var sum: UInt32 = 0
        for symbol in 0..<alphabet {
            out.append(varint: UInt64(frequencies[symbol]))
            starts[symbol] = sum
            sum += frequencies[symbol]
        }
        var words = Vector<UInt16>(capacity: symbols.count / 2 + 16)
        var states = [UInt32](repeating: lowest, count: layout.lanes)
        for index in stride(from: symbols.count - 1, through: 0, by: -1) {
            let symbol = Int(symbols[index])
            let lane = index & (layout.lanes - 1)
            var state = states[lane]
            let frequency = frequencies[symbol]
            if UInt64(state) >= UInt64(frequency) << UInt64(32 - scaleBits) {
                words.append(UInt16(truncatingIfNeeded: state))
                state >>= 16
            }
            states[lane] =
                ((state / frequency) << scaleBits) + state % frequency + starts[symbol]
        }
        for state in states { out.append(fixed: state) }
        out.append(length: words.count)
        for index in stride(from: words.count - 1, through: 0, by: -1) {
            out.append(fixed: words[index])
        }
    }

    /// The frequencies of all symbols, scaled to the fixed sum; none that occurs gets 0.
    private static func frequencies(
        of symbols: UnsafeBufferPointer<UInt16>, alphabet: Int, scale: Int
    ) -> [UInt32] {
        var counts = [Int](repeating: 0, count: alphabet)
        for symbol in symbols { counts[Int(symbol)] += 1 }
        guard !symbols.isEmpty else {
            return [UInt32(scale)] + [UInt32](repeating: 0, count: max(alphabet - 1, 0))
        }
        var frequencies = counts.map { count -> UInt32 in
            count == 0 ? 0 : UInt32(max(1, count * scale / symbols.count))
        }
        // Rounding leaves a rest: the most frequent symbols can best bear it.
        var rest = scale - frequencies.reduce(0) { $0 + Int($1) }
        for symbol in counts.indices.sorted(by: { counts[$0] > counts[$1] }) where rest != 0 {
            let change = rest > 0 ? rest : max(rest, -(Int(frequencies[symbol]) / 2))
            frequencies[symbol] = UInt32(Int(frequencies[symbol]) + change)
            rest -= change
        }
        return frequencies
    }

    /// What `encode` would take for symbols that occur so often, in bits.
    static func bits(_ counts: [Int]) -> Double {
        let total = Double(counts.reduce(0, +))
        return counts.reduce(0.0) { sum, count in
            count == 0 ? sum : sum + Double(count) * Logarithm.base2(total / Double(count))
        }
    }

    /// The head of a stream.
    private struct Head {
        let frequencies: [UInt32]
        let scaleBits: UInt32
        var states: [UInt32]

        init(_ reader: inout ByteReader) throws(MalformedBytes) {
            let code = try reader.length(
                atMost: alphabetMax + layoutStep * Layout.wide.rawValue, "size of an alphabet")
            let alphabet = code % layoutStep
            guard let layout = Layout(rawValue: code / layoutStep), alphabet <= alphabetMax else {
                throw reader.malformed("size of an alphabet")
            }
            scaleBits = layout.scaleBits(alphabet: alphabet)
            var frequencies: [UInt32] = []
            frequencies.reserveCapacity(alphabet)
            for _ in 0..<alphabet {
                frequencies.append(
                    UInt32(try reader.length(atMost: 1 << Int(scaleBits), "symbol frequency")))
            }
            self.frequencies = frequencies
            states = []
            for _ in 0..<layout.lanes {
                states.append(try reader.fixed(UInt32.self, "coder state"))
            }
        }
    }

    /// Reads `count` symbols, all below `limit`.
    ///
    /// - Parameter usesVectors: false for tests, which hold both ways against one another.
    static func decode(
        _ reader: inout ByteReader, count: Int, limit: Int = alphabetMax, usesVectors: Bool = true
    ) throws(MalformedBytes) -> [UInt16] {
        var head = try Head(&reader)
        guard head.frequencies.count <= limit else {
            throw reader.malformed("size of an alphabet")
        }
        let wordCount = try reader.length(atMost: reader.remaining / 2, "coder words")
        let words = try reader.bytes(2 * wordCount, "coder words")
        let kernel = usesVectors ? weir_entropy_decode : weir_entropy_decode_scalar
        var isSound = true
        let symbols = [UInt16](unsafeUninitializedCapacity: count) { buffer, filled in
            // Decoding ends where encoding began: anything else was not written so.
            if let out = buffer.baseAddress {
                isSound =
                    kernel(
                        head.frequencies, head.frequencies.count, head.scaleBits, &head.states,
                        head.states.count, words.start, wordCount, out, count)
                    != 0
            }
            filled = isSound ? count : 0
        }
        guard isSound else { throw reader.malformed("coder states") }
        return symbols
    }

    /// The symbol that all of a stream are, and the reader stands behind it; nil where they differ, and the reader stays.
    static func readConstant(_ reader: inout ByteReader, limit: Int) throws(MalformedBytes) -> Int?
    {
        var ahead = reader
        let head = try Head(&ahead)
        guard head.frequencies.count <= limit else {
            throw reader.malformed("size of an alphabet")
        }
        guard
            let only = head.frequencies.firstIndex(of: 1 << head.scaleBits),
            try ahead.length(atMost: ahead.remaining / 2, "coder words") == 0
        else { return nil }
        reader = ahead
        return only
    }

    /// Goes on behind symbols without decoding them.
    static func skip(_ reader: inout ByteReader) throws(MalformedBytes) {
        _ = try Head(&reader)
        let wordCount = try reader.length(atMost: reader.remaining / 2, "coder words")
        _ = try reader.bytes(2 * wordCount, "coder words")
    }
}

/// Logarithms without a mathematics library: estimates of costs need three digits.
enum Logarithm {
    /// The binary logarithm of a positive finite number, to 0.001.
    static func base2(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        // The mantissa m lies in 1..<2; ln(m) by the series of artanh((m − 1) / (m + 1)).
        let mantissa = value.significand
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        let series = 1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square / 9)))
        return Double(value.exponent) + 2.885_390_081_777_927 * ratio * series
    }
}
