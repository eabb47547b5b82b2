internal import LogBytes
internal import LogRecords

/// Records by service, retention class and level.
///
/// A service name of at most 50 bytes is looked up in a cache of 128 pairs of places: most streams have few services, in
/// changing order.
struct LineCounts: ~Copyable {
    /// Services times classes. Names of services come from log lines; further ones count under `other`.
    static let seriesMax = 2_000
    private static var levelCount: Int { 10 }
    private static var cacheSize: Int { 256 }
    /// The longest name in the cache: an entry fills one line of the processor's cache.
    private static var nameMax: Int { 50 }

    private struct Entry: BitwiseCopyable {
        var hash: UInt64
        /// The number of the series, −1 for a free place.
        var series: Int32
        var length: UInt8
        var classIndex: UInt8
        var name: InlineArray<50, UInt8>
    }

    /// The number of the class, then the bytes of the service. Number 0 is `other`.
    private var keys = ByteKeyTable()
    private var counts = Vector<UInt64>(capacity: 64)
    private let cache: UnsafeMutablePointer<Entry>
    private var scratch = ByteWriter(capacity: 64)
    private(set) var overflowed: UInt64 = 0
    /// All names of classes that were ever known; a reload may order them anew.
    private var classNames: [String] = [""]
    /// The place in `classNames` by `Record.classIndex`.
    private var numbers = InlineArray<256, UInt8>(repeating: 0)

    init() {
        cache = UnsafeMutableRawPointer.allocate(
            byteCount: Self.cacheSize * MemoryLayout<Entry>.stride, alignment: 64
        ).bindMemory(to: Entry.self, capacity: Self.cacheSize)
        clearCache()
        addSeries(ByteView("\u{0}other"))
    }

    deinit { cache.deallocate() }

    private func clearCache() {
        cache.initialize(
            repeating: Entry(
                hash: 0, series: -1, length: 0, classIndex: 0, name: InlineArray(repeating: 0)),
            count: Self.cacheSize)
    }

    /// Says which classes the numbers in records stand for.
    mutating func setClassNames(_ names: [String]) {
        clearCache()
        for (index, name) in names.prefix(256).enumerated() {
            numbers[index] = UInt8(number(ofClass: name))
        }
    }

    private mutating func number(ofClass name: String) -> Int {
        if let known = classNames.firstIndex(of: name) { return known }
        guard classNames.count < 256 else { return 0 }
        classNames.append(name)
        return classNames.count - 1
    }

    /// Counts a record. The answer is a number that no other service has, the same for the same service and class; 0 where there
    /// are too many.
    @inline(__always)
    mutating func count(_ service: ByteView, classIndex: UInt8, level: Int) -> Int {
        let hash = ShortKey.hash(service, seed: UInt64(classIndex))
        let place = Int(truncatingIfNeeded: hash >> 32) & (Self.cacheSize - 1)
        var series = known(service, hash, classIndex, at: place)
        if series < 0 { series = known(service, hash, classIndex, at: place ^ 1) }
        if series < 0 { series = remember(service, hash, classIndex, place) }
        counts[series * Self.levelCount + level] &+= 1
        return series
    }

    /// The series at `place`, −1 when another one is there.
    @inline(__always)
    private func known(
        _ service: ByteView, _ hash: UInt64, _ classIndex: UInt8, at place: Int
    ) -> Int {
        let entry = cache + place
        guard entry.pointee.hash == hash, Int(entry.pointee.length) == service.count,
            entry.pointee.classIndex == classIndex,
            ShortKey.hasBytes(service, of: Self.name(entry))
        else { return -1 }
        return Int(entry.pointee.series)
    }

    @inline(__always)
    private static func name(_ entry: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UInt8> {
        (UnsafeMutableRawPointer(entry) + nameOffset).assumingMemoryBound(to: UInt8.self)
    }

    /// hash 8, series 4, length 1, class 1.
    private static var nameOffset: Int { 14 }

    private mutating func remember(
        _ service: ByteView, _ hash: UInt64, _ classIndex: UInt8, _ place: Int
    ) -> Int {
        let series = resolve(service, classIndex)
        // Nothing is remembered of `other`, so that it is counted there each time.
        guard series > 0, service.count <= Self.nameMax else { return series }
        // The newcomer takes the first place of its pair, and who was there the second.
        cache[place ^ 1] = cache[place]
        let entry = cache + place
        entry.pointee.hash = hash
        entry.pointee.series = Int32(series)
        entry.pointee.length = UInt8(service.count)
        entry.pointee.classIndex = classIndex
        Self.name(entry).update(from: service.start, count: service.count)
        return series
    }

    private mutating func resolve(_ service: ByteView, _ classIndex: UInt8) -> Int {
        scratch.removeAll()
        scratch.append(numbers[Int(classIndex)])
        scratch.append(service.prefix(EndpointTemplate.cutLength(service)))
        let known = keys.find(scratch.view, hash: scratch.view.memoryHash)
        if known > 0 { return known }
        guard keys.count <= Self.seriesMax else {
            overflowed &+= 1
            return 0
        }
        return addSeries(scratch.view)
    }

    @discardableResult
    private mutating func addSeries(_ key: ByteView) -> Int {
        for _ in 0..<Self.levelCount { counts.append(0) }
        return keys.insert(key, hash: key.memoryHash)
    }

    /// Calls `body` with service, class, level and count of all series.
    func forEachCount(_ body: (String, String, LogLevel, UInt64) -> Void) {
        for series in 0..<keys.count {
            let key = keys.key(series)
            let name = series == 0 ? StreamMetrics.overflowLabel : classNames[Int(key[0])]
            let service = key.dropFirst(1).text
            for level in LogLevel.allCases {
                let count = counts[series * Self.levelCount + Int(level.rawValue)]
                if count > 0 { body(service, name, level, count) }
            }
        }
    }

    // MARK: Snapshot

    func snapshot(into out: inout ByteWriter) {
        out.append(varint: overflowed)
        out.append(length: classNames.count)
        for name in classNames { name.withView { out.append(lengthPrefixed: $0) } }
        out.append(length: keys.count)
        for series in 0..<keys.count {
            out.append(lengthPrefixed: keys.key(series))
            for level in 0..<Self.levelCount {
                out.append(varint: counts[series * Self.levelCount + level])
            }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        clearCache()
        overflowed = try reader.varint("overflowed lines")
        let classCount = try reader.length(atMost: 256, "classes")
        var known: [UInt8] = []
        for _ in 0..<classCount {
            known.append(UInt8(number(ofClass: try reader.lengthPrefixed("class").text)))
        }
        let count = try reader.length(atMost: reader.remaining, "services")
        for position in 0..<count {
            let key = try reader.lengthPrefixed("service")
            guard key.count > 0, Int(key[0]) < known.count else {
                throw MalformedBytes(offset: reader.offset, what: "service")
            }
            scratch.removeAll()
            scratch.append(known[Int(key[0])])
            scratch.append(key.dropFirst(1))
            var series = position == 0 ? 0 : keys.find(scratch.view, hash: scratch.view.memoryHash)
            if series < 0 { series = keys.count <= Self.seriesMax ? addSeries(scratch.view) : 0 }
            for level in 0..<Self.levelCount {
                counts[series * Self.levelCount + level] &+= try reader.varint("lines of a level")
            }
        }
    }
}
