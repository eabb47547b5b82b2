/// A buffer that a source fills with whole lines and that travels down the pipeline; it owns its memory.
///
/// `paddingBytes` behind the capacity are readable and zero at first, so that vector code may load past the last line. One
/// stage owns a chunk at a time; it goes back to its pool when the batch over it is done.
public final class ByteChunk: @unchecked Sendable {
    /// Readable bytes behind the capacity, for loads of up to 64 bytes that begin inside.
    public static let paddingBytes = 64

    /// The address of the first byte.
    public let base: UnsafeMutablePointer<UInt8>
    /// The number of bytes that fit.
    public let capacity: Int
    /// The number of bytes in use.
    public var count = 0
    /// Where single lines stand that have newlines inside, their last newline included: ascending, without overlap. All other
    /// newlines end lines.
    public var oneLineRanges: [Range<Int>] = []
    /// Lines in the chunk that were cut at the length limit.
    public var cutLines = 0
    /// Bytes that were dropped behind such lines, of this chunk or the one before.
    public var cutBytes = 0

    private let spareBytes: Int
    private var spareCount = 0

    /// An empty chunk of `capacity` bytes.
    ///
    /// - Parameter spareBytes: further bytes for texts that are made from the content (`makeSpare`).
    public init(capacity: Int, spareBytes: Int = 0) {
        self.capacity = capacity
        self.spareBytes = spareBytes
        let total =
            capacity + Self.paddingBytes + (spareBytes > 0 ? spareBytes + Self.paddingBytes : 0)
        self.base = .allocate(capacity: total)
        (base + capacity).initialize(repeating: 0, count: Self.paddingBytes)
        if spareBytes > 0 {
            (base + total - Self.paddingBytes).initialize(repeating: 0, count: Self.paddingBytes)
        }
    }

    /// Room for `count` bytes behind the content, readable 64 bytes further; valid until `removeAll`. Nil when there is
    /// not so much left.
    public func makeSpare(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        guard count <= spareBytes - spareCount else { return nil }
        defer { spareCount += count }
        return base + capacity + Self.paddingBytes + spareCount
    }

    deinit { base.deallocate() }

    /// The bytes in use.
    public var view: ByteView { ByteView(base, count) }

    /// The address behind the last readable byte.
    @inlinable
    public var readableEnd: UnsafePointer<UInt8> {
        UnsafePointer(base + capacity + Self.paddingBytes)
    }

    /// Appends bytes that fit: `count + view.count ≤ capacity` is the caller's duty.
    public func append(_ view: ByteView) {
        precondition(count + view.count <= capacity, "BUG: chunk overflow")
        (base + count).update(from: view.start, count: view.count)
        count += view.count
    }

    /// Forgets the content, keeping the memory.
    public func removeAll() {
        count = 0
        oneLineRanges.removeAll()
        cutLines = 0
        cutBytes = 0
        spareCount = 0
    }
}
