internal import LogBytes

/// Different values by their hashes: exact while they are few, then a sketch.
///
/// Up to `exactMax` hashes stand in a table of open addressing. Beyond, 2,048 registers of HyperLogLog (Flajolet et al.,
/// 2007) take their place, with linear counting in the low range: 2 KB, 2.3 % standard error (1.04 / √2048). Hashes of 64
/// bits make two values one in less than one of 10¹⁰ pairs.
final class ValueSet {
    /// Hashes that are counted one by one. The table for so many takes 4 KB; a sketch takes half of it.
    static let exactMax = 256
    private static let registerBits: UInt64 = 11
    static let registerCount = 1 << 11

    /// Hashes, 0 for a free place; empty once it is a sketch.
    private var places: [UInt64]
    private var registers: [UInt8] = []
    private(set) var count = 0
    /// Hashes that the table may hold; `.max` for a union, which lives for a moment only.
    private let limit: Int

    init(limit: Int = ValueSet.exactMax) {
        self.limit = limit
        places = Array(repeating: 0, count: 4)
    }

    var isSketch: Bool { !registers.isEmpty }

    /// How many values, as well as it is known.
    var estimate: Double {
        guard isSketch else { return Double(count) }
        let size = Double(Self.registerCount)
        var sum = 0.0
        var zeros = 0.0
        for register in registers {
            sum += 1 / Double(UInt64(1) << UInt64(register))
            if register == 0 { zeros += 1 }
        }
        let raw = 0.7213 / (1 + 1.079 / size) * size * size / sum
        if raw <= 2.5 * size, zeros > 0 { return (size * logarithm(size / zeros)).rounded() }
        return raw.rounded()
    }

    /// Adds a hash; true when the set may have grown.
    @discardableResult
    func insert(_ hash: UInt64) -> Bool {
        // 0 marks what is free.
        let hash = hash == 0 ? 1 : hash
        if isSketch { return register(hash) }
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] != 0 {
            if places[place] == hash { return false }
            place = (place + 1) & mask
        }
        if count == limit {
            becomeSketch()
            return register(hash)
        }
        places[place] = hash
        count += 1
        if count * 4 > places.count * 3 { grow() }
        return true
    }

    private func register(_ hash: UInt64) -> Bool {
        let index = Int(hash >> (64 - Self.registerBits))
        let rank = UInt8(
            (hash << Self.registerBits | 1 << (Self.registerBits - 1)).leadingZeroBitCount + 1)
        guard rank > registers[index] else { return false }
        registers[index] = rank
        return true
    }

    private func grow() {
        let old = places
        places = Array(repeating: 0, count: old.count * 2)
        let mask = places.count - 1
        for hash in old where hash != 0 {
            var place = Int(truncatingIfNeeded: hash) & mask
            while places[place] != 0 { place = (place + 1) & mask }
            places[place] = hash
        }
    }

    private func becomeSketch() {
        registers = Array(repeating: 0, count: Self.registerCount)
        for hash in places where hash != 0 { _ = register(hash) }
        places = []
        count = 0
    }

    /// Adds all values of `other`.
    func merge(_ other: ValueSet) {
        guard other.isSketch else {
            for hash in other.places where hash != 0 { insert(hash) }
            return
        }
        if !isSketch { becomeSketch() }
        for index in registers.indices {
            registers[index] = max(registers[index], other.registers[index])
        }
    }

    /// Forgets all values.
    func removeAll() {
        registers = []
        count = 0
        if places.count == 4 {
            for index in 0..<4 { places[index] = 0 }
        } else {
            places = Array(repeating: 0, count: 4)
        }
    }

    // MARK: Snapshots

    func write(into out: inout ByteWriter) {
        out.append(isSketch ? 1 : 0)
        if isSketch {
            registers.withView { out.append($0) }
            return
        }
        out.append(length: count)
        for hash in places where hash != 0 { out.append(fixed: hash) }
    }

    /// The set that was written.
    static func read(_ reader: inout ByteReader) throws(MalformedBytes) -> ValueSet {
        let set = ValueSet()
        if try reader.fixed(UInt8.self, "the kind of a set") == 1 {
            let registers = Array(try reader.bytes(registerCount, "a sketch"))
            // A register counts leading zeros of 53 bits; more would be a shift beyond its word.
            guard registers.allSatisfy({ $0 <= 54 }) else { throw reader.malformed("a sketch") }
            set.becomeSketch()
            set.registers = registers
            return set
        }
        for _ in 0..<(try reader.length(atMost: exactMax, "a set")) {
            set.insert(try reader.fixed(UInt64.self, "a value's hash"))
        }
        return set
    }
}

/// A hash that is the same in every process, so that it can be stored: FNV-1a by words, mixed as in SplitMix64.
enum StableHash {
    static func hash(_ view: ByteView, seed: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
        var state = seed ^ UInt64(view.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        let start = UnsafeRawPointer(view.start)
        while index + 8 <= view.count {
            state = mix(
                state ^ start.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian)
            index += 8
        }
        var rest: UInt64 = 0
        while index < view.count {
            rest = rest << 8 | UInt64(view[index])
            index += 1
        }
        return mix(state ^ rest)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
