/// Growth, folding, merging: the parts of the histogram that few values reach.
extension LatencyHistogram {
    /// Bytes of room that are made at once: of ten thousand histograms, what stands empty is a good part.
    private static var growthMax: Int { 96 }
    /// Bytes behind the header when the first value comes: eight bucket numbers.
    private static var firstCapacity: Int { 16 }

    @usableFromInline
    mutating func makeBlock() {
        let fresh = UnsafeMutableRawPointer.allocate(
            byteCount: 48 + Self.firstCapacity + Self.spareBytes, alignment: 8)
        var header = Header()
        header.capacity = UInt32(Self.firstCapacity)
        fresh.initializeMemory(as: Header.self, repeating: header, count: 1)
        block = fresh
    }

    /// Gives the block at least `capacity` bytes behind its header.
    private mutating func reserve(_ capacity: Int) {
        guard let old = block else { return }
        let present = Int(Self.header(old).pointee.capacity)
        if present >= capacity { return }
        let limit = Self.directoryBytes + Self.unitsMax * Self.unitBytes
        let larger = Swift.min(
            Swift.max(capacity, present + Swift.min(present / 2, Self.growthMax)), limit)
        let fresh = UnsafeMutableRawPointer.allocate(
            byteCount: 48 + larger + Self.spareBytes, alignment: 8)
        fresh.copyMemory(from: old, byteCount: 48 + present)
        Self.header(fresh).pointee.capacity = UInt32(larger)
        old.deallocate()
        block = fresh
    }

    /// Adds `amount` to a bucket, without touching count, sum, minimum and maximum.
    @usableFromInline
    mutating func addSlow(_ bucket: Int, _ amount: UInt64) {
        guard let block else { return }
        if Self.header(block).pointee.units != Header.listForm {
            return addToPage(bucket, amount)
        }
        let used = listCount
        if used + Int(Swift.min(amount, 1 << 10)) <= Self.listMax {
            for index in 0..<Int(amount) { appendToList(bucket, at: used + index) }
        } else {
            makePages()
            addToPage(bucket, amount)
        }
    }

    /// How many numbers the list holds is kept in the floor's place, which only pages need.
    private var listCount: Int {
        block.map { Int(Self.header($0).pointee.floorBucket) } ?? 0
    }

    private mutating func appendToList(_ bucket: Int, at index: Int) {
        reserve((index + 1) * 2)
        guard let block else { return }
        (Self.body(block) + index * 2).withMemoryRebound(to: UInt16.self, capacity: 1) {
            $0.pointee = UInt16(bucket)
        }
        Self.header(block).pointee.floorBucket = UInt32(index + 1)
    }

    private func list(_ index: Int, _ block: UnsafeMutableRawPointer) -> Int {
        Int((block + 48).load(fromByteOffset: index * 2, as: UInt16.self))
    }

    private mutating func makePages() {
        guard let old = block else { return }
        let buckets = (0..<listCount).map { list($0, old) }
        reserve(Self.directoryBytes + 4 * Self.unitBytes)
        guard let block else { return }
        Self.header(block).pointee.units = 0
        Self.header(block).pointee.floorBucket = 0
        Self.body(block).update(repeating: Self.absent, count: Self.directoryBytes)
        for bucket in buckets { addToPage(bucket, 1) }
    }

    private func page(_ entry: UInt8, _ block: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        block + 48 + Self.directoryBytes + Int(entry >> 2) * Self.unitBytes
    }

    private func counter(
        _ index: Int, _ width: UInt8, _ page: UnsafeMutableRawPointer
    ) -> UInt64 {
        switch width {
        case 0: UInt64(page.load(fromByteOffset: index, as: UInt8.self))
        case 1: UInt64(page.load(fromByteOffset: index * 2, as: UInt16.self))
        case 2: UInt64(page.load(fromByteOffset: index * 4, as: UInt32.self))
        default: page.load(fromByteOffset: index * 8, as: UInt64.self)
        }
    }

    private func store(
        _ value: UInt64, _ index: Int, _ width: UInt8, _ page: UnsafeMutableRawPointer
    ) {
        switch width {
        case 0: page.storeBytes(of: UInt8(value), toByteOffset: index, as: UInt8.self)
        case 1: page.storeBytes(of: UInt16(value), toByteOffset: index * 2, as: UInt16.self)
        case 2: page.storeBytes(of: UInt32(value), toByteOffset: index * 4, as: UInt32.self)
        default: page.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
        }
    }

