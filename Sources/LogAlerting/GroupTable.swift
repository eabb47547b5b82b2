internal import LogBytes
internal import LogMetrics

/// One label set of a rule, what each of its records touches: its window and whether its alert waits for records.
struct AlertGroup: BitwiseCopyable {
    enum State: UInt8, BitwiseCopyable {
        case inactive, pending, firing
    }

    var state = State.inactive
    /// Whether the boundaries to come may change its state without another record.
    fileprivate(set) var isAwake = false
    /// Whether the condition holds at every level, so that no record can add to that.
    var holdsAll = false
    /// The level at which it fires, −1 when it does not.
    var level: Int8 = -1
    /// Records that must come before a threshold can be reached; spares a look at the window for most records.
    var budget: UInt32 = 0
    var window: GroupWindow
}

/// What decisions remember of a group. Most groups have none: nothing was ever decided about them.
struct AlertMemory: BitwiseCopyable {
    /// When the condition began to hold.
    var since = Int64.min
    /// When it ceased to hold at the level at which the alert fires; the least time there is while it holds.
    var ceased = Int64.min
    /// For rules that wait for records, the slot of the first one, and of the last one.
    var firstSlot = Int64.min
    var lastSlot = Int64.min
}

/// The condition of one level.
struct LevelMemory: BitwiseCopyable {
    /// When it began to hold; the least time there is while it does not.
    var since = Int64.min
    /// Boundaries up to this slot were decided when it began to hold.
    var activeSlot = Int64.min
    /// Whether it held at the evaluations before, the last one in the lowest bit.
    var history: UInt64 = 0

    var holds: Bool { since != .min }

    /// Whether nothing has been decided.
    var isFresh: Bool { since == .min && activeSlot == .min && history == 0 }
}

/// The groups of a rule by the bytes of their key.
struct GroupTable: ~Copyable {
    /// Groups of one rule at once. Attackers choose client addresses and user names; beyond this many, records of further
    /// groups are left out and counted.
    static let groupsMax = 10_000

    private(set) var keys = ByteKeyTable()
    private(set) var groups: UnsafeMutablePointer<AlertGroup>
    /// A memory and, behind it, one for each level; nil where there is nothing to remember.
    private var memories: UnsafeMutablePointer<UnsafeMutablePointer<AlertMemory>?>
    let levelCount: Int
    private var capacity = 8
    /// One bit a group, so that boundaries find the few that are awake among thousands.
    private var awake = Vector<UInt64>(capacity: 1)
    private(set) var awakeCount = 0
    /// Where the groups of numbered keys are (`KeyNumbers`), by number.
    private var places = Vector<GroupPlace>(capacity: 1)
    /// How often groups were removed, which gives others their numbers.
    private var age: UInt32 = 1

    init(levelCount: Int) {
        self.levelCount = levelCount
        groups = .allocate(capacity: capacity)
        memories = .allocate(capacity: capacity)
    }

    /// The owner has freed all windows, which takes their layout.
    deinit {
        for number in 0..<keys.count { forget(number) }
        groups.deallocate()
        memories.deallocate()
    }

    var count: Int { keys.count }

    /// The number of the group of `key`, −1 when there is none.
    @inline(__always)
    func find(_ key: ByteView, hash: UInt64) -> Int { keys.find(key, hash: hash) }

    /// Asks for the memory in which `locate` will look.
    @inline(__always)
    func prefetchPlace(_ shared: Int) { (places.base + shared).prefetch() }

    /// Asks for a group, which may lie across two cache lines.
    @inline(__always)
    func prefetchGroup(_ number: Int) {
        let group = UnsafeMutableRawPointer(groups + number).assumingMemoryBound(to: UInt8.self)
        group.prefetch()
        (group + MemoryLayout<AlertGroup>.size - 1).prefetch()
    }

    /// The number of the group of `key`, −1 when there is none. `shared` is the number of the key in `generation`.
    @inline(__always)
    mutating func locate(
        _ key: @autoclosure () -> (view: ByteView, hash: UInt64), shared: Int, generation: UInt32
    ) -> Int {
        if shared < places.count {
            let place = places[shared]
            if place.age == age, place.generation == generation { return Int(place.number) }
        }
        return locateAnew(key(), shared, generation)
    }

