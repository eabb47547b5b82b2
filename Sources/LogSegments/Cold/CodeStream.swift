internal import LogBytes

/// Numbers below a limit, such as those of dictionary values, by whichever way needs least.
///
///     byte     way     0: `EntropyCoder`; 1: two bytes each, `PackedBytes`, all low bytes first; 2: `EntropyIntegers`
///     …        as the way says
enum CodeStream {
    private enum Way: UInt8 {
        case symbols = 0
        case bytes = 1
        case integers = 2
    }

    /// Appends `codes`, all below `limit`.
    static func append(
        _ codes: [Int64], limit: Int, _ deflater: Deflater,
        into out: inout ByteWriter
    ) {
        let start = out.count
        if limit <= EntropyCoder.alphabetMax {
            var symbols = Vector<UInt16>(capacity: codes.count)
            for code in codes { symbols.append(UInt16(truncatingIfNeeded: code)) }
            out.append(Way.symbols.rawValue)
            EntropyCoder.encode(symbols.buffer, alphabet: max(limit, 1), into: &out)
        } else {
            out.append(Way.integers.rawValue)
            codes.withUnsafeBufferPointer { EntropyIntegers.encode($0, into: &out) }
        }
        guard limit <= 1 << 16 else { return }
        // Deflate finds what entropy does not see: codes that come in the same order again.
        var bytes = ByteWriter(capacity: codes.count * 2)
        for code in codes { bytes.append(UInt8(truncatingIfNeeded: code)) }
        if limit > 1 << 8 {
            for code in codes { bytes.append(UInt8(truncatingIfNeeded: code >> 8)) }
        }
        var packed = ByteWriter(capacity: bytes.count / 2 + 16)
        PackedBytes.append(bytes.view, deflater, into: &packed)
        if packed.count + 1 < out.count - start {
            out.truncate(start)
            out.append(Way.bytes.rawValue)
            out.append(packed.view)
        }
    }

    /// Reads `count` codes, all below `limit`.
    static func read(
        _ reader: inout ByteReader, count: Int, limit: Int
    ) throws(MalformedBytes) -> [UInt32] {
        let wayCode = try reader.fixed(UInt8.self, "way of codes")
        guard let way = Way(rawValue: wayCode) else { throw reader.malformed("way of codes") }
        let codes: [UInt32]
        switch way {
        case .symbols:
            // Symbols are below the size of their alphabet.
            return Self.widened(
                try EntropyCoder.decode(&reader, count: count, limit: max(limit, 1)))
        case .integers:
            codes = try EntropyIntegers.decode(&reader, count: count).map {
                UInt32(truncatingIfNeeded: $0)
            }
        case .bytes:
            let bytes = try PackedBytes.read(&reader, "codes")
            let width = limit > 1 << 8 ? 2 : 1
            guard bytes.count == count * width else { throw reader.malformed("codes") }
            codes = (0..<count).map { index in
                UInt32(bytes[index]) | (width == 2 ? UInt32(bytes[count + index]) << 8 : 0)
            }
        }
        // A loop without a branch, which the compiler turns into vectors.
        guard codes.reduce(0, max) < UInt32(limit) || codes.isEmpty else {
            throw reader.malformed("codes")
        }
        return codes
    }

    /// The code that all are, below `limit`, and the reader stands behind them; nil where they differ, or may, and the reader stays.
    static func readConstant(
        _ reader: inout ByteReader, limit: Int
    ) throws(MalformedBytes) -> UInt32? {
        var ahead = reader
        guard try ahead.fixed(UInt8.self, "way of codes") == Way.symbols.rawValue,
            let code = try EntropyCoder.readConstant(&ahead, limit: limit)
        else { return nil }
        reader = ahead
        return UInt32(code)
    }

    /// Goes on behind codes without reading them.
    static func skip(_ reader: inout ByteReader) throws(MalformedBytes) {
        let code = try reader.fixed(UInt8.self, "way of codes")
        switch Way(rawValue: code) {
        case .symbols: try EntropyCoder.skip(&reader)
        case .integers: try EntropyIntegers.skip(&reader)
        case .bytes: try PackedBytes.skip(&reader, "codes")
        case nil: throw reader.malformed("way of codes")
        }
    }

    private static func widened(_ symbols: [UInt16]) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: symbols.count) { buffer, filled in
            for index in 0..<symbols.count { buffer[index] = UInt32(symbols[index]) }
            filled = symbols.count
        }
    }

    /// About how many bits `append` needs.
    static func bits(_ codes: [Int64], limit: Int) -> Double {
        var counts = [Int](repeating: 0, count: limit)
        var changes = 0
        var previous: Int64 = -1
        for code in codes {
            counts[Int(code)] += 1
            if code != previous { changes += 1 }
            previous = code
        }
        // Runs are cheap for deflate: about two bytes each.
        return min(EntropyCoder.bits(counts), Double(changes) * 16)
    }
}
