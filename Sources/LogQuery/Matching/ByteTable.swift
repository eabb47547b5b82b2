internal import LogBytes

/// A set of byte strings, each with the number under which it came in: the key table of groups and of `in(…)`.
///
/// Open addressing over one buffer; nothing is allocated for each string. One thread adds; once nobody adds any more,
/// threads may look up at once.
final class ByteTable: @unchecked Sendable {
    private var bytes: ByteWriter
    private var ends = Vector<Int>(capacity: 16)
    private var hashes = Vector<UInt64>(capacity: 16)
    /// The number of a string plus one, or 0, at the place that its hash names or behind.
    private var slots: Vector<UInt32>
    private var mask: Int

    init() {
        bytes = ByteWriter(capacity: 64)
        slots = Vector<UInt32>(capacity: 16)
        for _ in 0..<16 { slots.append(0) }
        mask = 15
    }

    /// The number of strings.
    var count: Int { ends.count }

    /// The memory in use.
    var memoryBytes: Int {
        bytes.capacity + (ends.capacity + hashes.capacity) * 8 + slots.capacity * 4
    }

    /// The string that came in as `number`; the view is valid until the next one is added.
    func key(_ number: Int) -> ByteView {
        let start = number == 0 ? 0 : ends[number - 1]
        return ByteView(bytes.base + start, ends[number] - start)
    }

    /// The number of `key`, or nil.
    func find(_ key: ByteView) -> Int? {
        let hash = key.memoryHash
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, self.key(number) == key { return number }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The number of `key`, which is added when it is new.
    func insert(_ key: ByteView) -> (number: Int, isNew: Bool) {
        if let number = find(key) { return (number, false) }
        let hash = key.memoryHash
        let number = ends.count
        bytes.append(key)
        ends.append(bytes.count)
        hashes.append(hash)
        if ends.count * 2 > mask { grow() } else { place(number, hash) }
        return (number, true)
    }

    private func place(_ number: Int, _ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(number + 1)
    }

    private func grow() {
        let size = (mask + 1) * 2
        slots = Vector<UInt32>(capacity: size)
        for _ in 0..<size { slots.append(0) }
        mask = size - 1
        for number in 0..<ends.count { place(number, hashes[number]) }
    }
}
