internal import LogBytes
internal import LogMetrics

/// One label set of a rule: its window and its alert.
struct AlertGroup: ~Copyable {
    enum State: UInt8 {
        case inactive, pending, firing
    }

    var state = State.inactive
    /// Boundaries up to this slot were decided when the alert became active.
    var activeSlot = Int64.min
    /// When the condition began to hold.
    var since = Int64.min
    /// Matches that must come before the threshold can be reached; spares a look at the window for most records.
    var budget: UInt64 = 0
    var counts = SlidingWindow<CountPair>()
    var values = SlidingWindow<LatencyHistogram>()

    var isIdle: Bool { state == .inactive && counts.isEmpty && values.isEmpty }
}

/// The groups of a rule by the bytes of their key.
struct GroupTable: ~Copyable {
    /// Groups of one rule at once. Attackers choose client addresses and user names; beyond this many, records of further
    /// groups are left out and counted.
    static let groupsMax = 10_000
    /// Longer keys are cut: groups that differ only behind so many bytes are one.
    static let keyBytesMax = 1_024

    private(set) var keys = ByteKeyTable()
    private(set) var groups: UnsafeMutablePointer<AlertGroup>
    private var capacity = 8

    init() { groups = .allocate(capacity: capacity) }

    deinit {
        groups.deinitialize(count: keys.count)
        groups.deallocate()
    }

    var count: Int { keys.count }

    /// The number of the group of `key`, which is made when it does not exist; −1 when there are too many.
    @inline(__always)
    mutating func group(_ key: ByteView, hash: UInt64) -> Int {
        let found = keys.find(key, hash: hash)
        return found >= 0 ? found : insert(key, hash)
    }

    private mutating func insert(_ key: ByteView, _ hash: UInt64) -> Int {
        guard keys.count < Self.groupsMax else { return -1 }
        if keys.count == capacity {
            let fresh = UnsafeMutablePointer<AlertGroup>.allocate(capacity: capacity * 2)
            fresh.moveInitialize(from: groups, count: capacity)
            groups.deallocate()
            groups = fresh
            capacity *= 2
        }
        (groups + keys.count).initialize(to: AlertGroup())
        return keys.insert(key, hash: hash)
    }

    /// Removes a group; the last one takes its number.
    mutating func remove(_ number: Int) {
        let last = keys.count - 1
        (groups + number).deinitialize(count: 1)
        if number != last { (groups + number).moveInitialize(from: groups + last, count: 1) }
        keys.remove(number)
    }

    mutating func removeAll() {
        while count > 0 { remove(count - 1) }
    }
}
