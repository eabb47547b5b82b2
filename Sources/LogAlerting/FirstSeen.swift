internal import LogBytes

/// The values that a rule has seen, by their hashes, each with when it was seen last.
///
/// A value is new when it was not seen for `memory`, and its group has been known for longer than `learning`: what comes
/// first in a group is usual there. A table of open addressing, 24 bytes an entry, at least a quarter of it free.
struct FirstSeen: ~Copyable {
    /// Values and groups that a rule remembers: 6 MB. When it is full of values that have not expired, further ones are not
    /// remembered, raise nothing and are counted.
    static let entriesMax = 100_000

    struct Entry: BitwiseCopyable {
        /// 0 for a free place.
        var hash: UInt64
        var first: Int64
        var last: Int64
    }

    private let memory: Int64
    private let learning: Int64
    private var entries = Vector<Entry>(capacity: 16)
    private(set) var count = 0
    private(set) var refused: UInt64 = 0
    /// Nothing can have expired before.
    private var purgeTime = Int64.min

    init(memory: Int64, learning: Int64) {
        self.memory = memory
        self.learning = learning
        allocate(16)
    }

    private mutating func allocate(_ size: Int) {
        entries = Vector<Entry>(capacity: size)
        for _ in 0..<size { entries.append(Entry(hash: 0, first: 0, last: 0)) }
    }

    /// Notes that a value was seen in a group at `time`; true when it is new.
    mutating func see(_ value: UInt64, group: UInt64, at time: Int64) -> Bool {
        guard let known = find(group, time) else { return false }
        if isExpired(entries[known], time) { entries[known].first = time }
        entries[known].last = max(entries[known].last, time)
        let first = entries[known].first
        let before = count
        guard let place = find(value, time) else { return false }
        let isNew = count > before || isExpired(entries[place], time)
        if isNew { entries[place].first = time }
        entries[place].last = max(entries[place].last, time)
        return isNew && time.minusClamped(first) >= learning
    }

    private func isExpired(_ entry: Entry, _ time: Int64) -> Bool {
        entry.last < time.minusClamped(memory)
    }

    /// The place of `hash`, which is made; nil when there is no room.
    private mutating func find(_ hash: UInt64, _ time: Int64) -> Int? {
        let hash = hash == 0 ? 1 : hash
        if let known = place(hash) { return known }
        if count == Self.entriesMax, !purge(time) {
            refused += 1
            return nil
        }
        if count * 4 >= entries.count * 3 { rebuild(entries.count * 2) { _ in true } }
        var place = Int(truncatingIfNeeded: hash) & (entries.count - 1)
        while entries[place].hash != 0 { place = (place + 1) & (entries.count - 1) }
        entries[place] = Entry(hash: hash, first: time, last: time)
        count += 1
        return place
    }

    private func place(_ hash: UInt64) -> Int? {
        let mask = entries.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while entries[place].hash != 0 {
            if entries[place].hash == hash { return place }
            place = (place + 1) & mask
        }
        return nil
    }

    /// Forgets what has expired; true when there is room now. Asked again only when another sixteenth of the memory is over.
    private mutating func purge(_ time: Int64) -> Bool {
        guard time >= purgeTime else { return false }
        purgeTime = time.plusClamped(memory / 16)
        let oldest = time.minusClamped(memory)
        rebuild(entries.count) { $0 >= oldest }
        return count < Self.entriesMax
    }

    private mutating func rebuild(_ size: Int, keeping isKept: (Int64) -> Bool) {
        var kept: [Entry] = []
        for entry in entries.buffer where entry.hash != 0 && isKept(entry.last) {
            kept.append(entry)
        }
        allocate(size)
        count = kept.count
        for entry in kept {
            var place = Int(truncatingIfNeeded: entry.hash) & (size - 1)
            while entries[place].hash != 0 { place = (place + 1) & (size - 1) }
            entries[place] = entry
        }
    }

    mutating func removeAll() {
        allocate(16)
        count = 0
        purgeTime = .min
    }

    // MARK: Snapshots

    func write(into out: inout ByteWriter) {
        out.append(fixed: refused)
        out.append(zigzag: purgeTime)
        out.append(length: count)
        for entry in entries.buffer where entry.hash != 0 {
            out.append(fixed: entry.hash)
            out.append(fixed: entry.first)
            out.append(fixed: entry.last)
        }
    }

    mutating func read(_ reader: inout ByteReader) throws(MalformedBytes) {
        removeAll()
        refused = try reader.fixed(UInt64.self, "refused values")
        purgeTime = try reader.zigzag("the time of the last purge")
        let wanted = try reader.length(atMost: Self.entriesMax, "remembered values")
        guard reader.remaining >= wanted * 24 else { throw reader.malformed("remembered values") }
        for _ in 0..<wanted {
            let hash = try reader.fixed(UInt64.self, "a value's hash")
            let first = try reader.fixed(Int64.self, "when a value came first")
            let last = try reader.fixed(Int64.self, "when a value came last")
            guard hash != 0, place(hash) == nil, let place = find(hash, first) else {
                throw reader.malformed("a value's hash")
            }
            entries[place].last = last
        }
    }
}
