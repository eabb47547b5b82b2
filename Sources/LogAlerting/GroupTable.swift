internal import LogBytes
internal import LogMetrics

/// One label set of a rule: its window and its alert.
struct AlertGroup: ~Copyable {
    enum State: UInt8 {
        case inactive, pending, firing
    }

    var state = State.inactive
    /// Whether the boundaries to come may change its state without another record.
    fileprivate(set) var isAwake = false
    /// Matches that must come before the threshold can be reached; spares a look at the window for most records.
    var budget: UInt32 = 0
    /// Boundaries up to this slot were decided when the alert became active.
    var activeSlot = Int64.min
    /// When the condition began to hold.
    var since = Int64.min
    var window: SlidingWindow

    init(keepsSamples: Bool) { window = SlidingWindow(keepsSamples: keepsSamples) }

    var isIdle: Bool { state == .inactive && window.isEmpty }
}

/// The groups of a rule by the bytes of their key.
struct GroupTable: ~Copyable {
    /// Groups of one rule at once. Attackers choose client addresses and user names; beyond this many, records of further
    /// groups are left out and counted.
    static let groupsMax = 10_000

    private(set) var keys = ByteKeyTable()
    private(set) var groups: UnsafeMutablePointer<AlertGroup>
    private var capacity = 8
    private let keepsSamples: Bool
    /// One bit a group, so that boundaries find the few that are awake among thousands.
    private var awake = Vector<UInt64>(capacity: 1)
    private(set) var awakeCount = 0

    init(keepsSamples: Bool) {
        self.keepsSamples = keepsSamples
        groups = .allocate(capacity: capacity)
    }

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
        (groups + keys.count).initialize(to: AlertGroup(keepsSamples: keepsSamples))
        if keys.count >> 6 == awake.count { awake.append(0) }
        return keys.insert(key, hash: hash)
    }

    /// Removes a group; the last one takes its number.
    mutating func remove(_ number: Int) {
        let last = keys.count - 1
        sleep(number)
        if number != last {
            let isAwake = groups[last].isAwake
            sleep(last)
            (groups + number).deinitialize(count: 1)
            (groups + number).moveInitialize(from: groups + last, count: 1)
            if isAwake { wake(number) }
        } else {
            (groups + number).deinitialize(count: 1)
        }
        keys.remove(number)
    }

    mutating func removeAll() {
        while count > 0 { remove(count - 1) }
    }

    // MARK: Awake

    mutating func wake(_ number: Int) {
        if groups[number].isAwake { return }
        groups[number].isAwake = true
        awake[number >> 6] |= 1 << UInt64(number & 63)
        awakeCount += 1
    }

    mutating func sleep(_ number: Int) {
        guard groups[number].isAwake else { return }
        groups[number].isAwake = false
        awake[number >> 6] &= ~(1 << UInt64(number & 63))
        awakeCount -= 1
    }

    /// The awake group with the highest number up to `last`, −1 when there is none.
    func awakeGroup(upTo last: Int) -> Int {
        guard last >= 0 else { return -1 }
        var index = last >> 6
        var word = awake[index] & (~0 >> UInt64(63 - last & 63))
        while word == 0 {
            index -= 1
            if index < 0 { return -1 }
            word = awake[index]
        }
        return index << 6 + 63 - word.leadingZeroBitCount
    }
}
