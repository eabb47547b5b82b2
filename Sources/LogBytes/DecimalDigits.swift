/// Decimal digits, written two at a time.
public enum DecimalDigits {
    /// The numbers from 0 to 99 in two digits each.
    @usableFromInline static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748\
        4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798\
        99
        """

    /// How many digits `value` has, at least one.
    @inlinable @inline(__always)
    public static func count(_ value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count += 4
        }
        return count + (rest >= 10 ? 1 : 0) + (rest >= 100 ? 1 : 0) + (rest >= 1_000 ? 1 : 0)
    }

    /// Writes the lowest `width` digits of `value`, zeros in front, to the bytes before `end`.
    @inlinable @inline(__always)
    public static func write(
        _ value: UInt64, width: Int, before end: UnsafeMutablePointer<UInt8>
    ) {
        let pairs = UnsafeRawPointer(self.pairs.utf8Start)
        var rest = value
        var left = width
        while left >= 2 {
            left -= 2
            let pair = pairs.loadUnaligned(
                fromByteOffset: 2 * Int(truncatingIfNeeded: rest % 100), as: UInt16.self)
            UnsafeMutableRawPointer(end - width + left).storeBytes(of: pair, as: UInt16.self)
            rest /= 100
        }
        if left == 1 {
            (end - width).pointee = ASCII.zero &+ UInt8(truncatingIfNeeded: rest % 10)
        }
    }
}

extension Vector where Element == UInt8 {
    /// Appends the lowest `width` digits of `value`, zeros in front.
    @inlinable @inline(__always)
    public mutating func append(digits value: UInt64, width: Int) {
        reserve(width)
        DecimalDigits.write(value, width: width, before: base + count + width)
        advance(width)
    }
}
