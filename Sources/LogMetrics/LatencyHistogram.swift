public import LogBytes

/// How often values of each size occurred: a mergeable log-linear histogram.
///
/// Every power of two is cut into 64 equal buckets, as in HdrHistogram (Tene) with its `k` sub-buckets; the storage that
/// grows with the data and folds the lowest buckets at its limit is that of DDSketch (Masson, Rim, Lee, VLDB 2019). A bucket
/// is at most 1/64 of its lower edge wide and stands for its middle, so a quantile is wrong by at most 1/128 = 0.78 % between
/// 2⁻¹⁰ and 2⁵⁴ of the unit; in milliseconds from 0.98 µs up. Smaller values share the first bucket, larger ones the last.
///
/// The number of a value's bucket is cut straight out of its IEEE 754 bits. Worked example, 12.5 ms:
///
///     12.5 = 1.5625 × 2³ = 0 10000000010 1001000000…       sign, exponent 1026, mantissa 0.5625
///     bits >> 46         = 1026 × 64 + 36                  0.5625 × 64 = 36
///     bucket             = (1026 − 1013) × 64 + 36 = 868   1013 is the exponent of 2⁻¹⁰
///     edges              = 2³ × (1 + 36/64) = 12.5 and 2³ × (1 + 37/64) = 12.625; it stands for 12.5625
///
/// Up to 32 values are a list of bucket numbers, which keeps rare series and short time slots small:
///
///     header 48 bytes │ bucket number, 2 bytes, for each value
///
/// Beyond, the buckets that occur are counted in pages of 32:
///
///     header 48 bytes │ directory, 1 byte for each of 128 pages │ pages
///
/// A page counts in 1, 2, 4 or 8 bytes a bucket, widened when one of them is full, so it takes 1, 2, 4 or 8 units of 32
/// bytes. A directory byte is `unit << 2 | log2(bytes a bucket)`, 0xFF for a page that does not exist. When the units run out
/// (58, so that a histogram never exceeds 2 KB), the lowest page is folded into the next: high quantiles stay exact to 0.78 %,
/// the lowest ones become too high, and `isFolded` says so. That takes some 10⁵ values in each bucket of seven octaves: of
/// latencies that spread over ten octaves the median stays right beyond 10⁹ values, of ones that spread over twenty it does not.
public struct LatencyHistogram: ~Copyable {
    @usableFromInline
    struct Header: BitwiseCopyable {
        @usableFromInline var count: UInt64 = 0
        @usableFromInline var sum: Double = 0
        @usableFromInline var min: Double = .infinity
        @usableFromInline var max: Double = 0
        /// Bytes behind the header.
        @usableFromInline var capacity: UInt32 = 0
        /// Units of 32 bytes in use; the list form is marked by `listForm`.
        @usableFromInline var units: UInt32 = Self.listForm
        /// Lower buckets were folded into this one; in list form, the length of the list.
        @usableFromInline var floorBucket: UInt32 = 0

        @usableFromInline static var listForm: UInt32 { .max }
    }

    /// Bytes behind the last counter, so that eight may be loaded from wherever one stands.
    static var spareBytes: Int { 8 }
    /// A histogram never takes more bytes than this.
    public static var bytesMax: Int { 2_048 }
    /// Values that are kept as a list.
    @usableFromInline static var listMax: Int { 32 }
    @usableFromInline static var bucketCount: Int { 4_096 }
    @usableFromInline static var pageBuckets: Int { 32 }
    @usableFromInline static var directoryBytes: Int { 128 }
    @usableFromInline static var unitBytes: Int { 32 }
    /// header 48 + directory 128 + 58 × 32 + spare 8 = 2,040 bytes.
    @usableFromInline static var unitsMax: Int { 58 }
    @usableFromInline static var absent: UInt8 { 0xFF }

    @usableFromInline var block: UnsafeMutableRawPointer?

    /// A histogram of nothing; takes no memory of its own.
    @inlinable
    public init() { block = nil }

    deinit { block?.deallocate() }

    /// Asks for the memory that `record` touches first.
    @inlinable @inline(__always)
    public func prefetch() {
        guard let block else { return }
        Self.header(block).prefetch()
        Self.body(block).prefetch()
    }