    @inline(never)
    private mutating func locateAnew(
        _ key: (view: ByteView, hash: UInt64), _ shared: Int, _ generation: UInt32
    ) -> Int {
        let number = keys.find(key.view, hash: key.hash)
        guard number >= 0 else { return -1 }
        note(number, shared, generation)
        return number
    }

    /// Takes down that the key with the number `shared` in `generation` is that of group `number`.
    mutating func note(_ number: Int, _ shared: Int, _ generation: UInt32) {
        while places.count <= shared { places.append(GroupPlace()) }
        places[shared] = GroupPlace(age: age, generation: generation, number: Int32(number))
    }

    /// Makes the group of `key`, which does not exist; its number, −1 when there are too many.
    mutating func insert(
        _ key: ByteView, hash: UInt64, _ layout: WindowLayout
    ) -> Int {
        guard keys.count < Self.groupsMax else { return -1 }
        let number = keys.count
        if number == capacity { grow() }
        (groups + number).initialize(to: AlertGroup(window: GroupWindow(layout)))
        (memories + number).initialize(to: nil)
        if number >> 6 == awake.count { awake.append(0) }
        return keys.insert(key, hash: hash)
    }

    private mutating func grow() {
        func grown<Element: BitwiseCopyable>(
            _ old: UnsafeMutablePointer<Element>, _ count: Int
        ) -> UnsafeMutablePointer<Element> {
            let fresh = UnsafeMutablePointer<Element>.allocate(capacity: count * 2)
            fresh.update(from: old, count: count)
            old.deallocate()
            return fresh
        }
        groups = grown(groups, capacity)
        memories = grown(memories, capacity)
        capacity *= 2
    }

    /// Removes a group; the last one takes its number.
    mutating func remove(_ number: Int, _ layout: WindowLayout) {
        let last = keys.count - 1
        groups[number].window.destroy(layout)
        forget(number)
        sleep(number)
        if number != last {
            let isAwake = groups[last].isAwake
            sleep(last)
            groups[number] = groups[last]
            memories[number] = memories[last]
            if isAwake { wake(number) }
        }
        keys.remove(number)
        age &+= 1
    }

    mutating func removeAll(_ layout: WindowLayout) {
        while count > 0 { remove(count - 1, layout) }
    }

    // MARK: Memories

    /// What is remembered of a group.
    func memory(_ number: Int) -> AlertMemory { memories[number]?.pointee ?? AlertMemory() }

    /// What is remembered of a level of a group.
    @inline(__always)
    func level(_ number: Int, _ level: Int) -> LevelMemory {
        memories[number].map { Self.levels($0)[level] } ?? LevelMemory()
    }

    /// The memory of a group, made where there is none.
    func remember(_ number: Int) -> UnsafeMutablePointer<AlertMemory> {
        if let known = memories[number] { return known }
        let size =
            MemoryLayout<AlertMemory>.stride + levelCount * MemoryLayout<LevelMemory>.stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: size, alignment: MemoryLayout<AlertMemory>.alignment
        ).bindMemory(to: AlertMemory.self, capacity: 1)
        memory.initialize(to: AlertMemory())
        Self.levels(memory).initialize(repeating: LevelMemory(), count: levelCount)
        memories[number] = memory
        return memory
    }

    /// The memory of a level of a group, made where there is none.
    func rememberLevel(_ number: Int, _ level: Int) -> UnsafeMutablePointer<LevelMemory> {
        Self.levels(remember(number)) + level
    }

    private static func levels(
        _ memory: UnsafeMutablePointer<AlertMemory>
    ) -> UnsafeMutablePointer<LevelMemory> {
        UnsafeMutableRawPointer(memory + 1).assumingMemoryBound(to: LevelMemory.self)
    }

    /// Frees the memory of a group.
    func forget(_ number: Int) {
        memories[number].map { UnsafeMutableRawPointer($0).deallocate() }
        memories[number] = nil
    }

    /// Whether nothing has been decided about a group, or nothing that is of account any more.
    func isCalm(_ number: Int) -> Bool {
        guard let memory = memories[number] else { return true }
        guard groups[number].state == .inactive, memory.pointee.since == .min,
            memory.pointee.ceased == .min
        else { return false }
        return (0..<levelCount).allSatisfy { Self.levels(memory)[$0].isFresh }
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

/// Where a rule's group of a numbered key is.
struct GroupPlace: BitwiseCopyable {
    /// The place is right while the table's age and the generation of the numbers are these.
    var age: UInt32 = 0
    var generation: UInt32 = 0
    var number: Int32 = -1
}
