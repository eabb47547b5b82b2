public import CLogKernels

/// Bytes that somebody else owns: an address and a length.
///
/// The unit in which lines, keys and values travel. It owns nothing and must not outlive the buffer that it looks
/// into; whoever keeps bytes copies them (`Array(view)`).
@frozen
public struct ByteView: @unchecked Sendable {
    /// The address of the first byte; valid for `count` bytes. Never null, even when empty.
    public let start: UnsafePointer<UInt8>
    /// The number of bytes.
    public let count: Int

    /// A view of `count` bytes from `start`.
    @inlinable @inline(__always)
    public init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    /// A view of a raw buffer.
    @inlinable
    public init(_ buffer: UnsafeRawBufferPointer) {
        if let base = buffer.baseAddress {
            self.init(base.assumingMemoryBound(to: UInt8.self), buffer.count)
        } else {
            self = .empty
        }
    }

    /// A view of a static string, which lives as long as the process.
    @inlinable
    public init(_ text: StaticString) {
        self.init(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// No bytes.
    public static var empty: ByteView { ByteView("") }

    /// True when there is no byte.
    @inlinable @inline(__always)
    public var isEmpty: Bool { count == 0 }

    /// The address behind the last byte.
    @inlinable @inline(__always)
    public var end: UnsafePointer<UInt8> { start + count }

    /// The byte at `index`, unchecked: `0 ≤ index < count` is the caller's duty.
    @inlinable @inline(__always)
    public subscript(index: Int) -> UInt8 { start[index] }

    /// The bytes of `range`, cut to what exists.
    @inlinable
    public func slice(_ range: Range<Int>) -> ByteView {
        let lower = min(max(range.lowerBound, 0), count)
        let upper = min(max(range.upperBound, lower), count)
        return ByteView(start + lower, upper - lower)
    }

    /// The bytes from `index` on; none when there are no more than `index`.
    @inlinable
    public func dropFirst(_ index: Int) -> ByteView {
        let lower = min(max(index, 0), count)
        return ByteView(start + lower, count - lower)
    }

    /// The first `length` bytes, or all when there are fewer.
    @inlinable
    public func prefix(_ length: Int) -> ByteView {
        ByteView(start, min(max(length, 0), count))
    }

    /// True when `prefix` stands at the start.
    @inlinable
    public func hasPrefix(_ prefix: ByteView) -> Bool {
        count >= prefix.count && memcmp(start, prefix.start, prefix.count) == 0
    }

    /// True when `suffix` stands at the end.
    @inlinable
    public func hasSuffix(_ suffix: ByteView) -> Bool {
        count >= suffix.count && memcmp(end - suffix.count, suffix.start, suffix.count) == 0
    }

    /// The offset of the first `byte`, or nil.
    @inlinable
    public func firstIndex(of byte: UInt8) -> Int? {
        guard let hit = memchr(start, Int32(byte), count) else { return nil }
        return UnsafePointer(hit.assumingMemoryBound(to: UInt8.self)) - start
    }

    /// The offset of the last `byte`, or nil.
    public func lastIndex(of byte: UInt8) -> Int? {
        var index = count
        while index > 0 {
            index -= 1
            if start[index] == byte { return index }
        }
        return nil
    }

    /// How often `byte` occurs.
    public func count(of byte: UInt8) -> Int { weir_count(start, count, byte) }

    /// The offset of the first occurrence of `needle` at or after `from`, or nil. An empty needle is found at `from`.
    @inlinable
    public func firstIndex(of needle: ByteView, from: Int = 0) -> Int? {
        guard from <= count else { return nil }
        guard
            let hit = weir_find(start + from, count - from, needle.start, needle.count)
        else { return nil }
        return hit - start
    }

    /// The bytes as text; bytes that are no UTF-8 become U+FFFD.
    public var text: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// A hash for tables in memory; never store it, it may change.
    @inlinable
    public var memoryHash: UInt64 { weir_hash(start, count, 0) }
}

extension ByteView: Hashable {
    /// Whether both have the same bytes, wherever they stand.
    @inlinable
    public static func == (left: ByteView, right: ByteView) -> Bool {
        left.count == right.count && memcmp(left.start, right.start, left.count) == 0
    }

    /// Hashes the bytes, not their address.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(memoryHash)
    }
}

extension ByteView: Comparable {
    /// Byte-wise order, the shorter first where one is the other's prefix.
    @inlinable
    public static func < (left: ByteView, right: ByteView) -> Bool {
        let order = memcmp(left.start, right.start, min(left.count, right.count))
        return order == 0 ? left.count < right.count : order < 0
    }
}

extension Array where Element == UInt8 {
    /// A copy of the bytes of `view`.
    @inlinable
    public init(_ view: ByteView) {
        self.init(UnsafeBufferPointer(start: view.start, count: view.count))
    }

    /// Calls `body` with a view of these bytes, valid during the call.
    @inlinable
    public func withView<Result, Failure: Error>(
        _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { buffer throws(Failure) in
            try body(ByteView(UnsafeRawBufferPointer(buffer)))
        }
    }
}

extension String {
    /// Calls `body` with a view of the UTF-8 of this text, valid during the call.
    @inlinable
    public func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
        var copy = self
        return try copy.withUTF8 { try body(ByteView(UnsafeRawBufferPointer($0))) }
    }
}
