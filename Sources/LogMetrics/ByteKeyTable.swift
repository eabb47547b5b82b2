public import LogBytes

/// A hash table from bytes to dense numbers 0, 1, 2, …; it copies its keys. Open addressing, linear probing.
///
/// Looking up allocates nothing. Removing moves the last number into the gap, so that whoever keeps arrays beside the table
/// moves its last element likewise.
public struct ByteKeyTable: ~Copyable {
    @usableFromInline
    struct Key: BitwiseCopyable {
        @usableFromInline var hash: UInt64
        @usableFromInline var start: UnsafeMutablePointer<UInt8>
        @usableFromInline var count: Int
    }

    @usableFromInline var keys = Vector<Key>(capacity: 8)
    /// The number of a key plus one; 0 is free. At most half of the places are taken.
    @usableFromInline var places = Vector<UInt32>(capacity: 16)
    @usableFromInline var mask: Int

    /// An empty table.
    public init() {
        for _ in 0..<16 { places.append(0) }
        mask = 15
    }

    deinit {
        for index in 0..<keys.count { keys[index].start.deallocate() }
    }

    /// The number of keys.
    @inlinable
    public var count: Int { keys.count }

    /// The bytes of key `number`, valid until it is removed.
    @inlinable
    public func key(_ number: Int) -> ByteView {
        ByteView(keys[number].start, keys[number].count)
    }

    /// The `memoryHash` of key `number`.
    @inlinable
    public func hash(_ number: Int) -> UInt64 { keys[number].hash }

    /// The number of `key`, whose `memoryHash` is `hash`; −1 when it is not in the table.
    @inlinable
    public func find(_ key: ByteView, hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let number = Int(places[place]) - 1
            if number < 0 { return -1 }
            let candidate = keys[number]
            if candidate.hash == hash,
                ByteView(candidate.start, candidate.count).hasSameBytes(as: key)
            {
                return number
            }
            place = (place + 1) & mask
        }
    }

    /// Asks for the memory that `find` reads, in three steps, each of which needs what the one before asked for: for several keys,
    /// one step for all of them before the next.
    @inlinable @inline(__always)
    public func prefetch(hash: UInt64, step: Int) {
        let place = places.base + (Int(truncatingIfNeeded: hash) & mask)
        if step == 0 { return place.prefetch() }
        // Most often the key is in its own place; what is in another one is waited for.
        let number = Int(place.pointee) - 1
        if number < 0 { return }
        if step == 1 { return (keys.base + number).prefetch() }
        keys[number].start.prefetch()
    }

    /// Asks for the bytes of key `number`.
    public func prefetchKey(_ number: Int) { keys[number].start.prefetch() }

    /// Adds `key`, which is not in the table; its number is the old `count`.
    @discardableResult
    public mutating func insert(_ key: ByteView, hash: UInt64) -> Int {
        if (keys.count + 1) * 2 > places.count { grow() }
        let start = UnsafeMutablePointer<UInt8>.allocate(capacity: max(key.count, 1))
        start.update(from: key.start, count: key.count)
        keys.append(Key(hash: hash, start: start, count: key.count))
        put(UInt32(keys.count), hash)
        return keys.count - 1
    }

    private func put(_ entry: UInt32, _ hash: UInt64) {
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] != 0 { place = (place + 1) & mask }
        places[place] = entry
    }

    private mutating func grow() {
        let size = places.count * 2
        places = Vector<UInt32>(capacity: size)
        for _ in 0..<size { places.append(0) }
        mask = size - 1
        for number in 0..<keys.count { put(UInt32(number + 1), keys[number].hash) }
    }

    /// Removes key `number`; the last key takes its number.
    public mutating func remove(_ number: Int) {
        clearPlace(of: number)
        keys[number].start.deallocate()
        let last = keys.count - 1
        if number != last {
            let moved = keys[last]
            places[place(of: last)] = UInt32(number + 1)
            keys[number] = moved
        }
        keys.truncate(last)
    }

    private func place(of number: Int) -> Int {
        var place = Int(truncatingIfNeeded: keys[number].hash) & mask
        while places[place] != UInt32(number + 1) { place = (place + 1) & mask }
        return place
    }

    /// Frees the place of a key and moves later keys of its run back, so that no search breaks off at the gap (Knuth,
    /// algorithm 6.4 R).
    private func clearPlace(of number: Int) {
        var gap = place(of: number)
        places[gap] = 0
        var place = gap
        while true {
            place = (place + 1) & mask
            let entry = places[place]
            if entry == 0 { return }
            let home = Int(truncatingIfNeeded: keys[Int(entry) - 1].hash) & mask
            let staysReachable =
                gap <= place ? (gap < home && home <= place) : (gap < home || home <= place)
            if staysReachable { continue }
            places[gap] = entry
            places[place] = 0
            gap = place
        }
    }
}
