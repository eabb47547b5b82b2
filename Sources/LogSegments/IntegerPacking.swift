internal import CLogKernels
internal import LogBytes

/// Integers in few bits: frames of 128 values, each relative to its smallest, each with the width that it needs.
///
///     byte     mode             0: values, 1: differences to the value before
///     varint   divisor          power of ten that every value is a multiple of
///     then for each frame of up to 128 numbers:
///     zigzag   smallest         of the frame
///     byte     width w          0 to 64 bits
///     bytes    ceil(n·w / 8)    (number − smallest), w bits each, least significant first
///
/// Worked example: 1000, 1003, 1001 → mode 0, divisor 1, smallest 1000, width 2, bits 00 11 01.
enum IntegerPacking {
    private static let frameCount = Int(WEIR_FRAME)
    /// 10^9: nanoseconds that are whole seconds. Larger common factors do not occur.
    private static let divisors: [Int64] = [1_000_000_000, 1_000_000, 1_000, 100, 10]

    /// Appends `values`.
    static func encode(_ values: UnsafeBufferPointer<Int64>, into out: inout ByteWriter) {
        let divisor = commonDivisor(values)
        guard divisor > 1 else { return encode(values, divisor: 1, into: &out) }
        var scaled = Vector<Int64>(capacity: values.count)
        for value in values { scaled.append(value / divisor) }
        encode(scaled.buffer, divisor: divisor, into: &out)
    }

    static func commonDivisor(_ values: UnsafeBufferPointer<Int64>) -> Int64 {
        for divisor in divisors where values.allSatisfy({ $0 % divisor == 0 }) { return divisor }
        return 1
    }

    private static func encode(
        _ values: UnsafeBufferPointer<Int64>, divisor: Int64, into out: inout ByteWriter
    ) {
        let useDifferences = isSmallerInDifferences(values)
        append(values, useDifferences: useDifferences, divisor: divisor, into: &out)
    }

    /// Appends numbers that have nothing in common but that they are small, such as those of a dictionary's values: neither a divisor
    /// nor differences are tried.
    static func encode(codes: UnsafeBufferPointer<Int64>, into out: inout ByteWriter) {
        append(codes, useDifferences: false, divisor: 1, into: &out)
    }

    private static func append(
        _ values: UnsafeBufferPointer<Int64>, useDifferences: Bool, divisor: Int64,
        into out: inout ByteWriter
    ) {
        out.append(useDifferences ? 1 : 0)
        out.append(varint: UInt64(divisor))
        guard let start = values.baseAddress else { return }
        let frames = (values.count + frameCount - 1) / frameCount
        out.reserve(values.count * 8 + frames * Int(WEIR_FRAME_HEAD) + 8)
        out.advance(
            weir_pack_frames(start, values.count, useDifferences ? 1 : 0, out.base + out.count))
    }

    /// Whether the differences between neighbours need fewer bits than the values.
    private static func isSmallerInDifferences(_ values: UnsafeBufferPointer<Int64>) -> Bool {
        values.baseAddress.map { weir_bits_saved($0, values.count) > 0 } ?? false
    }

    /// Reads `count` values that `encode` wrote.
    static func decode(
        _ reader: inout ByteReader, count: Int
    ) throws(MalformedBytes) -> [Int64] {
        let mode = try reader.fixed(UInt8.self, "integer mode")
        let divisor = Int64(truncatingIfNeeded: try reader.varint("integer divisor"))
        guard mode <= 1 else { throw reader.malformed("integer mode") }
        let frames = reader.view.dropFirst(reader.offset)
        var taken = 0
        var values = [Int64](unsafeUninitializedCapacity: count) { values, filled in
            guard let out = values.baseAddress else { return }
            taken = weir_unpack_frames(frames.start, frames.count, count, out)
            filled = taken < 0 ? 0 : count
        }
        guard taken >= 0 else { throw reader.malformed("frame of integers") }
        _ = try reader.bytes(taken, "frames of integers")
        if mode == 0, divisor == 1 { return values }
        var previous: Int64 = 0
        for index in values.indices {
            if mode == 1 {
                previous = previous &+ values[index]
                values[index] = previous
            }
            values[index] = values[index] &* divisor
        }
        return values
    }

    /// Reads `count` numbers below `limit`, such as those of a dictionary's values.
    static func decodeCodes(
        _ reader: inout ByteReader, count: Int, limit: Int
    ) throws(MalformedBytes) -> [UInt32] {
        var ahead = reader
        let mode = try ahead.fixed(UInt8.self, "integer mode")
        let divisor = try ahead.varint("integer divisor")
        guard mode == 0, divisor == 1, count > 0, limit <= Int(Int32.max) else {
            let values = try decode(&reader, count: count)
            guard values.allSatisfy({ $0 >= 0 && $0 < Int64(limit) }) else {
                throw reader.malformed("number of a value")
            }
            return values.map { UInt32(truncatingIfNeeded: $0) }
        }
        let frames = ahead.view.dropFirst(ahead.offset)
        var taken = 0
        let codes = [UInt32](unsafeUninitializedCapacity: count) { codes, filled in
            guard let out = codes.baseAddress else { return }
            taken = weir_unpack_codes(frames.start, frames.count, count, UInt32(limit), out)
            filled = taken < 0 ? 0 : count
        }
        guard taken >= 0 else { throw ahead.malformed("frames of numbers of values") }
        _ = try ahead.bytes(taken, "frames of numbers of values")
        reader = ahead
        return codes
    }
}

/// Writes numbers of up to 64 bits one behind the other, least significant bit first.
struct BitPacker {
    private var pending: UInt64 = 0
    private var pendingBits = 0

    /// Appends the low `width` bits of `value`, whose other bits are zero.
    mutating func append(_ value: UInt64, _ width: Int, into out: inout ByteWriter) {
        guard width > 0 else { return }
        pending |= value &<< UInt64(pendingBits)
        if pendingBits + width < 64 {
            pendingBits += width
            return
        }
        out.append(fixed: pending)
        let written = 64 - pendingBits
        pending = written == 64 ? 0 : value &>> UInt64(written)
        pendingBits = width - written
    }

    /// Writes the bits that do not fill a word, in as few bytes as they need.
    mutating func finish(into out: inout ByteWriter) {
        while pendingBits > 0 {
            out.append(UInt8(truncatingIfNeeded: pending))
            pending &>>= 8
            pendingBits -= 8
        }
        pending = 0
        pendingBits = 0
    }
}

/// Reads what `BitPacker` wrote; the caller gives it bytes enough.
enum BitUnpacker {
    /// Fills `out` with numbers of `width` bits, `smallest` added to each; bits beyond the bytes read as zero.
    static func unpack(
        _ bytes: ByteView, _ width: Int, adding smallest: Int64 = 0,
        into out: UnsafeMutableBufferPointer<Int64>
    ) {
        guard let start = out.baseAddress else { return }
        weir_unpack(bytes.start, bytes.count, UInt32(width), out.count, smallest, start)
    }

    /// `count` numbers of `width` bits.
    static func numbers(_ bytes: ByteView, _ width: Int, count: Int) -> [Int64] {
        [Int64](unsafeUninitializedCapacity: count) { out, filled in
            unpack(bytes, width, into: UnsafeMutableBufferPointer(rebasing: out[..<count]))
            filled = count
        }
    }
}