    @inlinable @inline(__always)
    static func header(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Header> {
        block.assumingMemoryBound(to: Header.self)
    }

    @inlinable @inline(__always)
    static func body(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8> {
        (block + 48).assumingMemoryBound(to: UInt8.self)
    }

    /// The number of the bucket of a value that is not NaN.
    @inlinable @inline(__always)
    public static func bucket(of value: Double) -> Int {
        let lowest = 1_013 << 6
        let cut = Int(truncatingIfNeeded: value.bitPattern &>> 46) &- lowest
        // Negative numbers have the sign bit and would come out huge.
        if value < 0x1p-10 { return 0 }
        return Swift.min(cut, bucketCount - 1)
    }

    /// The lower edge of a bucket.
    public static func lowerEdge(_ bucket: Int) -> Double {
        Double(bitPattern: UInt64(bucket + 1_013 << 6) << 46)
    }

    /// The value that a bucket stands for: its middle.
    static func middle(_ bucket: Int) -> Double {
        (lowerEdge(bucket) + lowerEdge(bucket + 1)) / 2
    }

    /// Counts one value. NaN is ignored. Amortised constant time.
    @inlinable
    public mutating func record(_ value: Double) {
        guard !value.isNaN else { return }
        if block == nil { makeBlock() }
        guard let block else { return }
        let header = Self.header(block)
        header.pointee.count &+= 1
        header.pointee.sum += value
        if value < header.pointee.min { header.pointee.min = value }
        if value > header.pointee.max { header.pointee.max = value }
        let bucket = Self.bucket(of: value)
        if header.pointee.units != Header.listForm, bucket >= Int(header.pointee.floorBucket),
            Self.increment(block, bucket)
        {
            return
        }
        addSlow(bucket, 1)
    }

    /// Adds one to a bucket whose page exists and has room; false when it has not.
    @inlinable @inline(__always)
    static func increment(_ block: UnsafeMutableRawPointer, _ bucket: Int) -> Bool {
        let entry = body(block)[bucket >> 5]
        if entry == absent { return false }
        let page = block + (48 + directoryBytes + Int(entry >> 2) * unitBytes)
        // Which width a page has is guessed wrong too often for a branch. Eight bytes hold the counter and what lies behind it,
        // which stays as it is, since nothing is carried out of the counter.
        let width = Int(entry & 3)
        let place = page + (bucket & 31) << width
        let full = UInt64.max >> UInt64(64 - 8 << width)
        let value = place.loadUnaligned(as: UInt64.self)
        if value & full == full { return false }
        place.storeBytes(of: value &+ 1, as: UInt64.self)
        return true
    }

    /// The number of values.
    @inlinable
    public var count: UInt64 { block.map { Self.header($0).pointee.count } ?? 0 }

    /// True when no value was counted.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The sum of all values.
    public var sum: Double { block.map { Self.header($0).pointee.sum } ?? 0 }

    /// The smallest value, nil when there is none.
    public var min: Double? { isEmpty ? nil : block.map { Self.header($0).pointee.min } }

    /// The largest value, nil when there is none.
    public var max: Double? { isEmpty ? nil : block.map { Self.header($0).pointee.max } }

    /// The memory in use.
    public var bytes: Int { block.map { Int(Self.header($0).pointee.capacity) + 48 } ?? 0 }

    /// True when the lowest buckets had to be folded together.
    public var isFolded: Bool {
        guard let header = block.map({ Self.header($0).pointee }) else { return false }
        return header.units != Header.listForm && header.floorBucket > 0
    }

    /// The nearest rank: which of `count` values in ascending order, counted from 1, is the quantile `fraction` (0 to 1).
    ///
    /// It is the least whole number that is not below `fraction × count`, and at least 1: 19 for 95 % of 20, 20 for 95 % of
    /// 21. A product that binary fractions put next to a whole number is that number: 99.9 % of 1,000 is 999, although
    /// `99.9 / 100 * 1_000` is a little more.
    public static func rank(_ fraction: Double, of count: UInt64) -> UInt64 {
        let product = Swift.min(Swift.max(fraction, 0), 1) * Double(count)
        let nearest = product.rounded()
        // Reading the number, dividing it by 100 and multiplying it each err by 2⁻⁵³ at most.
        let isWhole = abs(product - nearest) <= nearest * 0x1p-51
        let rank = isWhole ? nearest : product.rounded(.up)
        return Swift.min(Swift.max(UInt64(rank), 1), count)
    }

    /// The value at or below which the share `fraction` (0 to 1) of the values lies; nil when there is none.
    ///
    /// The value of that `rank`, wrong by at most 0.78 %. Time is proportional to the pages in use.
    public func quantile(_ fraction: Double) -> Double? {
        guard let low = min, let high = max else { return nil }
        let rank = Self.rank(fraction, of: count)
        if rank == count { return high }
        var seen: UInt64 = 0
        var result = high
        forEachBucket { bucket, amount in
            seen += amount
            if seen < rank { return true }
            result = Self.middle(bucket)
            return false
        }
        return Swift.min(Swift.max(result, low), high)
    }

    /// The quantile `fraction` where it is known to lie above `bound`, or at or below it, nil when there is no value.
    ///
    /// A bucket that `bound` cuts stands for the middle of the piece on the known side, so that a value shown beside a
    /// threshold never contradicts what was decided by exact counts.
    public func quantile(_ fraction: Double, isAbove: Bool, _ bound: Double) -> Double? {
        guard let value = quantile(fraction), let low = min, let high = max else { return nil }
        if isAbove ? value > bound : value < bound { return value }
        let cut = Self.bucket(of: bound)
        let edge =
            isAbove
            ? Swift.max(Self.lowerEdge(cut + 1), bound) : Swift.min(Self.lowerEdge(cut), bound)
        return Swift.min(Swift.max((bound + edge) / 2, low), high)
    }
}