    /// log2 of the bytes that a counter of `value` takes.
    private func width(for value: UInt64) -> UInt8 {
        value <= 0xFF ? 0 : value <= 0xFFFF ? 1 : value <= 0xFFFF_FFFF ? 2 : 3
    }

    private mutating func addToPage(_ bucket: Int, _ amount: UInt64) {
        guard let present = block else { return }
        let target = Swift.max(bucket, Int(Self.header(present).pointee.floorBucket))
        let entry = Self.body(present)[target >> 5]
        if entry != Self.absent {
            let place = page(entry, present)
            let value = counter(target & 31, entry & 3, place) &+ amount
            if width(for: value) <= entry & 3 {
                store(value, target & 31, entry & 3, place)
                return
            }
            return widen(target, to: value)
        }
        if amount <= 0xFF, Int(Self.header(present).pointee.units) < Self.unitsMax {
            return addSmallPage(target, UInt8(amount))
        }
        widen(target, to: amount)
    }

    /// Makes the page of `bucket` with counters of one byte; there is room for it.
    private mutating func addSmallPage(_ bucket: Int, _ amount: UInt8) {
        guard let used = block.map({ Int(Self.header($0).pointee.units) }) else { return }
        reserve(Self.directoryBytes + (used + 1) * Self.unitBytes)
        guard let block else { return }
        let entry = UInt8(used << 2)
        Self.body(block)[bucket >> 5] = entry
        Self.header(block).pointee.units = UInt32(used + 1)
        let place = page(entry, block)
        place.initializeMemory(as: UInt8.self, repeating: 0, count: Self.unitBytes)
        place.storeBytes(of: amount, toByteOffset: bucket & 31, as: UInt8.self)
    }

    /// Gives the page of `bucket` counters wide enough for `value`, making it when it does not exist, and sets the bucket.
    private mutating func widen(_ bucket: Int, to value: UInt64) {
        let number = bucket >> 5
        var counters = [UInt64](repeating: 0, count: Self.pageBuckets)
        if let block, Self.body(block)[number] != Self.absent {
            let entry = Self.body(block)[number]
            for index in 0..<Self.pageBuckets {
                counters[index] = counter(index, entry & 3, page(entry, block))
            }
            removePage(number)
        }
        counters[bucket & 31] = value
        insertPage(number, counters)
    }

    private mutating func removePage(_ number: Int) {
        guard let block else { return }
        let directory = Self.body(block)
        let entry = directory[number]
        guard entry != Self.absent else { return }
        let size = 1 << Int(entry & 3)
        let unit = Int(entry >> 2)
        let used = Int(Self.header(block).pointee.units)
        let place = page(entry, block)
        place.copyMemory(
            from: place + size * Self.unitBytes,
            byteCount: (used - unit - size) * Self.unitBytes)
        directory[number] = Self.absent
        for other in 0..<Self.directoryBytes
        where directory[other] != Self.absent && Int(directory[other] >> 2) > unit {
            directory[other] -= UInt8(size << 2)
        }
        Self.header(block).pointee.units -= UInt32(size)
    }

    private mutating func insertPage(_ number: Int, _ wanted: [UInt64]) {
        var counters = wanted
        while let block,
            Int(Self.header(block).pointee.units) + size(of: counters) > Self.unitsMax
        {
            guard let lowest = lowestPage, lowest < number else {
                return foldBelow(counters)
            }
            let total = sum(ofPage: lowest)
            removePage(lowest)
            let next = Swift.min(lowestPage ?? number, number)
            Self.header(block).pointee.floorBucket = UInt32(next << 5)
            if next == number {
                counters[0] &+= total
            } else {
                addToPage(next << 5, total)
            }
        }
        guard let used = block.map({ Int(Self.header($0).pointee.units) }) else { return }
        let size = size(of: counters)
        reserve(Self.directoryBytes + (used + size) * Self.unitBytes)
        guard let block else { return }
        let entry = UInt8(used << 2) | UInt8(size.trailingZeroBitCount)
        Self.body(block)[number] = entry
        Self.header(block).pointee.units = UInt32(used + size)
        for index in 0..<Self.pageBuckets {
            store(counters[index], index, entry & 3, page(entry, block))
        }
    }

    /// The units that a page of these counters takes.
    private func size(of counters: [UInt64]) -> Int { 1 << Int(width(for: counters.max() ?? 0)) }

