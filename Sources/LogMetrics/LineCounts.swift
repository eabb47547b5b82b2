internal import LogBytes
internal import LogRecords

/// Records by service, retention class and level.
///
/// A service name of at most 16 bytes is looked up in a direct-mapped cache of 256 places: most streams have few services, in
/// changing order.
struct LineCounts: ~Copyable {
    /// Services times classes. Names of services come from log lines; further ones count under `other`.
    static let seriesMax = 2_000
    private static var levelCount: Int { 10 }
    private static var cacheSize: Int { 256 }

    private struct Entry: BitwiseCopyable {
        var value: ShortText
        var classNumber: UInt8
        /// The number of the series, −1 for a free place.
        var series: Int32
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
        cache = .allocate(capacity: Self.cacheSize)
        clearCache()
        addSeries(ByteView("\u{0}other"))
    }

    deinit { cache.deallocate() }

    private func clearCache() {
        cache.initialize(
            repeating: Entry(value: .empty, classNumber: 0, series: -1), count: Self.cacheSize)
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

    @inline(__always)
    mutating func count(_ service: ByteView, classIndex: UInt8, level: Int) {
        guard service.count <= ShortText.bytesMax else {
            return slowCount(service, classIndex, level)
        }
        let value = ShortText(service)
        let entry = cache + ((value.place + Int(classIndex)) & (Self.cacheSize - 1))
        if entry.pointee.series >= 0, entry.pointee.classNumber == classIndex,
            entry.pointee.value == value
        {
            counts[Int(entry.pointee.series) * Self.levelCount + level] &+= 1
            // Nothing is cached for `other`, so that it is counted there each time.
            return
        }
        let series = resolve(service, classIndex)
        if series > 0 {
            entry.pointee = Entry(value: value, classNumber: classIndex, series: Int32(series))
        }
        counts[series * Self.levelCount + level] &+= 1
    }

    private mutating func slowCount(_ service: ByteView, _ classIndex: UInt8, _ level: Int) {
        counts[resolve(service, classIndex) * Self.levelCount + level] &+= 1
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
