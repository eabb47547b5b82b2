internal import CLogKernels
internal import LogBytes

/// Integers by the entropy of their magnitudes: small ones are symbols themselves, of larger ones the exponent and the two bits
/// behind the leading one are, and the bits below follow as they are. Within some percents of the entropy for all smooth
/// distributions, whatever their width.
///
///     byte     mode                  1: differences to the value before; 2: signs folded (zigzag), else relative to the smallest
///     varint   divisor               power of ten that every value is a multiple of
///     zigzag   smallest              only when signs are not folded
///     symbols  `EntropyCoder`
///     bytes    the bits below, `BitPacker`, to the end
enum EntropyIntegers {
    private static let differences: UInt8 = 1
    private static let folded: UInt8 = 2
    private static let alphabet = 256

    /// The symbol of a magnitude and the number of bits that follow it.
    @inline(__always)
    private static func symbol(_ value: UInt64) -> (symbol: Int, extraBits: Int) {
        if value < 16 { return (Int(value), 0) }
        let exponent = 63 - value.leadingZeroBitCount
        let head = Int(truncatingIfNeeded: value >> UInt64(exponent - 2)) & 3
        return (16 + (exponent - 4) * 4 + head, exponent - 2)
    }

    /// Appends `values`.
    static func encode(_ values: UnsafeBufferPointer<Int64>, into out: inout ByteWriter) {
        let divisor = IntegerPacking.commonDivisor(values)
        var plain = Vector<Int64>(capacity: values.count)
        var steps = Vector<Int64>(capacity: values.count)
        var previous: Int64 = 0
        for value in values {
            let scaled = divisor == 1 ? value : value / divisor
            plain.append(scaled)
            steps.append(scaled &- previous)
            previous = scaled
        }
        var best: (mode: UInt8, cost: Double) = (0, .infinity)
        for mode in 0..<4 as Range<UInt8> {
            let source = mode & differences != 0 ? steps.buffer : plain.buffer
            let cost = cost(source, mode: mode)
            if cost < best.cost { best = (mode, cost) }
        }
        out.append(best.mode)
        out.append(varint: UInt64(divisor))
        append(best.mode & differences != 0 ? steps.buffer : plain.buffer, best.mode, into: &out)
    }

    private static func smallest(_ values: UnsafeBufferPointer<Int64>, _ mode: UInt8) -> Int64 {
        mode & folded != 0 ? 0 : values.min() ?? 0
    }

    @inline(__always)
    private static func magnitude(_ value: Int64, _ mode: UInt8, _ smallest: Int64) -> UInt64 {
        mode & folded != 0
            ? Varint.zigzag(value) : UInt64(bitPattern: value) &- UInt64(bitPattern: smallest)
    }

    private static func cost(_ values: UnsafeBufferPointer<Int64>, mode: UInt8) -> Double {
        let smallest = smallest(values, mode)
        var counts = [Int](repeating: 0, count: alphabet)
        var extra = 0
        for value in values {
            let (symbol, bits) = symbol(magnitude(value, mode, smallest))
            counts[symbol] += 1
            extra += bits
        }
        return EntropyCoder.bits(counts) + Double(extra)
    }

    private static func append(
        _ values: UnsafeBufferPointer<Int64>, _ mode: UInt8, into out: inout ByteWriter
    ) {
        let smallest = smallest(values, mode)
        if mode & folded == 0 { out.append(zigzag: smallest) }
        var symbols = Vector<UInt16>(capacity: values.count)
        var below = ByteWriter(capacity: values.count * 2 + 16)
        var packer = BitPacker()
        var symbolMax = 0
        for value in values {
            let magnitude = magnitude(value, mode, smallest)
            let (symbol, bits) = symbol(magnitude)
            symbols.append(UInt16(symbol))
            symbolMax = max(symbolMax, symbol)
            packer.append(magnitude & ((1 << UInt64(bits)) &- 1), bits, into: &below)
        }
        packer.finish(into: &below)
        EntropyCoder.encode(symbols.buffer, alphabet: symbolMax + 1, into: &out)
        out.append(length: below.count)
        out.append(below.view)
    }

    /// Reads `count` values that `encode` wrote.
    static func decode(
        _ reader: inout ByteReader, count: Int
    ) throws(MalformedBytes) -> [Int64] {
        let mode = try reader.fixed(UInt8.self, "integer mode")
        guard mode < 4 else { throw reader.malformed("integer mode") }
        let divisor = Int64(truncatingIfNeeded: try reader.varint("integer divisor"))
        let smallest = mode & folded == 0 ? try reader.zigzag("smallest integer") : 0
        let symbols = try EntropyCoder.decode(&reader, count: count)
        let below = try reader.lengthPrefixed("bits of integers")
        var isSound = true
        let values = [Int64](unsafeUninitializedCapacity: count) { buffer, filled in
            if let out = buffer.baseAddress {
                isSound =
                    weir_entropy_integers(
                        symbols, count, below.start, below.count, mode & folded != 0 ? 1 : 0,
                        mode & differences != 0 ? 1 : 0, smallest, divisor, out) != 0
            }
            filled = isSound ? count : 0
        }
        guard isSound else { throw reader.malformed("integer symbol") }
        return values
    }

    /// Goes on behind values without decoding them.
    static func skip(_ reader: inout ByteReader) throws(MalformedBytes) {
        let mode = try reader.fixed(UInt8.self, "integer mode")
        _ = try reader.varint("integer divisor")
        if mode & folded == 0 { _ = try reader.zigzag("smallest integer") }
        try EntropyCoder.skip(&reader)
        _ = try reader.lengthPrefixed("bits of integers")
    }
}