    private func sum(ofPage number: Int) -> UInt64 {
        guard let block, Self.body(block)[number] != Self.absent else { return 0 }
        let entry = Self.body(block)[number]
        let place = page(entry, block)
        return (0..<Self.pageBuckets).reduce(0) { $0 &+ counter($1, entry & 3, place) }
    }

    private var lowestPage: Int? {
        guard let block else { return nil }
        let directory = Self.body(block)
        return (0..<Self.directoryBytes).first { directory[$0] != Self.absent }
    }

    /// Where a new page would be the lowest and there is no room: its values go into the first bucket of the next one.
    private mutating func foldBelow(_ counters: [UInt64]) {
        guard let block, let next = lowestPage else { return }
        Self.header(block).pointee.floorBucket = UInt32(next << 5)
        addToPage(next << 5, counters.reduce(0, &+))
    }

    /// Marks the lowest page as the one into which lower ones were folded.
    mutating func keepFolded() {
        guard let block, Self.header(block).pointee.units != Header.listForm,
            let lowest = lowestPage
        else { return }
        Self.header(block).pointee.floorBucket = UInt32(lowest << 5)
    }

    /// Calls `body` with each bucket in use and its count, ascending, until it answers false.
    func forEachBucket(_ body: (Int, UInt64) -> Bool) {
        var goesOn = true
        forEachRun { bucket, length, amount in
            guard length == 1 else { return false }
            if goesOn { goesOn = body(bucket, amount) }
            return true
        }
    }

    /// Calls `body` with runs of neighbouring buckets, ascending: the first, how many, and what they count together, which is
    /// not 0. Where it answers false to a run of several, it gets those in use one by one.
    @inline(__always)
    func forEachRun(_ body: (Int, Int, UInt64) -> Bool) {
        guard let block else { return }
        if Self.header(block).pointee.units == Header.listForm {
            let buckets = (0..<listCount).map { list($0, block) }.sorted()
            for bucket in buckets { _ = body(bucket, 1, 1) }
            return
        }
        let directory = Self.body(block)
        for number in 0..<Self.directoryBytes where directory[number] != Self.absent {
            let width = directory[number] & 3
            let place = page(directory[number], block)
            // Eight bytes of counters at a time: most are zero.
            let step = 8 >> Int(width)
            for first in stride(from: 0, to: Self.pageBuckets, by: step) {
                let word = place.load(fromByteOffset: first << Int(width), as: UInt64.self)
                guard word != 0 else { continue }
                let bucket = number << 5 + first
                if body(bucket, step, Self.sum(word, width)) { continue }
                for index in 0..<step {
                    let amount = counter(first + index, width, place)
                    if amount > 0 { _ = body(bucket + index, 1, amount) }
                }
            }
        }
    }

    /// The sum of the counters in eight bytes.
    @inline(__always)
    private static func sum(_ word: UInt64, _ width: UInt8) -> UInt64 {
        switch width {
        case 0:
            let pairs = (word & 0x00FF_00FF_00FF_00FF) &+ (word >> 8 & 0x00FF_00FF_00FF_00FF)
            return (pairs &* 0x0001_0001_0001_0001) >> 48
        case 1:
            let pairs = (word & 0x0000_FFFF_0000_FFFF) &+ (word >> 16 & 0x0000_FFFF_0000_FFFF)
            return (pairs & 0xFFFF_FFFF) &+ (pairs >> 32)
        case 2: return (word & 0xFFFF_FFFF) &+ (word >> 32)
        default: return word
        }
    }

    /// Adds all values of `other`, which stays as it is.
    public mutating func merge(_ other: borrowing LatencyHistogram) {
        guard let theirs = other.block, other.count > 0 else { return }
        if block == nil { makeBlock() }
        guard let mine = block else { return }
        let source = Self.header(theirs).pointee
        let header = Self.header(mine)
        header.pointee.count &+= source.count
        header.pointee.sum += source.sum
        header.pointee.min = Swift.min(header.pointee.min, source.min)
        header.pointee.max = Swift.max(header.pointee.max, source.max)
        if source.units == Header.listForm {
            for index in 0..<other.listCount { addSlow(list(index, theirs), 1) }
            return
        }
        if Self.header(mine).pointee.units == Header.listForm { makePages() }
        other.forEachBucket { bucket, amount in
            addToPage(bucket, amount)
            return true
        }
    }

    /// A histogram of the same values.
    public func copy() -> LatencyHistogram {
        var result = LatencyHistogram()
        result.merge(self)
        return result
    }
}
