/// A growing array of trivial values for hot paths: no reference counting, no copy on write, unchecked access.
///
/// It owns its memory and frees it. Storage moves when it grows: addresses taken before an append are void after it.
@frozen
public struct Vector<Element: BitwiseCopyable>: ~Copyable {
    /// The address of the first element; valid for `count` elements.
    public var base: UnsafeMutablePointer<Element>
    /// The number of elements in use.
    public var count: Int
    /// The number of elements that fit without growing.
    public var capacity: Int

    /// An empty vector with room for `capacity` elements.
    public init(capacity: Int = 16) {
        let capacity = max(capacity, 1)
        self.base = ProcessMemory.allocate(capacity)
        self.count = 0
        self.capacity = capacity
    }

    deinit { ProcessMemory.free(base) }

    /// True when there is no element.
    @inlinable @inline(__always)
    public var isEmpty: Bool { count == 0 }

    /// The element at `index`, unchecked: `0 ≤ index < count` is the caller's duty.
    @inlinable @inline(__always)
    public subscript(index: Int) -> Element {
        get { base[index] }
        nonmutating set { base[index] = newValue }
    }

    /// The elements in use as a buffer, valid until the next growth.
    @inlinable @inline(__always)
    public var buffer: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: base, count: count)
    }

    /// Makes room for `extra` more elements; amortised constant time an element.
    @inlinable @inline(__always)
    public mutating func reserve(_ extra: Int) {
        if count + extra > capacity { grow(extra) }
    }

    @usableFromInline
    mutating func grow(_ extra: Int) {
        let larger = max(count + extra, capacity * 2)
        base = ProcessMemory.resize(base, larger)
        capacity = larger
    }

    /// Adds one element.
    @inlinable @inline(__always)
    public mutating func append(_ element: Element) {
        reserve(1)
        base[count] = element
        advance(1)
    }

    /// Adds `length` elements from `source`.
    @inlinable
    public mutating func append(_ source: UnsafePointer<Element>, _ length: Int) {
        reserve(length)
        (base + count).update(from: source, count: length)
        advance(length)
    }

    /// Counts `length` elements, which the caller wrote behind the last one, as in use.
    @inlinable @inline(__always)
    public mutating func advance(_ length: Int) {
        setCount(count + length)
    }

    /// Sets the number of elements in use; those beyond the old count hold what was in the memory.
    @usableFromInline @inline(__always)
    mutating func setCount(_ value: Int) { count = value }

    /// Forgets all elements, keeping the memory.
    @inlinable
    public mutating func removeAll() { setCount(0) }

    /// Forgets the elements from `length` on.
    @inlinable
    public mutating func truncate(_ length: Int) {
        setCount(Swift.min(length, count))
    }
}
