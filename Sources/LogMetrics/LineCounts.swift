internal import LogBytes
internal import LogRecords

/// Records by service, retention class and level.
struct LineCounts: ~Copyable {
    /// Services times classes. Names of services come from log lines; further ones count under `other`.
    static let seriesMax = 2_000
    private static var levelCount: Int { 10 }

    /// Classes of which a place knows the series.
    private static var knownClasses: Int { 8 }

    /// The number of the class, then the bytes of the service. Number 0 is `other`.
    private var keys = ByteKeyTable()
    private var counts = Vector<UInt64>(capacity: 64)
    /// For the places of services the series by class, 0 where none is known.
    private var known = PlaceMap(InlineArray<8, UInt16>(repeating: 0))
    private var scratch = ByteWriter(capacity: 64)
    private(set) var overflowed: UInt64 = 0
    /// All names of classes that were ever known; a reload may order them anew.
    private var classNames: [String] = [""]
    /// The place in `classNames` by `Record.classIndex`.
    private var numbers = InlineArray<256, UInt8>(repeating: 0)

    init() { addSeries(ByteView("\u{0}other")) }

    /// Says which classes the numbers in records stand for.
    mutating func setClassNames(_ names: [String]) {
        known.removeAll()
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

    /// Counts a record of which place and class are known, and says in which series: a number that no other service has, the same
    /// for the same service and class; 0 when they are not known.
    @inline(__always)
    mutating func count(_ place: TextPlace, classIndex: UInt8, level: Int) -> Int {
        guard classIndex < Self.knownClasses, let known = known.value(at: place) else { return 0 }
        let series = Int(known[Int(classIndex)])
        if series > 0 { counts[series * Self.levelCount + level] &+= 1 }
        return series
    }

    /// Counts a record by the name of its service, which stands at `place`; 0 where there are too many services.
    @inline(never)
    mutating func count(
        _ service: ByteView, _ place: TextPlace, classIndex: UInt8, level: Int
    ) -> Int {
        let series = resolve(service, classIndex)
        if classIndex < Self.knownClasses {
            var classes = known.value(at: place) ?? InlineArray(repeating: 0)
            classes[Int(classIndex)] = UInt16(series)
            known.set(classes, at: place)
        }
        counts[series * Self.levelCount + level] &+= 1
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
        known.removeAll()
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
