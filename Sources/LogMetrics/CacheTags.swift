/// What stands at each place of a direct-mapped cache: the hash of a key that is there, or of one that came once.
///
/// The lowest bit of a tag says that the entry is filled; the next is always set, so that zero is a free place.
@usableFromInline
struct CacheTags: ~Copyable {
    @usableFromInline let tags: UnsafeMutablePointer<UInt64>
    @usableFromInline let mask: Int

    /// Tags for `count` places, a power of two.
    @usableFromInline
    init(count: Int) {
        tags = .allocate(capacity: count)
        tags.initialize(repeating: 0, count: count)
        mask = count - 1
    }

    deinit { tags.deallocate() }

    /// The one place where a key with this hash may stand.
    @inlinable @inline(__always)
    func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 40) & mask }

    /// Whether an entry with this hash is there. Other keys may have the same hash.
    @inlinable @inline(__always)
    func isFilled(_ hash: UInt64) -> Bool { tags[place(hash)] == hash | 3 }

    /// Whether the entry is to be filled now: the key comes for the second time. The first time is noted.
    @usableFromInline
    func claim(_ hash: UInt64) -> Bool {
        let place = place(hash)
        let isKnown = tags[place] | 1 == hash | 3
        tags[place] = isKnown ? hash | 3 : (hash | 3) & ~1
        return isKnown
    }
}
